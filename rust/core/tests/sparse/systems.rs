//! Laplacian systems: products, conjugate gradients, factors, and bounds of their energies.

use hasten_core::Error;
use hasten_core::control::{Control, Flow, Info};
use hasten_core::linalg::DenseLaplacian;
use hasten_core::parallel::Team;
use hasten_core::sparse::{
    Laplacian, LaplacianCholesky, PcgParams, PcgWorkspace, maximum_spanning_forest, pcg,
};
use proptest::prelude::*;

use crate::network::{Network, centred, connected_network, dot};

fn multiply_naively(network: &Network, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; network.n()];
    for (i, j, c) in network.entries() {
        y[i] += c * (x[i] - x[j]);
    }
    y
}

fn assert_near(found: &[f64], expected: &[f64], relative: f64) -> Result<(), TestCaseError> {
    let scale = expected.iter().fold(f64::MIN_POSITIVE, |s, x| s.max(x.abs()));
    for (a, b) in found.iter().zip(expected) {
        prop_assert!((a - b).abs() <= relative * scale, "{:?} against {:?}", found, expected);
    }
    Ok(())
}

fn rhs_for(network: &Network, values: &[f64]) -> Vec<f64> {
    (0..network.n()).map(|i| values[i % values.len()] + 0.01 * i as f64).collect()
}

fn solve_by_pcg(network: &Network, rhs: &[f64], rtol: f64) -> (Vec<f64>, bool, usize) {
    let diagonal = network.diagonal();
    let laplacian =
        Laplacian::new(network.graph(), &network.conductance, &diagonal).expect("lengths");
    let mut x = vec![f64::NAN; network.n()];
    let mut workspace = PcgWorkspace::new(network.n()).expect("memory");
    let params = PcgParams { rtol, ..PcgParams::default() };
    let team = Team::sequential();
    let info = pcg(&laplacian, rhs, &mut x, &params, &mut workspace, &team, &()).expect("solve");
    (x, info.converged, info.n_iter)
}

proptest! {
    #[test]
    fn products_and_energies(network in connected_network(40), values in prop::collection::vec(-3.0..3.0_f64, 7)) {
        let team = Team::sequential();
        let diagonal = network.diagonal();
        let laplacian = Laplacian::new(network.graph(), &network.conductance, &diagonal).expect("lengths");
        let x = rhs_for(&network, &values);
        let mut y = vec![0.0; network.n()];
        laplacian.multiply(&team, &x, &mut y);
        let expected = multiply_naively(&network, &x);
        let size = diagonal.iter().fold(0.0_f64, |a, &b| a.max(b)) * 4.0;
        for (a, b) in y.iter().zip(&expected) {
            prop_assert!((a - b).abs() <= 1e-14 * size * 4.0);
        }
        let energy = laplacian.energy(&team, &x);
        prop_assert!((energy - dot(&x, &expected)).abs() <= 1e-12 * size * dot(&x, &x));

        let narrow: Vec<f32> = network.conductance.iter().map(|&c| c as f32).collect();
        let wide: Vec<f64> = narrow.iter().map(|&c| f64::from(c)).collect();
        let (mut from_narrow, mut from_wide) = (y.clone(), y.clone());
        Laplacian::new(network.graph(), &narrow, &diagonal).expect("lengths").multiply(&team, &x, &mut from_narrow);
        Laplacian::new(network.graph(), &wide, &diagonal).expect("lengths").multiply(&team, &x, &mut from_wide);
        prop_assert_eq!(from_narrow, from_wide);
    }

    #[test]
    fn every_solver_agrees_with_the_pseudo_inverse(
        network in connected_network(30),
        values in prop::collection::vec(-3.0..3.0_f64, 7),
    ) {
        let n = network.n();
        let graph = network.graph();
        let inverse = network.pseudo_inverse();
        let rhs = rhs_for(&network, &values);
        let expected: Vec<f64> = inverse.iter().map(|row| dot(row, &centred(rhs.clone()))).collect();

        let (x, converged, n_iter) = solve_by_pcg(&network, &rhs, 1e-13);
        prop_assert!(converged && n_iter <= 4 * n);
        assert_near(&x, &expected, 1e-10)?;

        let dense = DenseLaplacian::factorise(&graph, &network.conductance).expect("connected");
        let mut x = vec![f64::NAN; n];
        dense.solve(&rhs, &mut x);
        assert_near(&x, &expected, 1e-11)?;
        let full = dense.pseudo_inverse().expect("memory");
        assert_near(&full, &inverse.concat(), 1e-12)?;
        let diagonal: Vec<f64> = (0..n).map(|i| inverse[i][i]).collect();
        assert_near(&dense.pseudo_inverse_diagonal().expect("memory"), &diagonal, 1e-12)?;

        let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
        let mut factor = cholesky.factorise(&graph, &network.conductance).expect("connected");
        factor.solve(&rhs, &mut x);
        assert_near(&x, &expected, 1e-11)?;
        let selected = factor.pseudo_inverse_diagonal().expect("memory");
        for (a, b) in selected.iter().zip(&diagonal) {
            prop_assert!((a - b).abs() <= 1e-12 * b.abs(), "{} against {}", a, b);
        }
    }

    #[test]
    fn the_analysis_serves_other_conductances(
        network in connected_network(20), factors in prop::collection::vec(0.5..2.0_f64, 20),
    ) {
        let graph = network.graph();
        let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
        cholesky.factorise(&graph, &network.conductance).expect("connected");
        let edges: Vec<_> = network.entries().into_iter()
            .map(|(i, j, c)| (i, j, c * factors[i.min(j)] * factors[i.max(j)])).collect();
        let other: Vec<f64> = edges.iter().map(|edge| edge.2).collect();
        let rhs = rhs_for(&network, &factors);
        let (mut again, mut fresh) = (vec![0.0; network.n()], vec![0.0; network.n()]);
        cholesky.factorise(&graph, &other).expect("connected").solve(&rhs, &mut again);
        LaplacianCholesky::analyse(&graph).expect("memory")
            .factorise(&graph, &other).expect("connected").solve(&rhs, &mut fresh);
        prop_assert_eq!(again, fresh);
    }

    #[test]
    fn flow_along_the_tree_bounds_the_energy(
        network in connected_network(24), values in prop::collection::vec(-3.0..3.0_f64, 7),
    ) {
        let divergence = centred(rhs_for(&network, &values));
        let inverse = network.pseudo_inverse();
        let energy: f64 =
            inverse.iter().zip(&divergence).map(|(row, g)| g * dot(row, &divergence)).sum();
        let forest = maximum_spanning_forest(&network.graph(), &network.conductance);
        let bound = forest.flow_energy(&divergence);
        prop_assert!(bound >= energy * (1.0 - 1e-10), "{} below {}", bound, energy);
        let is_tree = network.neighbours.len() == 2 * (network.n() - 1);
        prop_assert!(!is_tree || bound <= energy * (1.0 + 1e-10));

        for (i, j, _) in network.entries() {
            let resistance = inverse[i][i] + inverse[j][j] - 2.0 * inverse[i][j];
            prop_assert!(forest.path_resistance(i as u32, j as u32) >= resistance * (1.0 - 1e-10));
        }
    }

    #[test]
    fn a_stiff_chain_is_solved_to_relative_accuracy(exponents in prop::collection::vec(-140..140_i32, 1..40)) {
        // On a chain the difference of two neighbours is the flow between them over the conductance.
        let conductance: Vec<f64> = exponents.iter().map(|&e| 10.0_f64.powi(e)).collect();
        let network = Network::chain(&conductance);
        let graph = network.graph();
        let n = network.n();
        let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
        let mut factor = cholesky.factorise(&graph, &conductance_by_entry(&network)).expect("connected");
        let mut x = vec![0.0; n];
        let mut ends = vec![0.0; n];
        (ends[0], ends[n - 1]) = (1.0, -1.0);
        factor.solve(&ends, &mut x);
        let expected: f64 = conductance.iter().map(|c| 1.0 / c).sum();
        prop_assert!(((x[0] - x[n - 1]) / expected - 1.0).abs() < 1e-13);
        // Variances of the mean-zero frame: sum over edges of (share beyond the edge)^2 / c.
        let diagonal = factor.pseudo_inverse_diagonal().expect("memory");
        let trace: f64 = diagonal.iter().sum();
        let by_edges: f64 = conductance.iter().enumerate()
            .map(|(k, c)| ((k + 1) * (n - k - 1)) as f64 / n as f64 / c).sum();
        prop_assert!((trace / by_edges - 1.0).abs() < 1e-11, "{} against {}", trace, by_edges);
    }
}

fn conductance_by_entry(network: &Network) -> Vec<f64> {
    network.conductance.clone()
}

#[test]
fn a_pair_tied_to_the_rest_by_a_hair_keeps_its_digits() {
    // Nodes 3 and 4 are joined by 1 and hang on the rest by 1e-18: ordinary elimination computes
    // 1 - 1 = 0 there. The potential of 3 for a unit flow from 3 to 0 is known in closed form.
    let hair = 1e-18;
    let network =
        Network::new(5, &[(0, 1, 1.0), (0, 2, 1.0), (1, 2, 1.0), (0, 3, hair), (3, 4, 1.0)]);
    let graph = network.graph();
    let flow = [-1.0, 0.0, 0.0, 1.0, 0.0];
    let (mut sparse, mut dense) = ([0.0; 5], [0.0; 5]);
    let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
    let mut factor = cholesky.factorise(&graph, &network.conductance).expect("connected");
    factor.solve(&flow, &mut sparse);
    let factor = DenseLaplacian::factorise(&graph, &network.conductance).expect("connected");
    factor.solve(&flow, &mut dense);
    for x in [sparse, dense] {
        assert!(((x[3] - x[0]) * hair - 1.0).abs() < 1e-14);
        assert_eq!(x[3], x[4]);
    }
}

#[test]
fn large_fronts_agree_with_the_dense_factor() {
    // A grid, whose separators are wide, and a complete graph, whose factor is one wide front.
    let side = 24;
    let grid = (0..side * side).flat_map(|v| {
        let right = (v % side + 1 < side).then_some(v + 1);
        let down = (v / side + 1 < side).then_some(v + side);
        right.into_iter().chain(down).map(move |w| (v, w, 0.5 + (v * 7 + w * 3) as f64 % 1.9))
    });
    let complete = (0..300).flat_map(|i| (0..i).map(move |j| (i, j, 0.1 + (i * j % 17) as f64)));
    for (n, edges) in [(side * side, grid.collect::<Vec<_>>()), (300, complete.collect())] {
        let network = Network::new(n, &edges);
        let graph = network.graph();
        let dense = DenseLaplacian::factorise(&graph, &network.conductance).expect("connected");
        let expected = dense.pseudo_inverse_diagonal().expect("memory");
        let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
        let mut factor = cholesky.factorise(&graph, &network.conductance).expect("connected");
        for (a, b) in factor.pseudo_inverse_diagonal().expect("memory").iter().zip(&expected) {
            assert!((a - b).abs() <= 1e-12 * b, "{a} against {b}");
        }
        let rhs = centred((0..n).map(|i| (i as f64).sin()).collect());
        let mut x = vec![0.0; n];
        factor.solve(&rhs, &mut x);
        let size = network.diagonal().iter().fold(0.0_f64, |a, &b| a.max(b));
        for (a, b) in multiply_naively(&network, &x).iter().zip(&rhs) {
            assert!((a - b).abs() <= 1e-13 * size);
        }
    }
}

#[test]
fn a_graph_in_two_parts_is_not_positive_definite() {
    let network = Network::new(5, &[(0, 1, 1.0), (1, 2, 1.0), (3, 4, 1.0)]);
    let graph = network.graph();
    let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
    let error = cholesky.factorise(&graph, &network.conductance).expect_err("singular");
    assert!(matches!(error, Error::NotPositiveDefinite { row: 3 | 4, .. }), "{error}");
    assert!(matches!(
        DenseLaplacian::factorise(&graph, &network.conductance),
        Err(Error::NotPositiveDefinite { row: 3 | 4, .. })
    ));
}

#[test]
fn the_predicted_fill_decides() {
    // A ladder of 60,000 nodes and 240,000 edges has a thin factor; random pairs have none.
    let n = 60_000;
    let ladder: Vec<_> =
        (0..n).flat_map(|i| (1..=4).map(move |d| (i, i + d, 1.0))).filter(|e| e.1 < n).collect();
    let network = Network::new(n, &ladder);
    let graph = network.graph();
    let max_fill = 2.0 * graph.n_entries() as f64;
    let analysed = LaplacianCholesky::analyse_within(&graph, max_fill).expect("memory");
    assert!(analysed.is_some_and(|cholesky| cholesky.fill() <= max_fill));
    assert!(LaplacianCholesky::analyse_within(&graph, 1e5).expect("memory").is_none());
    let random: Vec<_> = (0..4 * n as u64)
        .map(|k| (k % n as u64, k.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32))
        .map(|(i, j)| (i as usize, j as usize % n, 1.0))
        .collect();
    let network = Network::new(n, &random);
    let max_fill = 20.0 * network.neighbours.len() as f64;
    let analysed = LaplacianCholesky::analyse_within(&network.graph(), max_fill);
    assert!(analysed.expect("memory").is_none());
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    // Several blocks of 4096 nodes, with one hub so that rows differ in length.
    let n = 20_000;
    let edges: Vec<_> = (1..n)
        .flat_map(|i| [(i - 1, i, 1.0 + i as f64 % 0.7), (0, i, 1e-3), (i / 3, i, 0.3)])
        .collect();
    let network =
        Network::new(n, &edges.into_iter().filter(|e| e.1 % 5 > 0 || e.0 > 0).collect::<Vec<_>>());
    let diagonal = network.diagonal();
    let laplacian =
        Laplacian::new(network.graph(), &network.conductance, &diagonal).expect("lengths");
    let rhs: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    let run = |team: &Team| {
        let (mut product, mut x) = (vec![0.0; n], vec![0.0; n]);
        laplacian.multiply(team, &rhs, &mut product);
        let mut workspace = PcgWorkspace::new(n).expect("memory");
        let params = PcgParams { rtol: 1e-9, max_iter: 60 };
        let info =
            pcg(&laplacian, &rhs, &mut x, &params, &mut workspace, team, &()).expect("solve");
        (product, x, info.residual_norm.to_bits(), laplacian.energy(team, &rhs).to_bits())
    };
    let expected = run(&Team::sequential());
    for n_threads in [1, 2, 3, 7] {
        assert!(run(&Team::lease(n_threads)) == expected, "{n_threads} threads");
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let network = Network::chain(&[1.0, 1.0]);
    let graph = network.graph();
    let shape = |error: Error| assert!(matches!(error, Error::Shape { .. }), "{error}");
    shape(Laplacian::new(graph, &[1.0], &[1.0; 3]).expect_err("conductance"));
    shape(Laplacian::new(graph, &[1.0; 4], &[1.0; 2]).expect_err("diagonal"));
    shape(DenseLaplacian::factorise(&graph, &[1.0]).expect_err("conductance"));
    let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
    shape(cholesky.factorise(&graph, &[1.0]).expect_err("conductance"));
    let other = Network::chain(&[1.0]);
    shape(cholesky.factorise(&other.graph(), &other.conductance).expect_err("graph"));
}

#[test]
fn one_node_is_a_graph() {
    let network = Network::new(1, &[]);
    let graph = network.graph();
    let mut x = [f64::NAN];
    let mut cholesky = LaplacianCholesky::analyse(&graph).expect("memory");
    assert_eq!(cholesky.fill(), 0.0);
    let mut factor = cholesky.factorise(&graph, &network.conductance).expect("nothing to do");
    factor.solve(&[3.0], &mut x);
    assert_eq!(x, [0.0]);
    assert_eq!(factor.pseudo_inverse_diagonal().expect("memory"), [0.0]);
    let dense = DenseLaplacian::factorise(&graph, &network.conductance).expect("nothing to do");
    dense.solve(&[3.0], &mut x);
    assert_eq!((x, dense.pseudo_inverse().expect("memory")), ([0.0], vec![0.0]));
    assert_eq!(solve_by_pcg(&network, &[3.0], 1e-10), (vec![0.0], true, 0));
}

#[test]
fn conjugate_gradients_end_in_every_case() {
    let network = Network::chain(&[1.0, 2.0, 3.0]);
    assert_eq!(solve_by_pcg(&network, &[0.0; 4], 1e-10), (vec![0.0; 4], true, 0));
    assert_eq!(solve_by_pcg(&network, &[5.0; 4], 1e-10), (vec![0.0; 4], true, 0));
    // Nothing is left of a residual after n steps: asking for less than rounding must end as well.
    let (x, _, n_iter) = solve_by_pcg(&network, &[1.0, 0.0, 0.0, -1.0], 0.0);
    assert!(n_iter < 100 && (x[0] - x[3] - 11.0 / 6.0).abs() < 1e-14);
    // Without conductance the system cannot be solved, and the result says so.
    let absent = Network::chain(&[0.0, 0.0]);
    assert_eq!(solve_by_pcg(&absent, &[1.0, 0.0, -1.0], 1e-10), (vec![0.0; 3], false, 0));
    let (_, converged, _) = solve_by_pcg(&network, &[f64::NAN, 0.0, 0.0, 0.0], 1e-10);
    assert!(!converged);
    for size in [1e-300, 1e300] {
        let (x, converged, _) = solve_by_pcg(&network, &[size, 0.0, 0.0, -size], 1e-10);
        assert!(converged && ((x[0] - x[3]) / size - 11.0 / 6.0).abs() < 1e-14);
    }
}

#[test]
fn conjugate_gradients_can_be_interrupted() {
    struct Cancelled;
    impl Control for Cancelled {
        fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
            Ok(Flow::Continue)
        }
        fn check(&self) -> Result<(), Error> {
            Err(Error::Interrupted)
        }
    }
    let network = Network::chain(&[1.0, 2.0]);
    let diagonal = network.diagonal();
    let laplacian =
        Laplacian::new(network.graph(), &network.conductance, &diagonal).expect("lengths");
    let mut workspace = PcgWorkspace::new(3).expect("memory");
    let (team, params) = (Team::sequential(), PcgParams::default());
    let mut solve = |rhs: &[f64], control: &dyn Control| {
        pcg(&laplacian, rhs, &mut [0.0; 3], &params, &mut workspace, &team, control)
    };
    assert_eq!(solve(&[1.0, 0.0, -1.0], &Cancelled), Err(Error::Interrupted));
    assert!(matches!(solve(&[1.0], &()), Err(Error::Shape { argument: "rhs", .. })));
}
