//! Taylor series of solutions of an equation, at several points at once.

use super::march::Equation;
use crate::simd::Arithmetic;

/// Terms of a Taylor series at most; it ends where terms no longer count.
pub(super) const TERMS: usize = 60;

/// Terms between two looks at their size.
pub(super) const GROUP: usize = 4;

/// Terms below this share of the largest one do not count.
const NEGLIGIBLE: f64 = 1e-19;

/// How the Taylor coefficients about a point, in units of a step, follow from each other.
///
/// The left side `lead (k + 1) (k + 2) a_{k+2}` is the sum of `(k + 1) (first + k rise) a_{k+1}`,
/// `factor(k) second a_k`, `third a_{k-1}` and `fourth a_{k-2}`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Recurrence {
    pub(super) lead: f64,
    pub(super) first: f64,
    pub(super) rise: f64,
    pub(super) second: f64,
    pub(super) third: f64,
    pub(super) fourth: f64,
}

/// A divisor with its reciprocal, and what the latter lacks as a double.
#[derive(Clone, Copy)]
struct Divisor {
    whole: f64,
    reciprocal: f64,
    rest: f64,
}

impl Divisor {
    /// For n below 2^12.
    const fn new(n: usize) -> Self {
        let whole = n as f64;
        let reciprocal = 1.0 / whole;
        // The upper half of the bits times n is exact, and so is what that lacks of 1.
        let high = f64::from_bits(reciprocal.to_bits() >> 26 << 26);
        let rest = ((1.0 - high * whole) - (reciprocal - high) * whole) / whole;
        Self { whole, reciprocal, rest }
    }

    /// The quotient of x, as good as a division: steps are alike all along a march, and errors of
    /// reciprocals would be, too.
    #[inline(always)]
    fn divide<A: Arithmetic>(self, x: f64) -> f64 {
        if is_fused::<A>() { A::mul_add(x, self.reciprocal, x * self.rest) } else { x / self.whole }
    }
}

/// Whether a multiply-add rounds once; a constant in compiled code.
#[inline(always)]
fn is_fused<A: Arithmetic>() -> bool {
    let x = 1.0 + f64::EPSILON;
    A::mul_add(x, x, -(x * x)) != 0.0
}

/// The divisors `k + 2` and `(k + 1) (k + 2)`.
const DIVISORS: [[Divisor; 2]; TERMS] = {
    let mut divisors = [[Divisor::new(1); 2]; TERMS];
    let mut k = 0;
    while k < TERMS {
        divisors[k] = [Divisor::new(k + 2), Divisor::new((k + 1) * (k + 2))];
        k += 1;
    }
    divisors
};

/// The recurrences at N points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recurrences<const N: usize> {
    first: [f64; N],
    rise: [f64; N],
    second: [f64; N],
    third: [f64; N],
    fourth: [f64; N],
}

impl<const N: usize> Recurrences<N> {
    #[inline(always)]
    pub(super) fn new<E: Equation>(equation: &E, x: &[f64; N], h: &[f64; N]) -> Self {
        let zeros = [0.0; N];
        let mut all =
            Self { first: zeros, rise: zeros, second: zeros, third: zeros, fourth: zeros };
        for i in 0..N {
            let one = equation.recurrence(x[i], h[i]);
            all.first[i] = one.first / one.lead;
            all.rise[i] = one.rise / one.lead;
            all.second[i] = one.second / one.lead;
            all.third[i] = one.third / one.lead;
            all.fourth[i] = one.fourth / one.lead;
        }
        all
    }

    /// The coefficient `a_{k+2}` of each of S solutions, after the four before it, which move up.
    #[inline(always)]
    pub(super) fn next<A: Arithmetic, E: Equation, const S: usize>(
        &self,
        equation: &E,
        k: usize,
        windows: &mut [[[f64; N]; 4]; S],
    ) {
        let [next, both] = DIVISORS[k];
        let degree = k as f64;
        let factor = equation.factor(degree);
        // One short loop for each quantity becomes one vector operation.
        let (mut c0, mut c1) = ([0.0; N], [0.0; N]);
        for i in 0..N {
            c1[i] = A::mul_add(degree, self.rise[i], self.first[i]);
        }
        for i in 0..N {
            c1[i] = next.divide::<A>(c1[i]);
        }
        for i in 0..N {
            c0[i] = factor * self.second[i];
        }
        for i in 0..N {
            c0[i] = both.divide::<A>(c0[i]);
        }
        for [oldest, old, before, last] in windows {
            let mut sum = [0.0; N];
            for i in 0..N {
                sum[i] = c0[i] * before[i];
            }
            if E::REACH >= 3 {
                for i in 0..N {
                    sum[i] = A::mul_add(both.reciprocal * self.third[i], old[i], sum[i]);
                }
            }
            if E::REACH >= 4 {
                for i in 0..N {
                    sum[i] = A::mul_add(both.reciprocal * self.fourth[i], oldest[i], sum[i]);
                }
            }
            for i in 0..N {
                sum[i] = A::mul_add(c1[i], last[i], sum[i]);
            }
            (*oldest, *old, *before, *last) = (*old, *before, *last, sum);
        }
    }
}

/// The Taylor coefficients about `x`, in units of the step `h`, of which the first two are given, and
/// the number of those that count.
pub(super) fn expand<E: Equation>(
    equation: &E,
    (x, h): (f64, f64),
    (value, slope): (f64, f64),
) -> ([f64; TERMS], usize) {
    let Recurrence { lead, first, rise, second, third, fourth } = equation.recurrence(x, h);
    let mut series = [0.0; TERMS];
    (series[0], series[1]) = (value, slope * h);
    let mut window = [0.0, 0.0, series[0], series[1]];
    let mut largest = series[0].abs().max(series[1].abs());
    let mut len = 2;
    while len < TERMS {
        let until = (len + GROUP).min(TERMS);
        for k in len..until {
            let degree = (k - 2) as f64;
            let next = degree + 1.0;
            // One division for each term: near an end a common rounding of them all would count.
            let sum = next * (first + degree * rise) * window[3]
                + equation.factor(degree) * second * window[2]
                + third * window[1]
                + fourth * window[0];
            series[k] = sum / (lead * next * (next + 1.0));
            window.rotate_left(1);
            window[3] = series[k];
        }
        let top = window.iter().fold(0.0_f64, |top, term| top.max(term.abs()));
        largest = largest.max(top);
        len = until;
        if top <= NEGLIGIBLE * largest {
            break;
        }
    }
    (series, len)
}
