//! Elementary functions against references of higher precision, in both kinds of arithmetic.

mod double_double;

use double_double::{exp_reference, log_reference};
use hasten_core::simd::{self, Arithmetic, Elementary, Fused, Plain};

/// The largest error of one function so far, in units in the last place of the exact result.
#[derive(Default)]
struct Worst(f64);

impl Worst {
    /// Note one error and fail beyond the promised accuracy.
    fn note(&mut self, ulp: f64, x: f64) {
        assert!(ulp <= 2.0, "{ulp} ulp at {x:e}");
        self.0 = self.0.max(ulp);
    }
}

/// Points that fill the unit interval evenly.
fn golden(i: u64) -> f64 {
    (i as f64 * 0.618_033_988_749_894_9).fract()
}

fn check_f64<A: Arithmetic>(name: &str) {
    let (mut exp_worst, mut log_worst) = (Worst::default(), Worst::default());
    let mut exp = |x: f64| exp_worst.note(exp_reference(x).ulp(x.exp_lane::<A>()), x);
    let mut log = |x: f64| log_worst.note(log_reference(x).ulp(x.log_lane::<A>()), x);
    for i in 0..100_000 {
        // From where the result underflows to where it overflows, and close to zero.
        let small = (golden(i) - 0.5) * 2.0_f64.powi(-((i % 60) as i32));
        exp(-746.0 + 1457.0 * golden(i));
        exp(small);
        // Every exponent, those of subnormal numbers included, and close to one.
        log(f64::from_bits(1 + i * (f64::INFINITY.to_bits() / 100_000)));
        log(f64::from_bits(1 + i * ((1 << 52) / 100_000)));
        log(1.0 + small);
    }
    for x in [709.782_712_893_384, 709.782_712_893_383_9, -708.396, -745.133, -745.14] {
        exp(x);
    }
    for x in [f64::MIN_POSITIVE, f64::MAX, 5e-324, 1.0 - f64::EPSILON / 2.0, 1.0 + f64::EPSILON] {
        log(x);
    }
    println!("f64 {name}: exp {:.3} ulp, log {:.3} ulp", exp_worst.0, log_worst.0);
}

#[test]
fn double_precision_is_within_two_ulp() {
    check_f64::<Fused>("fused");
    check_f64::<Plain>("plain");
}

fn check_normal<A: Arithmetic>() {
    let (mut worst, mut worst_single) = (Worst::default(), Worst::default());
    for i in 0..100_000 {
        let x = -708.3 + 1417.7 * golden(i);
        worst.note(exp_reference(x).ulp(x.exp_normal_lane::<A>()), x);
        let x = (-87.3 + 175.6 * golden(i)) as f32;
        worst_single.note(ulp_f32(x.exp_normal_lane::<A>(), f64::from(x).exp()), f64::from(x));
        let small = (-708.4 - golden(i) * 100.0).exp_normal_lane::<A>();
        assert!((0.0..=f64::MIN_POSITIVE).contains(&small));
    }
    for (x, exact) in [(-1e300, 0.0), (f64::NEG_INFINITY, 0.0), (0.0, 1.0), (1e300, f64::INFINITY)]
    {
        assert_eq!(x.exp_normal_lane::<A>(), exact);
        assert_eq!((x as f32).exp_normal_lane::<A>(), exact as f32);
    }
    assert!(f64::NAN.exp_normal_lane::<A>().is_nan() && f32::NAN.exp_normal_lane::<A>().is_nan());
}

#[test]
fn what_is_normal_is_within_two_ulp_and_the_rest_is_nothing() {
    check_normal::<Fused>();
    check_normal::<Plain>();
}

/// Distance of `y` from `exact` in ulp of a float.
fn ulp_f32(y: f32, exact: f64) -> f64 {
    if y == exact as f32 && (y.is_infinite() || y == 0.0) {
        return 0.0;
    }
    let exponent = ((exact.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    (f64::from(y) - exact).abs() / 2.0_f64.powi(exponent.max(-126) - 23)
}

/// Check every `stride`-th bit pattern.
fn check_f32<A: Arithmetic>(name: &str, stride: usize) {
    let (mut exp_worst, mut log_worst) = (Worst::default(), Worst::default());
    for x in (0..=u32::MAX).step_by(stride).map(f32::from_bits).filter(|x| x.is_finite()) {
        let wide = f64::from(x);
        exp_worst.note(ulp_f32(x.exp_lane::<A>(), wide.exp()), wide);
        if x > 0.0 {
            log_worst.note(ulp_f32(x.log_lane::<A>(), wide.ln()), wide);
        }
    }
    println!("f32 {name}: exp {:.3} ulp, log {:.3} ulp", exp_worst.0, log_worst.0);
}

#[test]
fn single_precision_is_within_two_ulp() {
    check_f32::<Fused>("fused", 4093);
    check_f32::<Plain>("plain", 4093);
}

#[test]
#[ignore = "every float there is: minutes, in release"]
fn single_precision_is_within_two_ulp_everywhere() {
    check_f32::<Fused>("fused", 1);
    check_f32::<Plain>("plain", 1);
}

#[test]
fn sine_and_cosine_of_turns_are_within_two_ulp_of_one() {
    for i in 0..100_000 {
        let turns = golden(i);
        let (sin, cos) = f64::sin_cos_turns_lane::<Plain>(turns);
        // The library's argument is itself rounded: by half an ulp of at most one turn.
        let angle = turns * std::f64::consts::TAU;
        let limit = 2.0 * f64::EPSILON + f64::EPSILON * angle;
        assert!((sin - angle.sin()).abs() <= limit && (cos - angle.cos()).abs() <= limit);
        let turns = golden(i) as f32;
        let (sin, cos) = f32::sin_cos_turns_lane::<Plain>(turns);
        let angle = f64::from(turns) * std::f64::consts::TAU;
        let limit = f64::from(2.0 * f32::EPSILON);
        assert!((f64::from(sin) - angle.sin()).abs() <= limit);
        assert!((f64::from(cos) - angle.cos()).abs() <= limit);
    }
    let quarters = [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0), (0.0, 1.0)];
    for (k, exact) in quarters.into_iter().enumerate() {
        assert_eq!(f64::sin_cos_turns_lane::<Plain>(k as f64 / 4.0), exact);
        assert_eq!(
            f32::sin_cos_turns_lane::<Plain>(k as f32 / 4.0),
            (exact.0 as f32, exact.1 as f32)
        );
    }
}

macro_rules! special_values {
    ($name:ident, $float:ty) => {
        #[test]
        fn $name() {
            let (inf, nan) = (<$float>::INFINITY, <$float>::NAN);
            let x = [0.0, -0.0, inf, -inf, <$float>::MAX, <$float>::MIN];
            let mut y = x;
            simd::exp_in_place(&mut y);
            assert_eq!(y, [1.0, 1.0, inf, 0.0, inf, 0.0]);
            let mut y = [0.0; 4];
            simd::log(&[0.0, -0.0, 1.0, inf], &mut y);
            assert_eq!(y, [-inf, -inf, 0.0, inf]);
            let smallest = <$float>::from_bits(1);
            let mut y = [-inf, -1.0, -smallest, nan, -nan];
            simd::log_in_place(&mut y);
            assert!(y.iter().all(|y| y.is_nan()), "{y:?}");
            let mut y = [0.0];
            simd::exp(&[nan], &mut y);
            assert!(y[0].is_nan());
        }
    };
}

special_values!(special_values_f64, f64);
special_values!(special_values_f32, f32);

#[test]
fn a_slice_gives_the_bits_of_its_elements() {
    let x: Vec<f64> = (0..1001).map(|i| 40.0 * golden(i) - 20.0).collect();
    let mut whole = vec![0.0; x.len()];
    simd::exp(&x, &mut whole);
    let mut parts = x.clone();
    parts.chunks_mut(7).for_each(simd::exp_in_place);
    assert_eq!(whole, parts);
    let mut back = parts.clone();
    simd::log(&whole, &mut parts);
    back.chunks_mut(13).for_each(simd::log_in_place);
    assert_eq!(back, parts);
}
