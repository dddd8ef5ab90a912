//! Exponential and logarithm in double-double arithmetic, about 90 bits: a reference for tests.

/// The unevaluated sum of two doubles, the second below half an ulp of the first.
type Pair = (f64, f64);

/// The number `(high + low) * 2^exponent`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) exponent: i32,
}

impl Reference {
    /// Distance of `y` from this number, in units in the last place of this number as a double.
    pub(crate) fn ulp(self, y: f64) -> f64 {
        if self.high == 0.0 {
            return if y == 0.0 { 0.0 } else { f64::INFINITY };
        }
        if y.is_infinite() {
            // Right exactly if this number rounds beyond the largest double.
            let overflows = self.exponent >= 1024 || scale(self.high, self.exponent).is_infinite();
            return if overflows && y.signum() == self.high.signum() { 0.0 } else { f64::INFINITY };
        }
        let own = ((self.high.to_bits() >> 52) & 0x7ff) as i32 - 1023;
        let last_place = (own + self.exponent).max(-1022) - 52;
        let difference = (scale(y, -self.exponent) - self.high) - self.low;
        scale(difference.abs(), self.exponent - last_place)
    }
}

/// `x * 2^n`, in two steps because `2^n` may overflow.
fn scale(x: f64, n: i32) -> f64 {
    x * 2.0_f64.powi(n / 2) * 2.0_f64.powi(n - n / 2)
}

fn two_sum(a: f64, b: f64) -> Pair {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

#[expect(clippy::disallowed_methods, reason = "the exact error of a product, wherever it runs")]
fn two_product(a: f64, b: f64) -> Pair {
    let p = a * b;
    (p, a.mul_add(b, -p))
}

fn add(a: Pair, b: Pair) -> Pair {
    let (s, e) = two_sum(a.0, b.0);
    two_sum(s, e + (a.1 + b.1))
}

fn multiply(a: Pair, b: Pair) -> Pair {
    let (p, e) = two_product(a.0, b.0);
    two_sum(p, e + (a.0 * b.1 + a.1 * b.0))
}

fn divide(a: Pair, by: f64) -> Pair {
    let quotient = a.0 / by;
    let (p, e) = two_product(quotient, by);
    two_sum(quotient, ((a.0 - p) - e + a.1) / by)
}

// log(2) in three parts; the first ends in zeros, so its product with an exponent is exact.
const LN2: [f64; 3] = [
    f64::from_bits(0x3fe6_2e42_fee0_0000),
    f64::from_bits(0x3dea_39ef_3579_3c76),
    1.161_222_722_936_253_2e-26,
];

/// The exponential of a finite number, by Taylor's series at `r / 1024` and ten squarings.
pub(crate) fn exp_reference(x: f64) -> Reference {
    let n = (x / std::f64::consts::LN_2).round();
    let r = add(two_sum(x, -n * LN2[0]), two_product(-n, LN2[1]));
    let r = add(r, (-n * LN2[2], 0.0));
    let r = (r.0 / 1024.0, r.1 / 1024.0);
    let series = (1..=9)
        .rev()
        .fold((1.0, 0.0), |tail, k| add((1.0, 0.0), divide(multiply(r, tail), f64::from(k))));
    let (high, low) = (0..10).fold(series, |p, _| multiply(p, p));
    Reference { high, low, exponent: n as i32 }
}

/// The logarithm of a positive finite number: one Newton step from the library's.
pub(crate) fn log_reference(x: f64) -> Reference {
    let high = x.ln();
    let inverse = exp_reference(-high);
    let product = multiply((inverse.high, inverse.low), (scale(x, inverse.exponent), 0.0));
    let (d, _) = add(product, (-1.0, 0.0));
    Reference { high, low: d - 0.5 * d * d, exponent: 0 }
}
