//! Sobol' points: SciPy's bits, runs and threads that do not matter, balance, and the right law.

use hasten_core::error::Error;
use hasten_core::parallel::Team;
use hasten_core::qmc::{Coordinate, MAX_DIMENSION, Normal, PointSet, Scramble, Sobol};
use proptest::prelude::*;

use super::{bits, never, points};

const ALL: [Scramble; 4] =
    [Scramble::None, Scramble::Shift, Scramble::LinearMatrix, Scramble::Owen];

fn sobol(dimension: usize, scramble: Scramble) -> Sobol {
    Sobol::new(dimension, 32, scramble, 0x0123_4567_89ab_cdef, 3).unwrap()
}

/// The digits of 64-bit coordinates.
fn digits(x: &[f64], n_digits: i32) -> Vec<u64> {
    x.iter().map(|x| (x * 2.0_f64.powi(n_digits) - 0.5) as u64).collect()
}

/// FNV-1a over whole words: `hash = (hash ^ word) * prime`.
fn hash(words: &[u64]) -> u64 {
    let step = |hash: u64, &word: &u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    words.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Hashes of `random(n) * 2^32` after `fast_forward(start)` of SciPy 1.17.1's
/// `qmc.Sobol(d, scramble=False, bits=32)`, row by row.
#[test]
fn scipy_makes_the_same_points() {
    for (dimension, start, n, expected) in [
        (1, 0, 1000, 0xc15e_1080_a317_a745),
        (2, 0, 1024, 0x138e_2e19_0e2e_c325),
        (2, 12345, 777, 0x69a7_996f_e098_db2d),
        (8, 0, 1000, 0xc945_253a_d521_f425),
        (8, 65535, 130, 0x9b79_2846_58c9_b465),
        (64, 0, 300, 0xa000_41b3_05e0_7f25),
        (64, 4095, 200, 0x60de_c060_ac71_0b25),
        (1000, 0, 40, 0xee5b_71d5_3823_3825),
        (1000, 1_000_003, 33, 0x5a73_0dbd_39ed_ab45),
        (MAX_DIMENSION, 510, 5, 0x76db_0a45_4d7b_ad0f),
    ] {
        let x = points::<f64>(&sobol(dimension, Scramble::None), start, n);
        assert_eq!(hash(&digits(&x, 32)), expected, "d = {dimension}, start = {start}");
    }
}

/// As above for 52 and 63 digits, of which the first 52 count: SciPy's direction numbers
/// (`qmc.Sobol(d, scramble=False, bits=bits)._sv`) summed over the bits of `i ^ (i >> 1)`.
#[test]
fn scipy_makes_the_same_points_of_many_digits() {
    for (n_bits, dimension, start, n, expected) in [
        (52, 2, 0, 100, 0x28a9_b190_f725_c8c5),
        (52, 8, 1_099_511_640_121, 50, 0x78d0_5ee8_e85d_9265),
        (52, 64, 4_503_599_627_370_476, 20, 0xd3ca_ffd1_d380_f775),
        (52, 1000, 8_589_934_589, 7, 0x1de2_ebd6_2490_0405),
        (63, 2, 0, 100, 0x28a9_b190_f725_c8c5),
        (63, 8, 1_099_511_640_121, 50, 0x78d0_5ee8_e85d_9265),
        (63, 64, 9_223_372_036_854_775_788, 20, 0x15a6_5c3e_9ee9_9a35),
        (63, 1000, 8_589_934_589, 7, 0x1de2_ebd6_2490_0405),
    ] {
        let sobol = Sobol::new(dimension, n_bits, Scramble::None, 0, 0).unwrap();
        let x = points::<f64>(&sobol, start, n);
        assert_eq!(hash(&digits(&x, 52)), expected, "{n_bits} bits, d = {dimension}");
    }
}

/// Any run gives the bits of the points made one by one, in dimensions that cut blocks differently.
fn runs_do_not_matter<T: Coordinate>() {
    for dimension in [1, 2, 3, 7, 8, 9, 64, 65, 300, 2049, 5000] {
        for scramble in ALL {
            let sobol = sobol(dimension, scramble);
            let n = if dimension > 64 { 40 } else { 200 };
            for first in [0, 1000, (1 << 32) - n as u64] {
                let all = bits(&points::<T>(&sobol, first, n));
                for (start, len) in [(0, 1), (1, 7), (5, 30), (7, 33), (39, 1), (3, 0)] {
                    let run = bits(&points::<T>(&sobol, first + start as u64, len));
                    assert_eq!(run, all[start * dimension..(start + len) * dimension]);
                }
                let singly = (0..n as u64).flat_map(|i| points::<T>(&sobol, first + i, 1));
                assert_eq!(bits(&singly.collect::<Vec<_>>()), all);
            }
        }
    }
}

#[test]
fn runs_do_not_matter_f64() {
    runs_do_not_matter::<f64>();
}

#[test]
fn runs_do_not_matter_f32() {
    runs_do_not_matter::<f32>();
}

#[test]
fn threads_do_not_matter() {
    for (dimension, n) in [(2, 150_000), (70, 5000), (5000, 60)] {
        for scramble in ALL {
            let sobol = sobol(dimension, scramble);
            for normal in [None, Some(Normal::Inverse), Some(Normal::BoxMuller)] {
                let made = |n_threads| {
                    let team = Team::lease(n_threads);
                    bits(&sobol.points::<f64>(77, n, normal, &team, &never).unwrap())
                };
                let alone = made(1);
                for n_threads in [2, 3] {
                    assert!(made(n_threads) == alone, "{dimension}, {scramble:?}, {normal:?}");
                }
            }
        }
    }
}

/// Fewer digits are the first of more, whatever the scramble; so are dimensions, and single
/// precision.
#[test]
fn digits_and_dimensions_are_prefixes() {
    for scramble in ALL {
        let make = |dimension, n_bits| {
            let sobol = Sobol::new(dimension, n_bits, scramble, 8, 9).unwrap();
            digits(&points::<f64>(&sobol, 3, 500), n_bits.min(52).cast_signed())
        };
        let wide = make(12, 32);
        let cut = |count: u32| wide.iter().map(|k| k >> count).collect::<Vec<_>>();
        for n_bits in [31, 23, 10, 9] {
            assert_eq!(make(12, n_bits), cut(32 - n_bits));
        }
        if scramble != Scramble::Owen {
            let longer: Vec<_> = make(12, 63).iter().map(|k| k >> 20).collect();
            assert_eq!(longer, wide);
            let longer: Vec<_> = make(12, 40).iter().map(|k| k >> 8).collect();
            assert_eq!(longer, wide);
        }
        let first: Vec<_> = wide.chunks_exact(12).map(|x| x[0]).collect();
        assert_eq!(make(1, 32), first);
        let sobol = Sobol::new(12, 32, scramble, 8, 9).unwrap();
        let single = points::<f32>(&sobol, 3, 500);
        for (x, k) in single.iter().zip(&wide) {
            assert_eq!(f64::from(*x), ((k >> 9) as f64 + 0.5) * 2.0_f64.powi(-23));
        }
    }
}

#[test]
fn no_coordinate_is_zero_or_one() {
    let one = sobol(1, Scramble::None);
    assert_eq!(points::<f64>(&one, 0, 1)[0], 2.0_f64.powi(-33));
    assert_eq!(points::<f32>(&one, 0, 1)[0], 2.0_f32.powi(-24));
    // All digits of the first dimension are 1 where all bits of `i ^ (i >> 1)` are.
    assert_eq!(points::<f64>(&one, 0xaaaa_aaaa, 1)[0], 1.0 - 2.0_f64.powi(-33));
    assert_eq!(points::<f32>(&one, 0xaaaa_aaaa, 1)[0], 1.0 - 2.0_f32.powi(-24));
    let longest = Sobol::new(1, 63, Scramble::None, 0, 0).unwrap();
    assert_eq!(points::<f64>(&longest, 0, 1)[0], 2.0_f64.powi(-53));
    assert_eq!(points::<f64>(&longest, 0x5555_5555_5555_5555, 1)[0], 1.0 - 2.0_f64.powi(-53));
}

/// The first two dimensions are a (0, 2)-sequence: of 2^m points that begin at a multiple of 2^m,
/// one lies in each elementary box of volume 2^-m, whatever its shape.
#[test]
fn every_elementary_box_holds_one_point() {
    for scramble in ALL {
        for (m, block) in [(5, 0), (5, 3), (10, 0), (10, 1), (10, 777)] {
            let n = 1 << m;
            let x = points::<f64>(&sobol(2, scramble), block * n as u64, n);
            for a in 0..=m {
                let mut seen = vec![false; n];
                for x in x.chunks_exact(2) {
                    let column = (x[0] * f64::from(1 << a)) as usize;
                    let row = (x[1] * f64::from(1 << (m - a))) as usize;
                    seen[column << (m - a) | row] = true;
                }
                assert!(seen.iter().all(|&s| s), "{scramble:?}, {m}, {block}, {a}");
            }
        }
    }
}

/// Each dimension alone is a (0, 1)-sequence.
#[test]
fn every_dimension_is_stratified() {
    for scramble in ALL {
        let x = points::<f64>(&sobol(1000, scramble), 256, 256);
        for j in 0..1000 {
            let mut seen = [false; 256];
            x.chunks_exact(1000).for_each(|x| seen[(x[j] * 256.0) as usize] = true);
            assert!(seen.iter().all(|&s| s), "{scramble:?}, dimension {j}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The mean of 2^m balanced points differs from 1/2 by the midpoints' distance to their cells'.
    #[test]
    fn means_are_within_half_a_cell(key: u64, task: u32, m in 0_u32..9, block in 0_u64..1000) {
        for scramble in ALL {
            let sobol = Sobol::new(5, 32, scramble, key, task).unwrap();
            let n = 1_usize << m;
            let x = points::<f64>(&sobol, block << m, n);
            for j in 0..5 {
                let mean = x.chunks_exact(5).map(|x| x[j]).sum::<f64>() / n as f64;
                prop_assert!((mean - 0.5).abs() <= 0.5 / n as f64);
            }
        }
    }
}

/// Over the randomisations each point is uniform: chi-square over 64 cells, mean within 5 standard
/// errors. 63 degrees of freedom exceed 144 less than once in 10^7, and there are 18 counts.
#[test]
fn each_randomised_point_is_uniform() {
    const TASKS: u32 = 8192;
    for scramble in [Scramble::Shift, Scramble::LinearMatrix, Scramble::Owen] {
        for index in [0, 1, 12345] {
            let draw = |task| {
                let sobol = Sobol::new(2, 32, scramble, 2024, task).unwrap();
                points::<f64>(&sobol, index, 1)
            };
            let drawn: Vec<Vec<f64>> = (0..TASKS).map(draw).collect();
            for j in 0..2 {
                let mut counts = [0.0; 64];
                for x in &drawn {
                    counts[(x[j] * 64.0) as usize] += 1.0;
                }
                let expected = f64::from(TASKS) / 64.0;
                let chi: f64 = counts.iter().map(|c| (c - expected).powi(2) / expected).sum();
                assert!(chi < 144.0, "{scramble:?}, point {index}: {chi}");
                let mean = drawn.iter().map(|x| x[j]).sum::<f64>() / f64::from(TASKS);
                let deviation = (mean - 0.5) * (12.0 * f64::from(TASKS)).sqrt();
                assert!(deviation.abs() < 5.0, "{scramble:?}, point {index}: {deviation}");
            }
        }
    }
}

/// Mean and standard deviation over `tasks` randomisations of the mean of `f` over `n` points.
fn randomised(scramble: Scramble, n: usize, tasks: u32, f: fn(&[f64]) -> f64) -> (f64, f64) {
    let estimate = |task| {
        let sobol = Sobol::new(4, 32, scramble, 31, task).unwrap();
        points::<f64>(&sobol, 0, n).chunks_exact(4).map(f).sum::<f64>() / n as f64
    };
    let estimates: Vec<f64> = (0..tasks).map(estimate).collect();
    let mean = estimates.iter().sum::<f64>() / f64::from(tasks);
    let squares: f64 = estimates.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / f64::from(tasks - 1)).sqrt())
}

/// Standard deviations of an independent implementation, within 35 %: at least five standard errors
/// of what is compared. Integrals are exact; means are within five standard errors of them.
#[test]
fn estimates_are_unbiased_and_as_precise_as_they_should_be() {
    let smooth = |x: &[f64]| x.iter().map(|x| 1.0 + 0.7 * (x - 0.5)).product();
    let kink = |x: &[f64]| (x.iter().sum::<f64>() - 2.0).max(0.0);
    for scramble in [Scramble::LinearMatrix, Scramble::Owen] {
        for (f, exact, n, tasks, expected) in [
            (smooth as fn(&[f64]) -> f64, 1.0, 256, 600, 4.8e-4),
            (smooth, 1.0, 4096, 200, 7.5e-6),
            (kink, 7.0 / 30.0, 256, 600, 2.85e-3),
            (kink, 7.0 / 30.0, 4096, 200, 1.7e-4),
        ] {
            let (mean, deviation) = randomised(scramble, n, tasks, f);
            assert!((deviation / expected - 1.0).abs() < 0.35, "{scramble:?}, {n}: {deviation}");
            let bias = (mean - exact) / deviation * f64::from(tasks).sqrt();
            assert!(bias.abs() < 5.0, "{scramble:?}, {n}: {bias} standard errors");
        }
    }
}

#[test]
fn arguments_out_of_range_are_named() {
    let message = |dimension, n_bits, scramble| {
        Sobol::new(dimension, n_bits, scramble, 0, 0).err().unwrap().to_string()
    };
    assert_eq!(message(0, 32, Scramble::Owen), "`d` must be from 1 to 21201; got 0");
    assert_eq!(message(21_202, 32, Scramble::None), "`d` must be from 1 to 21201; got 21202");
    assert_eq!(message(2, 0, Scramble::None), "`bits` must be from 1 to 63; got 0");
    assert_eq!(message(2, 64, Scramble::LinearMatrix), "`bits` must be from 1 to 63; got 64");
    assert!(message(2, 33, Scramble::Owen).starts_with("`bits` must be from 1 to 32"));
    assert!(Sobol::new(MAX_DIMENSION, 1, Scramble::Owen, 0, 0).is_ok());

    let sobol = Sobol::new(3, 4, Scramble::None, 0, 0).unwrap();
    assert_eq!((sobol.dimension(), sobol.size(), sobol.bits()), (3, 16, 4));
    assert!(sobol.fill(10, &mut [0.0_f64; 18]).is_ok());
    assert_eq!(
        sobol.fill(11, &mut [0.0_f64; 18]).unwrap_err().to_string(),
        "`n` must be at most the number of points that are left from `start` on; got n = 6, start = \
         11 of 16 points"
    );
    assert!(sobol.fill(u64::MAX, &mut [0.0_f64; 3]).is_err());
    let shape = sobol.fill(0, &mut [0.0_f64; 4]);
    assert!(matches!(shape, Err(Error::Shape { argument: "out", .. })));
    let alone = Team::sequential();
    let odd = sobol.points::<f64>(0, 2, Some(Normal::BoxMuller), &alone, &never);
    assert!(matches!(odd, Err(Error::Value { argument: "d", .. })));
    let wide = Sobol::new(21_201, 63, Scramble::None, 0, 0).unwrap();
    let huge = wide.points::<f64>(0, 1 << 60, None, &alone, &never);
    assert!(matches!(huge, Err(Error::TooLarge { .. })));
    assert_eq!(sobol.points::<f64>(16, 0, None, &alone, &never), Ok(vec![]));
    let stop = || Err(Error::Interrupted);
    assert_eq!(sobol.points::<f64>(0, 2, None, &alone, &stop), Err(Error::Interrupted));
}
