//! Normal coordinates against references of 40 digits and closed forms.

use hasten_core::qmc::{Normal, PointSet, Scramble, Sobol, box_muller, inverse_normal};

use super::points;

/// `(u, x)` with `Phi(x) = u`: Newton's method on mpmath's `ncdf` with 40 digits, u as a double.
#[expect(clippy::unreadable_literal, reason = "as they were computed")]
const QUANTILES: [(f64, f64); 23] = [
    (5e-324, -38.467405617144346251),
    (1e-300, -37.047096299361199237),
    (1e-16, -8.2220822161304356152),
    (1.1102230246251565e-16, -8.2095361516013868556),
    (1.3e-11, -6.6676114565107408347),
    (1.4e-11, -6.6567230915181836356),
    (1.1641532182693481e-10, -6.3379577545537892525),
    (1e-05, -4.2648907939228246102),
    (0.01, -2.3263478740408410931),
    (0.0749999999, -1.4395314716448929812),
    (0.075, -1.4395314709384559349),
    (0.1, -1.2815515655446004353),
    (0.25, -0.6744897501960817432),
    (0.499, -0.0025066308995717662317),
    (0.4999999999, -2.5066284820303539022e-10),
    (0.6, 0.25334710313579974132),
    (0.75, 0.6744897501960817432),
    (0.925, 1.4395314709384562291),
    (0.9250000001, 1.4395314716448933733),
    (0.99, 2.3263478740408407676),
    (0.9999990463256836, 4.763001034267813957),
    (0.9999999998835847, 6.3379577545537892525),
    (0.9999999999999999, 8.2095361516013868556),
];

#[test]
fn quantiles_are_within_1e_15() {
    // All lengths of the last, incomplete group, and each value in each place of a group.
    for skipped in 0..9 {
        let rest = &QUANTILES[skipped..];
        let mut x: Vec<f64> = rest.iter().map(|q| q.0).collect();
        inverse_normal(&mut x);
        for (x, (u, exact)) in x.iter().zip(rest) {
            assert!((x / exact - 1.0).abs() <= 1e-15, "u = {u}: {x}, {exact}");
        }
    }
    for (u, exact) in QUANTILES {
        // The quantile changes by |dx/du| times the rounding of u, and is itself rounded.
        let single = u as f32;
        if single == 0.0 || single == 1.0 || (f64::from(single) - 0.5).abs() < 1e-6 {
            continue;
        }
        let mut x = [single];
        inverse_normal(&mut x);
        let slope = (2.0 * std::f64::consts::PI).sqrt() * (exact * exact / 2.0).exp();
        let tolerance = 1.1 * slope * (f64::from(single) - u).abs() + 1e-7 * exact.abs();
        assert!((f64::from(x[0]) - exact).abs() <= tolerance, "u = {u}: {x:?}, {exact}");
    }
}

#[test]
fn quantiles_of_the_ends_and_beyond() {
    let mut x = [0.0, 1.0, 0.5, -0.1, 1.1, f64::NAN];
    inverse_normal(&mut x);
    assert_eq!(x[..3], [f64::NEG_INFINITY, f64::INFINITY, 0.0]);
    assert!(x[3..].iter().all(|x| x.is_nan()));
}

/// Between neighbours of a fine grid that crosses the seams of the approximation.
#[test]
fn quantiles_increase() {
    let mut x: Vec<f64> = (1..100_000).map(|k| f64::from(k) / 100_000.0).collect();
    inverse_normal(&mut x);
    assert!(x.windows(2).all(|x| x[0] < x[1]));
    let seams = [0.075, 0.925, (-25.0_f64).exp()];
    for seam in seams {
        let mut x: Vec<f64> = (-50..50).map(|k| seam * (1.0 + f64::from(k) * 1e-12)).collect();
        inverse_normal(&mut x);
        assert!(x.windows(2).all(|x| x[0] < x[1]), "{seam}");
    }
}

#[test]
fn pairs_follow_box_and_muller() {
    let sobol = Sobol::new(2, 32, Scramble::Owen, 5, 0).unwrap();
    let uniform = points::<f64>(&sobol, 0, 1000);
    let mut normal = uniform.clone();
    box_muller(&mut normal);
    for (u, z) in uniform.chunks_exact(2).zip(normal.chunks_exact(2)) {
        let (radius, angle) = ((-2.0 * u[0].ln()).sqrt(), u[1] * std::f64::consts::TAU);
        let tolerance = 16.0 * f64::EPSILON * radius;
        assert!((z[0] - radius * angle.cos()).abs() <= tolerance);
        assert!((z[1] - radius * angle.sin()).abs() <= tolerance);
    }
    let mut odd = [0.3, 0.4, 0.7];
    box_muller(&mut odd);
    assert_eq!(odd[2], 0.7);
}

/// Balanced points make moments of normals far better than the 1/sqrt(n) of random ones: within
/// 1/n times a few, here `log(n) / n` times 2; the first four, and both transforms.
#[test]
fn moments_of_normal_points() {
    const N: usize = 1 << 14;
    let sobol = Sobol::new(2, 32, Scramble::Owen, 6, 0).unwrap();
    let team = hasten_core::parallel::Team::sequential();
    for transform in [Normal::Inverse, Normal::BoxMuller] {
        let z: Vec<f64> = sobol.points(0, N, Some(transform), &team, &super::never).unwrap();
        let moment = |f: &dyn Fn(&[f64]) -> f64| z.chunks_exact(2).map(f).sum::<f64>() / N as f64;
        let error = 2.0 * (N as f64).ln() / N as f64;
        for j in 0..2 {
            assert!(moment(&|z| z[j]).abs() < error, "{transform:?}");
            assert!((moment(&|z| z[j] * z[j]) - 1.0).abs() < 4.0 * error, "{transform:?}");
            assert!((moment(&|z| z[j].powi(4)) - 3.0).abs() < 40.0 * error, "{transform:?}");
        }
        assert!(moment(&|z| z[0] * z[1]).abs() < 4.0 * error, "{transform:?}");
    }
}

/// The first point is the origin of the digits: the offset keeps it finite.
#[test]
fn the_first_point_is_finite() {
    let sobol = Sobol::new(1, 32, Scramble::None, 0, 0).unwrap();
    let team = hasten_core::parallel::Team::sequential();
    let x: Vec<f64> = sobol.points(0, 1, Some(Normal::Inverse), &team, &super::never).unwrap();
    assert!((x[0] + 6.337_957_754_553_789).abs() < 1e-14);
}
