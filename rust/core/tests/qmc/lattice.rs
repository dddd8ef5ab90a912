//! Lattices: exactness on trigonometric polynomials, exhaustive search, worst-case errors.

use hasten_core::error::Error;
use hasten_core::parallel::Team;
use hasten_core::qmc::{
    Construction, Coordinate, Lattice, PointSet, component_by_component, inverse_square_weights,
    korobov_search, worst_case_error,
};

use super::{bits, never, points};

fn squared_error(n: u32, generator: &[u32], weights: &[f64]) -> f64 {
    let weights = &weights[..generator.len()];
    worst_case_error(n, generator, weights, &Team::sequential(), &never).unwrap().powi(2)
}

fn construct(n: u32, weights: &[f64]) -> Construction {
    component_by_component(n, weights, &never).unwrap()
}

#[test]
fn points_are_multiples_of_the_generator() {
    for (n, generator) in [(1, vec![1]), (12, vec![1, 5, 17]), (1009, vec![1, 390, 143, 7, 8, 9])] {
        let lattice = Lattice::new(n, &generator).unwrap();
        let x = points::<f64>(&lattice, 0, n as usize);
        for (i, x) in x.chunks_exact(generator.len()).enumerate() {
            for (x, z) in x.iter().zip(&generator) {
                assert_eq!(*x, f64::from(i as u32 * z % n) / f64::from(n));
            }
        }
    }
}

/// Any run gives the bits of the points made one by one, and any number of threads.
fn runs_and_threads_do_not_matter<T: Coordinate>() {
    let generator: Vec<u32> = (0..11).map(|j| 2 * j * j + 1).collect();
    for d in [1, 2, 7, 8, 11] {
        let plain = Lattice::new(60_000, &generator[..d]).unwrap();
        let shifted = plain.clone().shifted(1, 2);
        for lattice in [plain.refinement().unwrap(), shifted.clone().folded(), plain, shifted] {
            let all = bits(&points::<T>(&lattice, 0, 60_000));
            for (start, len) in [(0, 1), (3, 8), (59_990, 10), (12_345, 100)] {
                let run = points::<T>(&lattice, start as u64, len);
                assert_eq!(bits(&run), all[start * d..(start + len) * d]);
            }
            for n_threads in [1, 2, 3] {
                let team = Team::lease(n_threads);
                let x: Vec<T> = lattice.points(0, 60_000, None, &team, &never).unwrap();
                assert!(bits(&x) == all);
            }
        }
    }
}

#[test]
fn runs_and_threads_do_not_matter_f64() {
    runs_and_threads_do_not_matter::<f64>();
}

#[test]
fn runs_and_threads_do_not_matter_f32() {
    runs_and_threads_do_not_matter::<f32>();
}

/// The mean of `cos 2 pi (h x + c)` is 0 unless `h z` is a multiple of `n`, and `cos` of the shift
/// if it is; sums of 101 cosines err by a few hundred roundings.
#[test]
fn trigonometric_polynomials_off_the_dual_lattice_are_integrated_exactly() {
    let (n, generator) = (101_u32, [1, 38, 75]);
    let origin = points::<f64>(&Lattice::new(n, &generator).unwrap().shifted(3, 4), 0, 1);
    let plain = points::<f64>(&Lattice::new(n, &generator).unwrap(), 0, 101);
    let shifted = points::<f64>(&Lattice::new(n, &generator).unwrap().shifted(3, 4), 0, 101);
    let mut in_dual = 0;
    for h in (0..9_i64.pow(3)).map(|k| [k / 81 - 4, k / 9 % 9 - 4, k % 9 - 4]) {
        let cosine = |x: &[f64]| {
            let phase: f64 = x.iter().zip(h).map(|(x, h)| x * h as f64).sum();
            (std::f64::consts::TAU * phase).cos()
        };
        let mean = |x: &[f64]| x.chunks_exact(3).map(cosine).sum::<f64>() / 101.0;
        let product: i64 = h.iter().zip(generator).map(|(h, z)| h * i64::from(z)).sum();
        let dual = product % i64::from(n) == 0;
        in_dual += i32::from(dual);
        let expected = if dual { (1.0, cosine(&origin)) } else { (0.0, 0.0) };
        assert!((mean(&plain) - expected.0).abs() < 1e-13, "{h:?}");
        assert!((mean(&shifted) - expected.1).abs() < 1e-13, "{h:?}");
    }
    assert!(in_dual > 1, "both cases occur");
}

#[test]
fn a_refinement_doubles_the_lattice() {
    let moves: [fn(Lattice) -> Lattice; 2] = [|plain| plain, |plain| plain.shifted(5, 6).folded()];
    for moved in moves {
        let lattice = |n| moved(Lattice::new(n, &[1, 19, 27]).unwrap());
        let refinement = lattice(64).refinement().unwrap();
        assert_eq!(refinement.size(), 64);
        let (old, new) = (points::<f64>(&lattice(64), 0, 64), points(&refinement, 0, 64));
        let both = old.chunks_exact(3).zip(new.chunks_exact(3)).flat_map(|(a, b)| [a, b]);
        let both: Vec<f64> = both.flatten().copied().collect();
        assert_eq!(both, points::<f64>(&lattice(128), 0, 128));
    }
}

#[test]
fn shifts_and_folds() {
    let lattice = Lattice::new(1000, &[1, 387]).unwrap();
    let plain = points::<f64>(&lattice, 0, 1000);
    let folded = points::<f64>(&lattice.clone().folded(), 0, 1000);
    for (x, y) in plain.iter().zip(&folded) {
        assert!((y - 2.0 * x.min(1.0 - x)).abs() <= f64::EPSILON);
    }
    assert!(folded.contains(&1.0) && folded.contains(&0.0));
    let shifted = points::<f64>(&lattice.clone().shifted(7, 0), 0, 1000);
    for (x, s) in plain.chunks_exact(2).zip(shifted.chunks_exact(2)) {
        for j in 0..2 {
            let moved = (x[j] + shifted[j]).fract();
            assert!((moved - s[j]).abs() < 4.0 * f64::EPSILON);
        }
    }
    assert_ne!(bits(&shifted), bits(&points::<f64>(&lattice.clone().shifted(7, 1), 0, 1000)));
}

/// Where the shift carries points past 1, rounding to single precision would reach it.
#[test]
fn randomised_points_stay_inside_the_cube() {
    const N: u32 = 1 << 26;
    let plain = Lattice::new(N, &[1]).unwrap();
    for task in 0..50 {
        let shifted = plain.clone().shifted(1, task);
        let shift = points::<f64>(&shifted, 0, 1)[0];
        let wrap = ((1.0 - shift) * f64::from(N)) as u64;
        let start = wrap.saturating_sub(8).min(u64::from(N) - 16);
        for lattice in [shifted.clone(), shifted.folded()] {
            let near = points::<f32>(&lattice, start, 16);
            assert!(near.iter().all(|&x| x > 0.0 && x < 1.0));
        }
    }
    assert_eq!(points::<f32>(&plain, u64::from(N) - 1, 1)[0], 1.0 - f32::EPSILON / 2.0);
}

/// Each shift is uniform: chi-square with 63 degrees of freedom, above 144 once in 10^7.
#[test]
fn shifts_are_uniform() {
    let mut counts = [0.0; 64];
    for task in 0..4096 {
        let x = points::<f64>(&Lattice::new(7, &[1, 2]).unwrap().shifted(9, task), 3, 1);
        for x in x {
            counts[(x * 64.0) as usize] += 1.0;
        }
    }
    let chi: f64 = counts.iter().map(|c: &f64| (c - 128.0).powi(2) / 128.0).sum();
    assert!(chi < 144.0, "{chi}");
}

/// References: the definition in 30 digits (mpmath). The sum's rounding is a few units in the last
/// place of 1, divided by the root of the number of points.
#[test]
fn worst_case_errors_equal_their_definition() {
    for (n, generator, weights, exact) in [
        (8, &[1, 3][..], &[1.0, 0.25][..], 0.555_586_516_585_623_968_15),
        (5, &[1, 2, 2], &[0.5, 0.5, 0.25], 1.321_612_327_479_673_795_4),
        (1009, &[1, 390, 143], &[1.0, 0.25, 0.125], 0.020_249_898_750_522_154_225),
        (16384, &[1, 6229], &[1.0, 0.25], 0.000_508_869_629_976_780_915_35),
    ] {
        let found = worst_case_error(n, generator, weights, &Team::sequential(), &never).unwrap();
        let rounding = 8.0 * f64::EPSILON / f64::from(n).sqrt() / (exact * exact);
        assert!((found / exact - 1.0).abs() < rounding + 1e-15, "n = {n}: {found}, {exact}");
    }
}

#[test]
fn worst_case_errors_do_not_depend_on_threads() {
    let error = |n_threads| {
        let team = Team::lease(n_threads);
        let weights = inverse_square_weights(3);
        worst_case_error(100_003, &[1, 40_000, 29_111], &weights, &team, &never).unwrap().to_bits()
    };
    assert_eq!(error(1), error(2));
    assert_eq!(error(1), error(3));
}

/// The kernel at 0, `prod (1 + gamma_j 2 pi^2 B_2(x_j))`, has integral 1, and the lattice's mean is
/// off by the squared worst-case error exactly.
#[test]
fn the_kernel_is_integrated_with_the_squared_error() {
    let (n, generator, weights) = (89, [1, 34, 55], [1.0, 0.5, 0.25]);
    let kernel = |x: &[f64]| -> f64 {
        let b2 = |x: f64| x * x - x + 1.0 / 6.0;
        let pi = std::f64::consts::PI;
        x.iter().zip(weights).map(|(&x, w)| 1.0 + w * 2.0 * pi * pi * b2(x)).product()
    };
    let x = points::<f64>(&Lattice::new(n, &generator).unwrap(), 0, 89);
    let mean = x.chunks_exact(3).map(kernel).sum::<f64>() / 89.0;
    assert!((mean - 1.0 - squared_error(n, &generator, &weights)).abs() < 1e-13);
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Component by component: the best of all units, and of those within 1e-10 of it the smallest.
fn exhaustive(n: u32, weights: &[f64]) -> Vec<u32> {
    let mut generator = vec![1];
    for _ in 1..weights.len() {
        let errors: Vec<(u32, f64)> = (1..n.max(2))
            .filter(|&z| gcd(z, n) == 1)
            .map(|z| (z, squared_error(n, &[&generator[..], &[z]].concat(), weights)))
            .collect();
        let least = errors.iter().map(|e| e.1).fold(f64::INFINITY, f64::min);
        let best = errors.iter().find(|e| e.1 <= least * (1.0 + 1e-10)).unwrap();
        generator.push(best.0);
    }
    generator
}

#[test]
fn construction_equals_exhaustive_search() {
    for weights in [inverse_square_weights(6), vec![1.0; 6], vec![0.9, 0.5, 0.0, 0.7, 2.0, 0.1]] {
        for n in [1, 2, 3, 4, 5, 7, 8, 16, 31, 64, 127, 128, 131, 256, 257] {
            let found = construct(n, &weights);
            assert_eq!(found.generator, exhaustive(n, &weights), "n = {n}");
            let error = squared_error(n, &found.generator, &weights).sqrt();
            assert!((found.worst_case_error / error - 1.0).abs() < 1e-11, "n = {n}");
        }
    }
}

#[test]
fn korobov_search_equals_exhaustive_search() {
    let seek = |n, weights: &[f64], n_threads| {
        korobov_search(n, weights, &Team::lease(n_threads), &never).unwrap()
    };
    for n in [1, 2, 3, 4, 6, 15, 64, 100, 127] {
        for weights in [inverse_square_weights(5), vec![1.0, 0.3, 0.7]] {
            let powers = |a: u32| {
                let next = |z: &u32| Some(z * a % n);
                let all = std::iter::successors(Some(1), next);
                all.take(weights.len()).collect::<Vec<u32>>()
            };
            let errors: Vec<(Vec<u32>, f64)> = (1..n.max(2))
                .filter(|&a| gcd(a, n) == 1)
                .map(|a| (powers(a), squared_error(n, &powers(a), &weights)))
                .collect();
            let least = errors.iter().map(|e| e.1).fold(f64::INFINITY, f64::min);
            let best = errors.iter().find(|e| e.1 <= least * (1.0 + 1e-10)).unwrap();
            let found = seek(n, &weights, 1);
            assert_eq!(found.generator, best.0, "n = {n}");
            assert!((found.worst_case_error / best.1.sqrt() - 1.0).abs() < 1e-11, "n = {n}");
            for n_threads in [2, 3] {
                assert_eq!(seek(n, &weights, n_threads), found);
            }
        }
    }
}

#[test]
fn korobov_search_does_not_beat_free_vectors() {
    let weights = inverse_square_weights(6);
    let found = korobov_search(1021, &weights, &Team::sequential(), &never).unwrap();
    let free = construct(1021, &weights).worst_case_error;
    assert!((1.0 - 1e-10..1.3).contains(&(found.worst_case_error / free)));
    let stop = || Err(Error::Interrupted);
    assert_eq!(korobov_search(64, &weights, &Team::sequential(), &stop), Err(Error::Interrupted));
    assert!(korobov_search(0, &weights, &Team::sequential(), &never).is_err());
}

/// An independent implementation found 3.68e-3 at n = 65536, d = 20.
#[test]
fn construction_of_a_large_lattice() {
    let weights = inverse_square_weights(20);
    let found = construct(65_536, &weights);
    assert!((found.worst_case_error - 3.68e-3).abs() < 0.005e-3, "{}", found.worst_case_error);
    let error = squared_error(65_536, &found.generator, &weights).sqrt();
    assert!((found.worst_case_error / error - 1.0).abs() < 1e-9);
}

#[test]
fn arguments_out_of_range_are_named() {
    let refused = |result: Result<Construction, Error>| result.unwrap_err().to_string();
    let weights = inverse_square_weights(2);
    for n in [0, 6, 15, 561, u32::MAX] {
        assert!(
            refused(component_by_component(n, &weights, &never))
                .starts_with("`n` must be a power of two or a prime")
        );
    }
    assert_eq!(
        refused(component_by_component(8, &[1.0, -0.5], &never)),
        "`weights` must be finite and not negative; got -0.5 at index 1"
    );
    assert!(component_by_component(8, &[f64::NAN], &never).is_err());
    let stop = || Err(Error::Interrupted);
    assert_eq!(component_by_component(64, &weights, &stop), Err(Error::Interrupted));
    assert_eq!(construct(64, &[]).generator, Vec::<u32>::new());

    let alone = Team::sequential();
    assert!(matches!(
        worst_case_error(8, &[1], &weights, &alone, &never),
        Err(Error::Shape { argument: "weights", .. })
    ));
    assert!(worst_case_error(0, &[1, 1], &weights, &alone, &never).is_err());
    assert_eq!(worst_case_error(8, &[1, 3], &weights, &alone, &stop), Err(Error::Interrupted));

    assert!(matches!(Lattice::new(0, &[1]), Err(Error::Value { argument: "n", .. })));
    assert!(matches!(Lattice::new((1 << 31) + 1, &[1]), Err(Error::Value { argument: "n", .. })));
    assert!(matches!(Lattice::new(8, &[]), Err(Error::Shape { argument: "generator", .. })));
    let largest = Lattice::new(1 << 31, &[1, u32::MAX]).unwrap();
    assert!(largest.refinement().is_err());
    assert_eq!(points::<f64>(&largest, (1 << 31) - 1, 1)[0], 1.0 - 2.0_f64.powi(-31));
    let refined = Lattice::new(8, &[1]).unwrap().refinement().unwrap();
    assert!(refined.refinement().is_err());
    assert!(refined.fill(1, &mut [0.0_f64; 8]).is_err());
}
