use super::*;

/// All exponents of d axes whose sum is at most `degree`.
fn exponents(d: usize, degree: i32) -> Vec<Vec<i32>> {
    if d == 0 {
        return vec![vec![]];
    }
    let longer = |first: i32| {
        exponents(d - 1, degree - first).into_iter().map(move |mut rest| {
            rest.push(first);
            rest
        })
    };
    (0..=degree).flat_map(longer).collect()
}

fn monomial(x: &[f64], powers: &[i32]) -> f64 {
    x.iter().zip(powers).map(|(x, &p)| x.powi(p)).product()
}

/// The mean of a monomial over `[-1, 1]^d`.
fn exact(powers: &[i32]) -> f64 {
    powers.iter().map(|&p| if p % 2 == 0 { 1.0 / f64::from(p + 1) } else { 0.0 }).product()
}

/// Weights of all points for the mean, degree 7 and degree 5.
fn weights(rule: &GenzMalik) -> (Vec<f64>, Vec<f64>) {
    let spread = |by_group: &[f64; GROUPS]| {
        let groups = rule.begins.windows(2).zip(by_group);
        groups.flat_map(|(ends, &w)| std::iter::repeat_n(w, ends[1] - ends[0])).collect()
    };
    (spread(&rule.weights), spread(&rule.embedded))
}

struct Found {
    integral: Vec<f64>,
    errors: Vec<f64>,
    judgement: Judgement,
}

fn judge(
    rule: &GenzMalik,
    bounds: &[f64],
    width: usize,
    f: impl Fn(&[f64], usize) -> f64,
) -> Found {
    let d = rule.n_axes();
    let mut points = vec![0.0; rule.n_points() * d];
    rule.fill_points(bounds, &mut points);
    let f = &f;
    let values: Vec<f64> =
        points.chunks(d).flat_map(|x| (0..width).map(move |v| f(x, v))).collect();
    let (mut integral, mut errors) = (vec![0.0; width], vec![0.0; width]);
    let judgement = rule.judge(bounds, &values, &mut integral, &mut errors);
    Found { integral, errors, judgement }
}

fn cube(d: usize) -> Vec<f64> {
    [vec![-1.0; d], vec![1.0; d]].concat()
}

#[test]
fn point_counts_are_those_of_the_paper_and_two_more_for_each_axis() {
    for (d, count) in (2..=7).zip([21, 39, 65, 103, 161, 255]) {
        let rule = GenzMalik::new(d).unwrap();
        assert_eq!(rule.n_points(), count);
        assert_eq!(rule.nodes.len(), count * d);
        assert!(rule.nodes.iter().all(|x| x.abs() < 1.0));
    }
    assert!(GenzMalik::new(1).is_err() && GenzMalik::new(8).is_err());
}

#[test]
fn both_rules_integrate_all_monomials_of_their_degree_and_no_more() {
    for d in 2..=7 {
        let rule = GenzMalik::new(d).unwrap();
        let (seven, five) = weights(&rule);
        for (weights, degree) in [(&seven, 7), (&five, 5)] {
            let size: f64 = weights.iter().map(|w: &f64| w.abs()).sum();
            let tolerance = 8.0 * f64::EPSILON * size;
            let integral = |powers: &[i32]| -> f64 {
                let points = rule.nodes.chunks(d).zip(weights);
                points.map(|(x, w)| w * monomial(x, powers)).sum()
            };
            for powers in exponents(d, degree) {
                assert!((integral(&powers) - exact(&powers)).abs() < tolerance, "{powers:?}");
            }
            let mut above = vec![0; d];
            above[0] = degree + 1;
            assert!((integral(&above) - exact(&above)).abs() > 1e-4);
        }
    }
}

#[test]
fn integrals_and_errors_are_the_weighted_sums_over_the_box() {
    for d in 2..=7 {
        let rule = GenzMalik::new(d).unwrap();
        let (seven, five) = weights(&rule);
        let bounds: Vec<f64> =
            (0..2 * d).map(|k| if k < d { k as f64 } else { 1.5 * k as f64 + 1.0 }).collect();
        let volume: f64 = (0..d).map(|k| bounds[d + k] - bounds[k]).product();
        let wave = |x: &[f64], v: usize| {
            x.iter().enumerate().map(|(i, x)| x * (i + v) as f64).sum::<f64>().sin() + v as f64
        };
        let found = judge(&rule, &bounds, 3, wave);
        let at = |node: &[f64]| -> Vec<f64> {
            let middle = |k: usize| f64::midpoint(bounds[k], bounds[d + k]);
            let half = |k: usize| (bounds[d + k] - bounds[k]) / 2.0;
            (0..d).map(|k| middle(k) + half(k) * node[k]).collect()
        };
        for v in 0..3 {
            let sum = |weights: &[f64]| -> f64 {
                let points = rule.nodes.chunks(d).zip(weights);
                points.map(|(node, w)| w * wave(&at(node), v)).sum()
            };
            let (high, low) = (volume * sum(&seven), volume * sum(&five));
            let tolerance = 1e-12 * volume * (v as f64 + 1.0);
            assert!((found.integral[v] - high).abs() < tolerance);
            assert!(found.errors[v] > 0.5 * (high - low).abs() - tolerance);
        }
        assert!(!found.judgement.is_final);
    }
}

#[test]
fn null_rules_of_degree_three_vanish_there_and_see_products_of_squares() {
    for d in 2..=7 {
        let rule = GenzMalik::new(d).unwrap();
        let low_order = |powers: &[i32]| {
            let values: Vec<f64> = rule.nodes.chunks(d).map(|x| monomial(x, powers)).collect();
            rule.reduce(&Column { values: &values, width: 1 }, &mut Shown::default()).low_order
        };
        for powers in exponents(d, 3) {
            assert!(low_order(&powers) < 1e-14, "{powers:?}");
        }
        let mut squares = vec![0; d];
        (squares[0], squares[d - 1]) = (2, 2);
        assert!((low_order(&squares) - 4.0 * 0.81 * 25.0 / 729.0).abs() < 1e-14);
    }
}

#[test]
fn an_estimate_that_is_zero_by_chance_is_seen_through() {
    // A corner peak whose two rules agree 60 times better than the integral.
    let rule = GenzMalik::new(3).unwrap();
    let peak = |x: &[f64], _: usize| (1.0 + 0.6 * (x[0] + x[1]) + 0.65 * x[2]).powi(-4);
    let found = judge(&rule, &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0], 1, peak);
    let corner = |k: u32| {
        let sum = 0.6 * f64::from((k & 1) + (k >> 1 & 1)) + 0.65 * f64::from(k >> 2 & 1);
        (if k.count_ones().is_multiple_of(2) { 1.0 } else { -1.0 }) / (1.0 + sum)
    };
    let exact = (0..8).map(corner).sum::<f64>() / (6.0 * 0.36 * 0.65);
    assert!((found.integral[0] - exact).abs() < found.errors[0]);
}

/// Least ratio of estimate and error over places from 0 to 1, but for a strip at both sides.
fn least_ratio(
    d: usize,
    strip: f64,
    f: impl Fn(f64, f64) -> f64,
    exact: impl Fn(f64) -> f64,
) -> f64 {
    let rule = GenzMalik::new(d).unwrap();
    let bounds = [vec![0.0; d], vec![1.0; d]].concat();
    let ratio = |k: u32| {
        let place = strip + (1.0 - 2.0 * strip) * (f64::from(k) + 0.5) / 5000.0;
        let found = judge(&rule, &bounds, 1, |x, _| f(x[d - 1], place));
        found.errors[0] / (found.integral[0] - exact(place)).abs()
    };
    (0..5000).map(ratio).fold(f64::INFINITY, f64::min)
}

#[test]
fn the_estimate_exceeds_the_error_of_a_jump_or_a_kink_anywhere_along_an_axis() {
    for d in 2..=7 {
        let jump = least_ratio(d, 5e-4, |x, c| f64::from(u8::from(x < c)), |c| c);
        assert!(jump >= 1.0, "{d} {jump}");
        let exact = |c: f64| 0.5 * (c * c + (1.0 - c) * (1.0 - c));
        let kink = least_ratio(d, 2e-3, |x, c| (x - c).abs(), exact);
        assert!(kink >= 1.0, "{d} {kink}");
    }
}

#[test]
fn a_box_is_split_across_the_jump_that_no_other_difference_shows() {
    let rule = GenzMalik::new(3).unwrap();
    // Between the outermost points of the rules and the side of the second axis.
    let f = |x: &[f64], _: usize| x[0].exp() + if x[1] > 0.97 { 1.0 } else { 0.0 };
    let found = judge(&rule, &cube(3), 1, f);
    assert_eq!(found.judgement.axis, 1);
    let exact = 4.0 * (1.0_f64.exp() - (-1.0_f64).exp()) + 4.0 * 0.03;
    assert!((found.integral[0] - exact).abs() <= found.errors[0]);
}

#[test]
fn only_equal_values_of_all_components_are_constant() {
    let rule = GenzMalik::new(2).unwrap();
    let is_constant =
        |f: fn(&[f64], usize) -> f64| judge(&rule, &cube(2), 2, f).judgement.is_constant;
    assert!(is_constant(|_, v| v as f64));
    assert!(!is_constant(|x, v| if v == 1 { x[0] } else { 0.0 }));
    assert!(!is_constant(|x, _| if x[1] < -0.99 { 1.0 } else { 0.0 }));
}

#[test]
fn polynomials_are_final_with_the_error_of_rounding() {
    for d in 2..=7 {
        let rule = GenzMalik::new(d).unwrap();
        let found = judge(&rule, &cube(d), 2, |x, v| (v + 1) as f64 + x[0] * x[d - 1]);
        assert!(!found.judgement.is_constant);
        let volume = f64::from(1 << d);
        assert!(found.judgement.is_final);
        for v in 0..2 {
            let exact = volume * (v + 1) as f64;
            assert!((found.integral[v] - exact).abs() <= found.errors[v]);
            assert!(found.errors[v] < 1e-12 * exact);
        }
        // One component that is no polynomial is enough to go on.
        let mixed = |x: &[f64], v: usize| if v == 0 { 1.0 } else { x[0].exp() };
        assert!(!judge(&rule, &cube(d), 2, mixed).judgement.is_final);
    }
}

#[test]
fn a_fourth_difference_sees_the_fourth_power_of_its_own_axis_only() {
    for d in 2..=7 {
        let rule = GenzMalik::new(d).unwrap();
        // Squares, cubes and products of two axes vanish in fourth differences.
        let flat = |x: &[f64]| x.iter().map(|x| 3.0 * x * x - x * x * x).sum::<f64>();
        let f = |x: &[f64]| flat(x) + x[0] * x[1] + 5.0 * x[d - 1].powi(4);
        let values: Vec<f64> = rule.nodes.chunks(d).map(f).collect();
        let mut found = Shown::default();
        let means = rule.reduce(&Column { values: &values, width: 1 }, &mut found);
        // 5 * 2 * (inner^4 - outer^4 / 7), with inner^2 = 9/70 and outer^2 = 9/10.
        let expected = 10.0 * ((9.0_f64 / 70.0).powi(2) - 0.81 / 7.0);
        for (axis, fourth) in found.fourth[..d].iter().enumerate() {
            let expected = if axis == d - 1 { expected.abs() } else { 0.0 };
            assert!((fourth - expected).abs() < found.rounding, "{fourth} {expected}");
        }
        // The degrees are exact here, and the null rules see the fourth power.
        let expected = expected.abs() * 245.0 / 486.0;
        assert!((means.low_order - expected).abs() < 1e-13);
        assert_eq!(judge(&rule, &cube(d), 1, |x, _| f(x)).judgement.axis, d - 1);
    }
}

#[test]
fn equal_fourth_differences_leave_the_choice_to_the_longest_side_that_can_be_split() {
    let rule = GenzMalik::new(3).unwrap();
    let bounds = [0.0, 0.0, 0.0, 1.0, 2.0, 1.5];
    let constant = |_: &[f64], _: usize| 1.0;
    assert_eq!(judge(&rule, &bounds, 1, constant).judgement.axis, 1);
    // Equal in exact arithmetic, not in doubles.
    let sides = |x: &[f64], _: usize| (x[0] / 1.0).exp() + (x[1] / 2.0).exp() + (x[2] / 1.5).exp();
    assert_eq!(judge(&rule, &bounds, 1, sides).judgement.axis, 1);
    let thin = [0.0, 1.0, 0.0, 1.0, 1.0 + f64::EPSILON, 1.5];
    let steep = |x: &[f64], _: usize| if x[1] > 1.0 { 1e9 } else { x[0] };
    assert_eq!(judge(&rule, &thin, 1, steep).judgement.axis, 2);
}
