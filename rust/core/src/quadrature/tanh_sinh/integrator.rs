//! The levels of tanh-sinh integration: where to evaluate, what was found, what goes on.

use std::ops::Range as Span;

use super::nodes::{Node, level_nodes};
use super::piece::Piece;
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::{Team, pairwise_sum};
use crate::quadrature::adaptive::{Components, Ending, Norm, Round, Tolerance};

/// Pieces per block of parallel work.
const BLOCK: usize = 64;

/// Pieces whose reach is found between two looks at the caller's wish to stop.
const LOOK: usize = 1 << 13;

/// The step of the first level, with which that of twice its size is compared.
const FIRST_STEP: f64 = 0.25;

/// Levels from which on nodes lie so dense that those next to the ends are as far out as can be.
const DENSE_STEP: f64 = 1.0 / 32.0;

/// How many times a difference counts in a trial.
///
/// Of an integrand which is smooth inside it is larger than the error by far; near a kink or a jump it
/// is as large, or smaller by chance.
const CAUTION: f64 = 100.0;

/// What a halved step leaves of the difference at most: a kink leaves 1/4, a jump half.
const SLOW: f64 = 0.1;

/// Units of rounding in a sum of weighted values.
const UNITS: f64 = 10.0 * f64::EPSILON;

/// What is asked of a [`TanhSinh`] integration.
#[derive(Debug, Clone)]
pub struct Params {
    /// How close each integral should come (p,).
    pub tolerances: Vec<Tolerance>,
    /// Most points of one integral.
    pub max_points: usize,
    /// How errors of components are joined.
    pub norm: Norm,
    /// Integrals of which it is only a guess that they are smooth inside (p,).
    ///
    /// Differences of levels count a hundred times, and one is given up with [`Ending::Limit`] as
    /// soon as halving the step is of little use.
    pub trials: Vec<bool>,
    /// Whether the integrand is given distances to the ends.
    pub distances: bool,
    /// 1, or -1 for integrals that are taken the other way (p,).
    pub signs: Vec<f64>,
}

/// Many integrals that are refined together, level by level.
pub struct TanhSinh {
    params: Params,
    pieces: Vec<Piece>,
    /// Largest |t| of nodes on either side of each piece.
    reach: Vec<[f64; 2]>,
    /// Pieces of running integrals, in order.
    active: Vec<usize>,
    arguments: Vec<u32>,
    step: f64,
    nodes: Vec<Node>,
    components: Option<Components>,
    sums: Vec<Sums>,
    values: Vec<f64>,
    errors: Vec<f64>,
    endings: Vec<Ending>,
    n_evaluations: Vec<u64>,
}

/// Sums over the nodes of a piece so far, for each component.
#[derive(Debug, Clone, Default)]
struct Sums {
    /// Of weighted values.
    all: Vec<f64>,
    /// The same before the last halving of the step.
    before: Vec<f64>,
    /// And before the last but one.
    earlier: Vec<f64>,
    /// Of absolute weighted values.
    magnitude: Vec<f64>,
    /// Absolute weighted values of the outermost nodes to the left and to the right.
    outer: [Vec<f64>; 2],
    /// Their |t|.
    outer_t: [f64; 2],
}

impl TanhSinh {
    /// Begin with pieces, ascending in their integrals; one without a piece has the value 0.
    ///
    /// To find how far the nodes of a piece reach takes some tens of them.
    ///
    /// # Errors
    /// [`Error::Shape`] when a piece belongs to no integral or to one before that of the last, and
    /// [`Error::Interrupted`].
    pub fn new(
        pieces: Vec<Piece>,
        params: Params,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let count = params.tolerances.len();
        let ordered = params.signs.len() == count
            && params.trials.len() == count
            && pieces.windows(2).all(|pair| pair[0].integral <= pair[1].integral);
        if !ordered || pieces.last().is_some_and(|last| last.integral as usize >= count) {
            let (expected, found) =
                (format!("ascending integrals below {count}"), "others".to_string());
            return Err(Error::Shape { argument: "pieces", expected, found });
        }
        let mut endings = vec![Ending::Converged; count];
        for piece in &pieces {
            endings[piece.integral as usize] = Ending::Running;
        }
        let mut reach = Vec::with_capacity(pieces.len());
        for pieces in pieces.chunks(LOOK) {
            control.check()?;
            let found = team.map_blocks(pieces.len(), BLOCK, |block| {
                pieces[block].iter().map(|piece| piece.reach(params.distances)).collect::<Vec<_>>()
            });
            reach.extend(found.into_iter().flatten());
        }
        let mut all = Self {
            active: (0..pieces.len()).collect(),
            arguments: Vec::new(),
            step: FIRST_STEP,
            nodes: Vec::new(),
            components: None,
            sums: vec![Sums::default(); pieces.len()],
            values: Vec::new(),
            errors: try_vec(count, 0.0)?,
            n_evaluations: try_vec(count, 0)?,
            endings,
            params,
            pieces,
            reach,
        };
        all.prepare(true);
        Ok(all)
    }

    /// Number of integrals p.
    pub fn n_integrals(&self) -> usize {
        self.endings.len()
    }

    /// Number of points n of a piece in this level.
    pub fn n_points(&self) -> usize {
        self.nodes.len()
    }

    /// Number of pieces that wait for values.
    pub fn n_pending(&self) -> usize {
        self.active.len()
    }

    /// Whether an integral has not ended.
    pub fn is_running(&self) -> bool {
        self.endings.contains(&Ending::Running)
    }

    /// The integrals whose arguments the pieces that wait have.
    pub fn owners(&self) -> &[u32] {
        &self.arguments
    }

    /// Write the points of some of the pieces that wait (m, n).
    ///
    /// Where a piece has no use for a node it is placed at the middle.
    pub fn fill_points(&self, pieces: Span<usize>, points: &mut [f64], team: &Team) {
        self.fill(pieces, points, team, |piece, node| piece.place(node).x);
    }

    /// Write the distance of each point to the nearer end (m, n).
    pub fn fill_distances(&self, pieces: Span<usize>, distances: &mut [f64], team: &Team) {
        self.fill(pieces, distances, team, |piece, node| piece.place(node).distance);
    }

    /// Take the values at the points of some of the pieces that wait (m, n, v).
    ///
    /// # Errors
    /// [`Error::Shape`] when there are too many or too few, or other components than before, and
    /// [`Error::TooLarge`].
    pub fn tell(
        &mut self,
        pieces: Span<usize>,
        values: &[f64],
        components: Components,
        team: &Team,
    ) -> Result<(), Error> {
        let (n, v) = (self.nodes.len(), components.count);
        let inside = pieces.start <= pieces.end && pieces.end <= self.active.len();
        let known = self.components.is_none_or(|known| known == components);
        if v == 0 || !inside || !known || values.len() != pieces.len() * n * v {
            let expected = format!("{v} component(s) at {n} points of the pieces {pieces:?}");
            let found = format!("{} numbers", values.len());
            return Err(Error::Shape { argument: "values", expected, found });
        }
        if self.components.is_none() {
            self.values = try_vec(self.endings.len().saturating_mul(v), 0.0)?;
            self.components = Some(components);
        }
        let first = pieces.start;
        let found = team.map_blocks(pieces.len(), BLOCK, |block| {
            let sums = block.map(|k| {
                let piece = self.active[first + k];
                self.add(piece, &values[k * n * v..(k + 1) * n * v], v)
            });
            sums.collect::<Vec<_>>()
        });
        for (k, sums) in pieces.zip(found.into_iter().flatten()) {
            let piece = self.active[k];
            self.n_evaluations[self.pieces[piece].integral as usize] += n as u64;
            self.sums[piece] = sums;
        }
        Ok(())
    }

    /// Sum up, end what is good enough, and go on to the next level.
    pub fn advance(&mut self) -> Round {
        let n_regions = self.active.len();
        let active = std::mem::take(&mut self.active);
        let groups = active.chunk_by(|&a, &b| self.pieces[a].integral == self.pieces[b].integral);
        let found: Vec<_> = groups
            .map(|pieces| (self.pieces[pieces[0]].integral as usize, self.decide(pieces)))
            .collect();
        let v = self.components.map_or(0, |components| components.count);
        for (integral, (value, error, ending)) in found {
            let values = &mut self.values[integral * v..(integral + 1) * v];
            let sign = self.params.signs[integral];
            values.iter_mut().zip(&value).for_each(|(to, from)| *to = sign * from);
            self.errors[integral] = error;
            self.endings[integral] = ending;
        }
        self.active = active;
        let (endings, pieces) = (&self.endings, &self.pieces);
        self.active.retain(|&k| endings[pieces[k].integral as usize] == Ending::Running);
        self.step *= 0.5;
        self.prepare(false);
        if self.nodes.is_empty() {
            // Pieces so short in doubles that a finer step finds no node which differs from the ends.
            for piece in self.active.drain(..) {
                self.endings[self.pieces[piece].integral as usize] = Ending::Ends;
            }
            self.arguments.clear();
        }
        Round {
            n_running: self.endings.iter().filter(|&&ending| ending == Ending::Running).count(),
            n_regions,
            error: self.errors.iter().fold(0.0, |most: f64, &error| most.max(error)),
        }
    }

    /// End whatever still runs, at the wish of the caller.
    pub fn stop(&mut self) {
        let running = self.endings.iter_mut().filter(|ending| **ending == Ending::Running);
        running.for_each(|ending| *ending = Ending::Stopped);
    }

    /// The integrals as of the last level (p, v); empty when nothing was told.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Their estimated errors (p,).
    pub fn errors(&self) -> &[f64] {
        &self.errors
    }

    /// How they ended (p,).
    pub fn endings(&self) -> &[Ending] {
        &self.endings
    }

    /// Number of points at which the integrand of each integral was evaluated (p,).
    pub fn n_evaluations(&self) -> &[u64] {
        &self.n_evaluations
    }

    /// What values are made of; None when nothing was told.
    pub fn components(&self) -> Option<Components> {
        self.components
    }

    /// The pieces of all integrals.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Nodes and arguments of the next level.
    fn prepare(&mut self, is_first: bool) {
        let farthest = |side: usize| {
            self.active.iter().fold(0.0, |most: f64, &piece| most.max(self.reach[piece][side]))
        };
        let (left, right) = (farthest(0), farthest(1));
        self.nodes = if self.active.is_empty() {
            Vec::new()
        } else {
            level_nodes(self.step, is_first, left, right)
        };
        self.arguments = self.active.iter().map(|&piece| self.pieces[piece].arguments).collect();
    }

    fn is_seen(&self, piece: usize, node: Node) -> bool {
        node.t.abs() <= self.reach[piece][usize::from(node.t > 0.0)]
    }

    fn fill(
        &self,
        pieces: Span<usize>,
        out: &mut [f64],
        team: &Team,
        of: impl Fn(&Piece, Node) -> f64 + Sync,
    ) {
        let n = self.nodes.len();
        team.for_each_chunk_mut(out, BLOCK * n, |start, chunk| {
            for (k, out) in chunk.chunks_exact_mut(n).enumerate() {
                let index = self.active[pieces.start + start / n + k];
                let piece = &self.pieces[index];
                for (out, &node) in out.iter_mut().zip(&self.nodes) {
                    let node = if self.is_seen(index, node) { node } else { Node::at(0.0) };
                    *out = of(piece, node);
                }
            }
        });
    }

    /// The sums of a piece with the values of this level (n, v).
    fn add(&self, index: usize, values: &[f64], v: usize) -> Sums {
        let old = &self.sums[index];
        let is_first = old.all.is_empty();
        let seen: Vec<(usize, Node, f64)> = self
            .nodes
            .iter()
            .enumerate()
            .filter(|&(_, &node)| self.is_seen(index, node))
            .map(|(k, &node)| (k, node, self.pieces[index].place(node).weight))
            .collect();
        let mut terms = Vec::with_capacity(seen.len());
        let mut sum =
            |component: usize, term: &dyn Fn(Node, f64) -> Option<f64>| {
                terms.clear();
                terms.extend(seen.iter().filter_map(|&(k, node, weight)| {
                    term(node, weight * values[k * v + component])
                }));
                pairwise_sum(&terms)
            };
        // Nodes of steps before the first one.
        let is_coarse = |node: Node, ratio: f64| (node.t / FIRST_STEP) % ratio == 0.0;
        let mut new = Sums { outer: old.outer.clone(), outer_t: old.outer_t, ..Sums::default() };
        for component in 0..v {
            let (all, magnitude) =
                (sum(component, &|_, f| Some(f)), sum(component, &|_, f| Some(f.abs())));
            if is_first {
                let mut coarse =
                    |ratio| sum(component, &|node, f| is_coarse(node, ratio).then_some(f));
                let (before, earlier) = (coarse(2.0), coarse(4.0));
                new.before.push(before);
                new.earlier.push(earlier);
                new.all.push(all);
                new.magnitude.push(magnitude);
            } else if seen.is_empty() {
                // No node of the finer step differs from the ends: the value stays as it is.
                new.earlier.push(old.before[component]);
                new.before.push(old.all[component]);
                new.all.push(2.0 * old.all[component]);
                new.magnitude.push(2.0 * old.magnitude[component]);
            } else {
                new.earlier.push(old.before[component]);
                new.before.push(old.all[component]);
                new.all.push(old.all[component] + all);
                new.magnitude.push(old.magnitude[component] + magnitude);
            }
        }
        for (side, outermost) in [seen.first(), seen.last()].into_iter().enumerate() {
            let Some(&(k, node, weight)) = outermost else { continue };
            if is_first || node.t.abs() > new.outer_t[side] {
                new.outer_t[side] = node.t.abs();
                new.outer[side] =
                    values[k * v..(k + 1) * v].iter().map(|f| (weight * f).abs()).collect();
            }
        }
        new
    }

    /// The value of an integral, its error, and how it ended.
    fn decide(&self, pieces: &[usize]) -> (Vec<f64>, f64, Ending) {
        let Some(Components { count: v, complex }) = self.components else {
            return (Vec::new(), f64::INFINITY, Ending::Overflow);
        };
        let integral = self.pieces[pieces[0]].integral as usize;
        let is_trial = self.params.trials[integral];
        let caution = if is_trial { CAUTION } else { 1.0 };
        let (norm, step) = (self.params.norm, self.step);
        let mut value = vec![0.0; v];
        let (mut last_sum, mut previous_sum) = (0.0, 0.0);
        let (mut difference, mut tail, mut floor) = (0.0, 0.0, 0.0);
        for &piece in pieces {
            let sums = &self.sums[piece];
            let each =
                |of: &dyn Fn(usize) -> f64| norm.of(&(0..v).map(of).collect::<Vec<_>>(), complex);
            for (value, sum) in value.iter_mut().zip(&sums.all) {
                *value += step * sum;
            }
            let last = each(&|k| step * (sums.all[k] - 2.0 * sums.before[k]));
            let previous = each(&|k| 2.0 * step * (sums.before[k] - 2.0 * sums.earlier[k]));
            let magnitude = each(&|k| step * sums.magnitude[k]);
            // Where the rule converges a halving squares the difference. One that is smaller after a
            // large one may be so by chance.
            let expected = if magnitude > 0.0 { previous * (previous / magnitude) } else { 0.0 };
            difference += caution * last.max(expected);
            last_sum += last;
            previous_sum += previous;
            tail += each(&|k| sums.outer[0][k] + sums.outer[1][k]);
            floor += each(&|k| UNITS * step * sums.magnitude[k]);
        }
        let error = floor.max(difference + tail);
        let tolerance = self.params.tolerances[integral].of(norm.of(&value, complex));
        let points = self.n_evaluations[integral] as usize;
        let is_slow = last_sum > SLOW * previous_sum;
        let ending = if !error.is_finite() || value.iter().any(|x| !x.is_finite()) {
            Ending::Overflow
        } else if error <= tolerance {
            Ending::Converged
        } else if error <= 4.0 * floor {
            Ending::Roundoff
        } else if tail > tolerance && difference <= tail && step <= DENSE_STEP {
            Ending::Ends
        } else if 2 * points > self.params.max_points || is_trial && step < FIRST_STEP && is_slow {
            Ending::Limit
        } else {
            Ending::Running
        };
        (value, error, ending)
    }
}
