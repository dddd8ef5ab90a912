//! The smooth test families of Genz against their closed forms, in 2 to 6 axes.
//!
//! A. Genz, "Testing multidimensional integration routines", in "Tools, methods and languages for
//! scientific and engineering computation", 1984.

use std::f64::consts::PI;

use hasten_core::quadrature::adaptive::{Ending, Params, Tolerance};

use crate::solve;

/// A family: function of point, scales and shifts, its integral over the unit cube, and the sum of
/// scales that makes it as hard as Genz has it.
struct Member {
    name: &'static str,
    f: fn(&[f64], &[f64], &[f64]) -> f64,
    exact: fn(&[f64], &[f64]) -> f64,
    difficulty: f64,
}

fn dot(a: &[f64], x: &[f64]) -> f64 {
    a.iter().zip(x).map(|(a, x)| a * x).sum()
}

fn pairs<'a>(a: &'a [f64], u: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    a.iter().copied().zip(u.iter().copied())
}

const FAMILIES: [Member; 4] = [
    Member {
        name: "oscillatory",
        f: |x, a, u| (2.0 * PI * u[0] + dot(a, x)).cos(),
        // The real part of a product of (exp(i a) - 1) / (i a) = exp(i a / 2) sin(a / 2) / (a / 2).
        exact: |a, u| {
            let size: f64 = a.iter().map(|a| (a / 2.0).sin() / (a / 2.0)).product();
            size * (2.0 * PI * u[0] + a.iter().sum::<f64>() / 2.0).cos()
        },
        difficulty: 9.0,
    },
    Member {
        name: "product peak",
        f: |x, a, u| {
            x.iter()
                .zip(pairs(a, u))
                .map(|(x, (a, u))| 1.0 / (a.powi(-2) + (x - u).powi(2)))
                .product()
        },
        exact: |a, u| {
            pairs(a, u).map(|(a, u)| a * ((a * (1.0 - u)).atan() + (a * u).atan())).product()
        },
        difficulty: 7.25,
    },
    Member {
        name: "corner peak",
        f: |x, a, _| (1.0 + dot(a, x)).powi(-(a.len() as i32) - 1),
        exact: |a, _| {
            let corners = (0..1_u32 << a.len()).map(|corner| {
                let chosen = a.iter().enumerate().filter(|(k, _)| corner >> k & 1 == 1);
                let sign = if corner.count_ones() % 2 == 0 { 1.0 } else { -1.0 };
                sign / (1.0 + chosen.map(|(_, a)| a).sum::<f64>())
            });
            let scale: f64 = a.iter().enumerate().map(|(k, a)| a * (k + 1) as f64).product();
            corners.sum::<f64>() / scale
        },
        difficulty: 1.85,
    },
    Member {
        name: "Gaussian",
        f: |x, a, u| {
            let terms = x.iter().zip(pairs(a, u)).map(|(x, (a, u))| (a * (x - u)).powi(2));
            (-terms.sum::<f64>()).exp()
        },
        exact: |a, u| {
            let axis =
                |(a, u): (f64, f64)| (libm::erf(a * (1.0 - u)) + libm::erf(a * u)) / (2.0 * a);
            pairs(a, u).map(|pair| PI.sqrt() * axis(pair)).product()
        },
        difficulty: 7.03,
    },
];

/// Scales and shifts of several members of a family, one row each, from a fixed sequence.
fn members(count: usize, d: usize, difficulty: f64) -> Vec<f64> {
    let mut state = 0.5_f64;
    let mut next = || {
        state = (state + 0.618_033_988_749_894_9).fract();
        state
    };
    (0..count)
        .flat_map(|_| {
            let scales: Vec<f64> = (0..d).map(|_| 0.2 + next()).collect();
            let total: f64 = scales.iter().sum();
            let shifts: Vec<f64> = (0..d).map(|_| next()).collect();
            scales
                .into_iter()
                .map(move |a| a * difficulty / total)
                .chain(shifts)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn smooth_families_meet_the_tolerance_and_their_estimate() {
    const COUNT: usize = 5;
    for family in &FAMILIES {
        for (d, rtol) in [(2, 1e-9), (3, 1e-7), (4, 1e-6), (5, 1e-4), (6, 1e-4)] {
            let parameters = members(COUNT, d, family.difficulty);
            let f = |row: &[f64]| {
                let (x, rest) = row.split_at(d);
                let (a, u) = rest.split_at(d);
                (family.f)(x, a, u)
            };
            let ends = (vec![0.0; d * COUNT], vec![1.0; d * COUNT]);
            let params = Params {
                tolerance: Tolerance { rtol, atol: 0.0 },
                limit: 100_000,
                ..Params::default()
            };
            let (found, _) = solve(&f, d, (&ends.0, &ends.1), &parameters, params);
            for (k, own) in parameters.chunks(2 * d).enumerate() {
                let (a, u) = own.split_at(d);
                let exact = (family.exact)(a, u);
                let (value, error) = (found.values()[k], found.errors()[k]);
                let what = format!("{} d={d} k={k}: {value} {exact} {error:e}", family.name);
                assert_eq!(found.endings()[k], Ending::Converged, "{what}");
                assert!(error <= rtol * value.abs(), "{what}");
                assert!((value - exact).abs() <= error, "{what}");
            }
        }
    }
}
