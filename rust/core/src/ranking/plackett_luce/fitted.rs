//! A fit as inference sees it.

use std::cell::RefCell;

use super::frame::{Frame, check_groups};
use super::hessian::Hessian;
use super::layout::{Index, Layout};
use super::likelihood::{Derivatives, Places, Split};
use super::pairs::Pairs;
use super::rankings::Rankings;
use crate::control::Control;
use crate::error::{Error, require_finite, try_zeroed};
use crate::parallel::Team;
use crate::ranking::inference::{Fitted, Kind, Noise};
use crate::ranking::laplacian_solver::LaplacianSolver;
use crate::ranking::paired::{Model, Prior};
use crate::rng::Stream;
use crate::sparse::{Laplacian, PcgParams, PcgWorkspace, pcg};

/// Relative residual of the solves: far below what a standard error is read to.
const SOLVE_RTOL: f64 = 1e-10;

enum Solver {
    Iterative(PcgWorkspace),
    Factor { pairs: Pairs, diagonal: Vec<f64>, solver: LaplacianSolver },
}

/// Plackett-Luce strengths with the information of the rankings at them.
pub struct FittedRankings<'a> {
    rankings: Rankings<'a>,
    index: Index,
    frame: Frame<'a>,
    groups: Vec<u32>,
    derivatives: Derivatives,
    solver: Solver,
    /// Right-hand side and solution with a place for the ground.
    at_nodes: [Vec<f64>; 2],
    by_entry: RefCell<Vec<[f64; 1]>>,
}

impl<'a> FittedRankings<'a> {
    /// Evaluate at `strength`; `groups` is empty for one group and with a prior.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Index`] or [`Error::Value`] naming what is
    /// malformed, and [`Error::TooLarge`].
    pub fn new(
        rankings: &Rankings<'a>,
        prior: Option<Prior>,
        strength: &[f64],
        groups: &'a [u32],
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let n = rankings.n_items();
        if strength.len() != n {
            return Err(Error::Shape {
                argument: "strength",
                expected: format!("{n} entries, one per item"),
                found: strength.len().to_string(),
            });
        }
        require_finite("strength", strength)?;
        Model { prior, ..Model::default() }.validate()?;
        check_groups(rankings, groups, prior)?;
        let index = Index::new(rankings)?;
        let layout = Layout::new(*rankings, &index);
        let frame = Frame::new(n, groups, prior);
        let mut derivatives = Derivatives::new(&layout, prior)?;
        derivatives.evaluate(&layout, prior, strength, team);
        control.check()?;
        let n_nodes = n + usize::from(prior.is_some());
        let solver = match Pairs::all(&layout, &derivatives, frame.bridges(), team, control)? {
            Some(pairs) => {
                let solver = LaplacianSolver::factorising(&pairs.graph())?;
                Solver::Factor { diagonal: pairs.diagonal(), pairs, solver }
            }
            None => Solver::Iterative(PcgWorkspace::new(n_nodes)?),
        };
        let one_group = if prior.is_some() { Vec::new() } else { vec![0; n] };
        Ok(Self {
            groups: if groups.is_empty() { one_group } else { groups.to_vec() },
            at_nodes: [try_zeroed(n_nodes)?, try_zeroed(n_nodes)?],
            by_entry: RefCell::new(try_zeroed(rankings.n_entries())?),
            rankings: *rankings,
            index,
            frame,
            derivatives,
            solver,
        })
    }

    fn layout(&self) -> Layout<'_> {
        Layout::new(self.rankings, &self.index)
    }

    /// Solve at the nodes, for the right-hand side in `at_nodes[0]`.
    fn solve_nodes(&mut self, rtol: f64, team: &Team, control: &dyn Control) -> Result<(), Error> {
        let Self { rankings, index, derivatives, solver, at_nodes: [rhs, x], .. } = self;
        let params = PcgParams { rtol, max_iter: 10 * rhs.len().max(10) };
        match solver {
            Solver::Factor { pairs, diagonal, solver } => {
                let laplacian = Laplacian::new(pairs.graph(), &pairs.conductance, diagonal)?;
                solver.solve(&laplacian, rhs, x, &params, team, control)?;
            }
            Solver::Iterative(workspace) => {
                let hessian = Hessian::new(&Layout::new(*rankings, index), derivatives)?;
                pcg(&hessian, rhs, x, &params, workspace, team, control)?;
            }
        }
        Ok(())
    }

    /// Turn the diagonal of the pseudo-inverse over all nodes, at `items`, into variances of the
    /// differences to the mean over the nodes `origin`: one solve.
    fn shift_origin(
        &mut self,
        origin: &[usize],
        items: &[usize],
        variance: &mut [f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        if origin == items && items.len() == 1 {
            variance[items[0]] = 0.0;
            return Ok(());
        }
        let share = 1.0 / origin.len() as f64;
        let [rhs, _] = &mut self.at_nodes;
        rhs.fill(0.0);
        for &node in origin {
            rhs[node] = share;
        }
        self.solve_nodes(SOLVE_RTOL, team, control)?;
        let [_, mean] = &self.at_nodes;
        let own = share * origin.iter().map(|&node| mean[node]).sum::<f64>();
        for &item in items {
            variance[item] += own - 2.0 * mean[item];
        }
        Ok(())
    }

    /// Gather what `by_entry` holds.
    fn gather(&self, out: &mut [f64], team: &Team) {
        self.layout().gather(team, &self.by_entry.borrow(), out, |_, [sum], out| *out = sum);
    }

    /// `by_entry` and `out` become the scores of the rankings, each times its `f(ranking, scores)`.
    fn combine_scores(
        &self,
        out: &mut [f64],
        team: &Team,
        f: impl Fn(usize, &[[f64; 1]]) -> f64 + Sync,
    ) {
        let (layout, rankings) = (self.layout(), self.rankings);
        let splits = &self.derivatives.splits;
        layout.for_each_ranking(team, &mut self.by_entry.borrow_mut(), |r, out| {
            let places = Places::new(&splits[rankings.entries(r)], rankings.n_choices(r), 1.0);
            for (out, place) in out.iter_mut().zip(places) {
                out[0] = place.gain - place.loss;
            }
            let factor = f(r, out);
            for out in out {
                out[0] *= factor;
            }
        });
        self.gather(out, team);
    }

    /// A draw with the covariance of the choices: at each place independent noise, weighted by the
    /// root of its information, for the item there against those further down.
    fn draw_choices(&self, noise: Noise, stream: &Stream, out: &mut [f64], team: &Team) {
        let (layout, rankings) = (self.layout(), self.rankings);
        let splits = &self.derivatives.splits;
        layout.for_each_ranking(team, &mut self.by_entry.borrow_mut(), |r, out| {
            let entries = rankings.entries(r);
            noise.fill(stream, entries.start as u64, out.as_flattened_mut());
            let splits = &splits[entries];
            let places = Places::new(splits, rankings.n_choices(r), rankings.weight(r));
            let mut carried = 0.0;
            for ((out, place), Split { share, rest }) in out.iter_mut().zip(places).zip(splits) {
                let own = place.information.sqrt() * out[0];
                out[0] = own - share * carried;
                carried = rest * carried + own;
            }
        });
        self.gather(out, team);
        let prior = &self.derivatives.prior;
        let mut draws = vec![0.0; prior.len()];
        noise.fill(stream, rankings.n_entries() as u64, &mut draws);
        for ((out, prior), draw) in out.iter_mut().zip(prior).zip(draws) {
            *out += prior.sqrt() * draw;
        }
    }
}

impl Fitted for FittedRankings<'_> {
    fn n_items(&self) -> usize {
        self.rankings.n_items()
    }

    fn n_shared(&self) -> usize {
        0
    }

    fn groups(&self) -> &[u32] {
        &self.groups
    }

    fn n_terms(&self) -> usize {
        self.rankings.n_entries()
    }

    fn is_factorised(&self) -> bool {
        matches!(&self.solver, Solver::Factor { solver, .. } if solver.is_exact())
    }

    fn solve(
        &mut self,
        rhs: &[f64],
        x: &mut [f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        self.solve_many(rhs, x, SOLVE_RTOL, team, control)
    }

    fn solve_many(
        &mut self,
        rhs: &[f64],
        x: &mut [f64],
        rtol: f64,
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let n = self.rankings.n_items();
        for (rhs, x) in rhs.chunks(n.max(1)).zip(x.chunks_mut(n.max(1))) {
            let [at_nodes, _] = &mut self.at_nodes;
            at_nodes[..n].copy_from_slice(rhs);
            self.frame.centre(&mut at_nodes[..n]);
            if let Some(ground) = at_nodes.get_mut(n) {
                *ground = -rhs.iter().sum::<f64>();
            }
            self.solve_nodes(rtol, team, control)?;
            let [_, solution] = &self.at_nodes;
            let ground = solution.get(n).copied().unwrap_or(0.0);
            for (x, value) in x.iter_mut().zip(solution) {
                *x = value - ground;
            }
            self.frame.centre(x);
        }
        Ok(())
    }

    fn diagonal(&mut self, team: &Team, control: &dyn Control) -> Result<Option<Vec<f64>>, Error> {
        let n = self.rankings.n_items();
        let Solver::Factor { pairs, diagonal, solver } = &mut self.solver else { return Ok(None) };
        let laplacian = Laplacian::new(pairs.graph(), &pairs.conductance, diagonal)?;
        let Some(mut variance) = solver.pseudo_inverse_diagonal(&laplacian, control)? else {
            return Ok(None);
        };
        if self.derivatives.prior.is_empty() {
            for members in self.frame.members() {
                self.shift_origin(&members, &members, &mut variance, team, control)?;
            }
        } else {
            let items: Vec<usize> = (0..n).collect();
            self.shift_origin(&[n], &items, &mut variance, team, control)?;
        }
        variance.truncate(n);
        Ok(Some(variance))
    }

    fn multiply(&self, kind: Kind, x: &[f64], out: &mut [f64], team: &Team) {
        let rankings = self.rankings;
        match kind {
            Kind::Model => {
                let mut by_entry = self.by_entry.borrow_mut();
                let Derivatives { splits, prior, .. } = &self.derivatives;
                super::hessian::multiply(&self.layout(), splits, x, out, &mut by_entry, team);
                for ((out, prior), x) in out.iter_mut().zip(prior).zip(x) {
                    *out += prior * x;
                }
            }
            Kind::Sandwich => self.combine_scores(out, team, |r, scores| {
                let set = rankings.set(r).iter();
                let along: f64 = set.zip(scores).map(|(&i, score)| score[0] * x[i as usize]).sum();
                rankings.weight(r) * along
            }),
        }
    }

    fn draw(&self, kind: Kind, noise: Noise, stream: &Stream, out: &mut [f64], team: &Team) {
        let rankings = self.rankings;
        match kind {
            Kind::Model => self.draw_choices(noise, stream, out, team),
            Kind::Sandwich => self.combine_scores(out, team, |r, _| {
                let mut draw = [0.0];
                noise.fill(stream, r as u64, &mut draw);
                rankings.weight(r).sqrt() * draw[0]
            }),
        }
    }
}
