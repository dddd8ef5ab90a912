//! Whole solves: known answers, hard problems, and the order of convergence.

use super::{
    Dense, NewtonParams, Start, account, assignment, equal_weights, normalised, solve, solve_path,
    solve_with, uniforms,
};
use crate::ot::newton::{End, solve_paper};
use crate::ot::semi_dual::{Pass, SemiDual};
use crate::parallel::Team;

/// The bound of rounding and tolerance on a difference of entries of two plans.
fn assert_same_plan(problem: &Dense, reg: f64, x: &[f64], y: &[f64], tolerance: f64) {
    let (x, y) = (problem.plan(reg, x).0, problem.plan(reg, y).0);
    let distance: f64 = x.iter().zip(&y).map(|(x, y)| (x - y).abs()).sum();
    assert!(distance <= tolerance, "the plans are {distance} apart");
}

#[test]
fn random_assignment_takes_few_passes() {
    for n in [60, 100, 150] {
        let mut problem = assignment(n, n as u64);
        let solved = solve(&mut problem, 1.0 / 1200.0, 1e-9, Start::Path);
        assert_eq!(solved.outcome.end, End::Converged);
        assert!(solved.outcome.error <= 1e-9 && solved.n_iter <= 60, "{} passes", solved.n_iter);
        assert!(solved.n_newton > 0 && solved.n_cg > solved.n_newton);
        assert!(solved.density > 0.0 && solved.density < 0.5);
    }
}

#[test]
fn the_large_random_assignment_takes_the_promised_passes() {
    let mut problem = assignment(500, 0);
    let solved = solve(&mut problem, 1.0 / 1200.0, 1e-9, Start::Path);
    assert_eq!(solved.outcome.end, End::Converged);
    assert!(solved.n_iter <= 60, "{} passes", solved.n_iter);
}

#[test]
fn the_last_errors_fall_quadratically() {
    let mut problem = assignment(150, 4);
    let reg = 1.0 / 360.0;
    let solved = solve(&mut problem, reg, 1e-12, Start::Path);
    let errors = solved.last_errors(reg);
    let last: Vec<f64> = errors.iter().copied().skip_while(|&e| e > 1e-2).collect();
    assert!(last.len() >= 2, "{errors:?}");
    // An error of e relative to the mass is one of up to n e relative to a row;
    // rounding of exponents near 1000 leaves 1e-13.
    for pair in last.windows(2) {
        assert!(pair[1] <= (150.0 * pair[0] * pair[0]).max(1e-13), "{errors:?}");
    }
}

#[test]
fn the_plan_is_the_fixed_point_of_sinkhorn() {
    let cost = uniforms(3, 40 * 30);
    let weights = |key, len| normalised(uniforms(key, len).iter().map(|u| u + 0.1).collect());
    for (n, m) in [(40, 30), (30, 40)] {
        let mut problem = Dense::new(weights(1, n), weights(2, m), |i, j| cost[i * m + j]);
        let reg = 0.02;
        let reference = problem.sinkhorn(reg, problem.log_b(), 4000);
        assert!(problem.error(reg, &reference) < 1e-13);
        for start in [Start::Path, Start::Direct { error: 1.0 }] {
            let solved = solve(&mut problem, reg, 1e-11, start);
            assert_eq!(solved.outcome.end, End::Converged);
            assert_same_plan(&problem, reg, &solved.psi, &reference, 1e-9);
            let values = (problem.value(reg, &solved.psi), problem.value(reg, &reference));
            assert!((values.0 - values.1).abs() < 1e-13);
            let reported = solved.history.last().map_or(f64::NAN, |record| record.value);
            assert!((reported - values.0).abs() < 1e-13);
        }
    }
}

#[test]
fn a_direct_start_after_sinkhorn_needs_no_path() {
    let mut problem = assignment(100, 8);
    let reg = 1.0 / 200.0;
    let psi = problem.sinkhorn(reg, problem.log_b(), 20);
    let error = problem.error(reg, &psi);
    assert!(error < 0.1);
    let params = NewtonParams::default();
    let solved = account(&mut problem, reg, 1000, |problem, start, run| {
        start.clone_from(&psi);
        let team = Team::sequential();
        let start_at = Start::Direct { error };
        solve_path(problem, reg, start, 1e-9, &params, &team, run, start_at)
            .expect("nobody interrupts")
    });
    assert_eq!(solved.outcome.end, End::Converged);
    assert!(solved.n_iter <= 15 && solved.history.iter().all(|r| r.reg == reg));
}

#[test]
fn a_hopeless_direct_start_falls_back_to_the_path() {
    let mut problem = images();
    let reg = 1.0 / 1200.0;
    let solved = solve(&mut problem, reg, 1e-9, Start::Direct { error: 1.0 });
    assert_eq!(solved.outcome.end, End::Converged);
    assert!(solved.history.iter().any(|r| r.reg > reg));
}

/// Two smooth images on a grid with the city-block distance, whose optimal plans are many.
fn images() -> Dense {
    let side = 14;
    let image = |x: f64, y: f64| {
        let pixel = |k: usize| {
            let (u, v) = ((k / side) as f64 - x, (k % side) as f64 - y);
            (-(u * u + v * v) / 12.0).exp() + 0.02
        };
        normalised((0..side * side).map(pixel).collect())
    };
    let range = 2.0 * (side - 1) as f64;
    Dense::new(image(4.0, 5.0), image(9.0, 8.0), |i, j| {
        let distance = (i / side).abs_diff(j / side) + (i % side).abs_diff(j % side);
        distance as f64 / range
    })
}

#[test]
fn ties_between_optimal_plans_are_met_along_the_path() {
    let mut problem = images();
    let solved = solve(&mut problem, 1.0 / 1200.0, 1e-9, Start::Path);
    assert_eq!(solved.outcome.end, End::Converged);
    assert!(solved.n_iter <= 120, "{} passes", solved.n_iter);
}

/// Two blocks that are 1 apart and exchange `flow`.
fn blocks(n: usize, flow: f64) -> Dense {
    let (cost, half) = (uniforms(21, n * n), n / 2);
    let part = 1.0 / n as f64;
    let change = flow / half as f64;
    let a = (0..n).map(|i| if i < half { part + change } else { part - change }).collect();
    let between = |i, j| f64::from((i < half) != (j < half));
    Dense::new(a, equal_weights(n), |i, j| cost[i * n + j] + between(i, j))
}

#[test]
fn nearly_decomposable_problems_are_solved() {
    for flow in [1e-4, 1e-6] {
        let mut problem = blocks(60, flow);
        let solved = solve(&mut problem, 5e-4, 1e-9, Start::Path);
        assert_eq!(solved.outcome.end, End::Converged, "flow {flow}");
        assert!(solved.n_iter <= 250, "{} passes", solved.n_iter);
        let (plan, _) = problem.plan(5e-4, &solved.psi);
        let crossing: f64 =
            (0..30).map(|i| plan[i * 60 + 30..(i + 1) * 60].iter().sum::<f64>()).sum();
        assert!((crossing - flow).abs() <= 1e-8, "{crossing} crosses");
    }
}

#[test]
fn blocks_without_exchange_are_solved() {
    let mut problem = blocks(60, 0.0);
    let solved = solve(&mut problem, 5e-4, 1e-9, Start::Path);
    assert_eq!(solved.outcome.end, End::Converged);
}

#[test]
fn clustered_points_are_solved() {
    let (n, m) = (120, 90);
    let points = |key, len: usize, shift: f64| -> Vec<f64> {
        let noise = uniforms(key, 2 * len);
        (0..len).map(|k| (noise[2 * k] * 5.0).floor() + 0.05 * noise[2 * k + 1] + shift).collect()
    };
    let (x, y) = (points(31, n, 0.0), points(32, m, 0.1));
    let mut problem =
        Dense::new(equal_weights(n), equal_weights(m), |i, j| (x[i] - y[j]) * (x[i] - y[j]));
    for share in [100.0, 1200.0, 5000.0] {
        let reg = problem.max_cost() / share;
        for start in [Start::Path, Start::Direct { error: 1.0 }] {
            let solved = solve(&mut problem, reg, 1e-9, start);
            assert_eq!(solved.outcome.end, End::Converged, "{share}");
            assert!(solved.n_iter <= 200, "{} passes", solved.n_iter);
        }
    }
}

#[test]
fn equal_costs_and_single_rows_or_columns_are_solved_at_once() {
    let weights = |key, len| normalised(uniforms(key, len).iter().map(|u| u + 0.1).collect());
    for (n, m) in [(1, 1), (1, 9), (9, 1), (12, 7)] {
        for start in [Start::Path, Start::Direct { error: 1.0 }] {
            let mut problem = Dense::new(weights(1, n), weights(2, m), |_, _| 3.0);
            let solved = solve(&mut problem, 0.01, 1e-12, start);
            assert_eq!(solved.outcome.end, End::Converged);
            assert!(solved.n_iter <= 4);
        }
    }
    for (n, m) in [(1, 9), (9, 1)] {
        for start in [Start::Path, Start::Direct { error: 1.0 }] {
            let mut problem =
                Dense::new(weights(1, n), weights(2, m), |i, j| (i * j + 3 * j) as f64);
            let solved = solve(&mut problem, 0.01, 1e-12, start);
            assert_eq!(solved.outcome.end, End::Converged);
        }
    }
}

#[test]
fn weights_over_twelve_orders_of_magnitude_are_met() {
    let n = 60;
    let weights =
        |key| normalised(uniforms(key, n).iter().map(|u| 10f64.powf(-12.0 * u)).collect());
    let cost = uniforms(43, n * n);
    let mut problem = Dense::new(weights(41), weights(42), |i, j| cost[i * n + j]);
    for reg in [0.1, 1.0 / 300.0] {
        let solved = solve(&mut problem, reg, 1e-10, Start::Path);
        assert_eq!(solved.outcome.end, End::Converged);
        assert!(solved.n_iter <= 120, "{} passes", solved.n_iter);
    }
}

#[test]
fn a_column_out_of_reach_is_summed_by_itself() {
    let (n, m, reg) = (20, 20, 1e-3);
    let cost = uniforms(51, n * m);
    // Column 7 is 10 away, and exp(-10 / reg) is 0.
    let far = |j| if j == 7 { 10.0 } else { 0.0 };
    let mut problem =
        Dense::new(equal_weights(n), equal_weights(m), |i, j| cost[i * m + j] + far(j));
    let solved = solve(&mut problem, reg, 1e-9, Start::Direct { error: 1.0 });
    assert_eq!(solved.outcome.end, End::Converged);
    let mut lost = problem.log_b();
    lost[7] -= 10.0 / reg;
    let mut pass = Pass::default();
    problem.pass(&|| Ok(()), reg, &lost, None, &mut pass).expect("a dense pass does not fail");
    assert_eq!(pass.column_sums[7], 0.0);
    let params = NewtonParams { n_sinkhorn: 3, ..NewtonParams::default() };
    let team = Team::sequential();
    let rescued = account(&mut problem, reg, 4, |problem, psi, run| {
        psi.clone_from(&lost);
        solve_paper(problem, reg, psi, 1e-9, &params, &team, run).expect("nobody interrupts")
    });
    assert_eq!(rescued.n_iter, 4);
    // The first column update by logarithms.
    let all: Vec<usize> = (0..m).collect();
    let (sums, _) = problem
        .log_column_sums(&|| Ok(()), reg, &lost, &pass.alpha, &all)
        .expect("plain arithmetic");
    let updated: Vec<f64> = (0..m).map(|j| lost[j] + problem.b[j].ln() - sums[j]).collect();
    assert!((rescued.history[1].error - problem.error(reg, &updated)).abs() < 1e-9);
    assert!(rescued.history[1].error < rescued.history[0].error);
}

#[test]
fn the_unit_of_mass_and_of_cost_does_not_matter() {
    let problem = assignment(50, 61);
    let reference = solve(&mut problem.clone(), 1.0 / 400.0, 1e-9, Start::Path);
    let mut scaled = problem.clone();
    for (values, factor) in
        [(&mut scaled.a, 1024.0), (&mut scaled.b, 1024.0), (&mut scaled.cost, 8.0)]
    {
        for x in values {
            *x *= factor;
        }
    }
    let solved = solve(&mut scaled, 8.0 / 400.0, 1e-9, Start::Path);
    assert_eq!(solved.n_iter, reference.n_iter);
    assert!((solved.outcome.error - reference.outcome.error).abs() <= 1e-12);
}

#[test]
fn the_answer_has_the_same_bits_for_any_number_of_threads() {
    let mut problem = assignment(250, 71);
    let bits = |problem: &mut Dense, n_threads| -> Vec<u64> {
        let team = Team::lease(n_threads);
        let solved = solve_with(problem, 1.0 / 50.0, 1e-10, Start::Path, 1000, &team);
        assert_eq!(solved.outcome.end, End::Converged);
        solved.psi.iter().map(|x| x.to_bits()).collect()
    };
    let alone = bits(&mut problem, 1);
    assert_eq!(alone, bits(&mut problem, 2));
    assert_eq!(alone, bits(&mut problem, 3));
}

#[test]
fn random_problems_of_any_shape_are_solved() {
    for key in 0..60 {
        let draws = uniforms(1000 + key, 2);
        let (n, m) = (2 + key as usize * 7 % 25, 2 + key as usize * 11 % 23);
        let spread = 8.0 * draws[0];
        let weights = |key, len| {
            normalised(uniforms(key, len).iter().map(|u| 10f64.powf(-spread * u)).collect())
        };
        let cost = uniforms(3000 + key, n * m);
        let (a, b) = (weights(4000 + key, n), weights(5000 + key, m));
        let mut problem = Dense::new(a, b, |i, j| cost[i * m + j]);
        let reg = 10f64.powf(-3.0 * draws[1]);
        for start in [Start::Path, Start::Direct { error: 1.0 }] {
            let solved = solve(&mut problem, reg, 1e-9, start);
            let (end, passes) = (solved.outcome.end, solved.n_iter);
            assert_eq!(end, End::Converged, "{key}: {n} x {m}, reg {reg}, {passes} passes");
            assert!(passes <= 200, "{key}: {n} x {m}, reg {reg}, {passes} passes");
        }
    }
}
