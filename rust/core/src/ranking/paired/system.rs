//! Cells in the order of their pairs, with all that does not change while a model is fitted.

use std::ops::Range;

use super::cell_sums::TILE;
use super::derivatives::RUN;
use super::merged_cells::MergedCells;
use super::pairs::{Joint, Pairs};
use super::terms::{Counts, log_likelihood};
use super::{Cells, Model, Ties};
use crate::control::Control;
use crate::error::Error;
use crate::parallel::{Team, pairwise_sum};

/// Cells of one block of work, unless one pair has more.
const BLOCK_CELLS: usize = 4096;

/// The data of a fit: cells merged where the model cannot tell them apart, and sorted by pair.
///
/// Every cell is seen from the smaller of its items; `sign` says whether that one was on the left.
/// Coefficients of covariates are scaled by the root mean square of their covariate.
pub(super) struct System<'a> {
    /// The model, without a tie parameter where the data hold no ties.
    pub model: Model,
    /// Whether the tie parameter was dropped because nothing was tied.
    pub tie_dropped: bool,
    /// Number of items.
    pub n_items: usize,
    /// Parameters that all items share and the data determine.
    pub n_shared: usize,
    /// Who met whom.
    pub pairs: Pairs,
    /// First cell of each pair, and the end of the last.
    first_cell: Vec<u32>,
    wins: Vec<f64>,
    losses: Vec<f64>,
    ties: Vec<f64>,
    reversed: Vec<bool>,
    /// The caller's cell behind each cell; empty without covariates.
    source: Vec<u32>,
    cells: Cells<'a>,
    /// Root mean square of each covariate, 1 for one that is zero throughout.
    pub scale: Vec<f64>,
    /// Most cells of one pair.
    most_cells: usize,
    /// Boundaries of the blocks of work, in pairs.
    blocks: Vec<usize>,
    /// The group of each item; empty where there is one, or a prior.
    pub groups: Vec<u32>,
    /// Number of groups.
    pub n_groups: usize,
}

/// Parameters in the caller's units, apart.
pub(super) struct Point<'x> {
    /// Strengths, by item.
    pub strength: &'x [f64],
    /// The tie parameter; 0 where there is none.
    pub tie: f64,
    order: f64,
    beta: Vec<f64>,
}

impl<'a> System<'a> {
    /// Sort and merge `cells`. O(N + n) time; about 100 bytes a pair and 24 a cell.
    ///
    /// # Errors
    /// As [`Cells::validate`] and [`Model::validate`]; [`Error::Value`] where nothing was compared
    /// and for `groups` that are no groups; [`Error::TooLarge`], and whatever [`Control::check`]
    /// returns.
    pub(super) fn new(
        cells: Cells<'a>,
        model: &Model,
        groups: Option<&[u32]>,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        cells.validate()?;
        model.validate()?;
        let groups = groups.filter(|_| model.prior.is_none()).unwrap_or_default();
        let n_groups = cells.count_groups(groups)?;
        if cells.n_items >= i32::MAX as usize {
            return Err(Error::TooLarge { bytes: 64 * cells.n_items as u128 });
        }
        let by_side = model.order_effect || cells.n_covariates > 0;
        let MergedCells { low, high, first_cell, wins, losses, ties, reversed, source } =
            MergedCells::new(&cells, by_side, control)?;
        let tie_dropped = model.ties != Ties::Half && ties.is_empty();
        let model = if tie_dropped { Model { ties: Ties::Half, ..*model } } else { *model };
        let blocks = cut(&first_cell);
        let most_cells = first_cell.windows(2).map(|w| (w[1] - w[0]) as usize).max().unwrap_or(0);
        let joint = match model.prior {
            Some(_) => Joint::Ground,
            None if n_groups > 1 => Joint::Groups(groups, n_groups),
            None => Joint::None,
        };
        control.check()?;
        let pairs = Pairs::new(cells.n_items, low, high, joint)?;
        control.check()?;
        let scale = cells.scales();
        Ok(Self {
            model,
            tie_dropped,
            n_items: cells.n_items,
            n_shared: model.n_shared(cells.n_covariates),
            pairs,
            first_cell,
            wins,
            losses,
            ties,
            reversed,
            source,
            cells,
            scale,
            most_cells,
            blocks,
            groups: if n_groups > 1 { groups.to_vec() } else { Vec::new() },
            n_groups,
        })
    }

    /// Scaled parameters from those of the caller, a dropped tie parameter left out.
    pub(super) fn to_internal(&self, parameters: &[f64]) -> Vec<f64> {
        let mut x = parameters.to_vec();
        if self.tie_dropped {
            x.remove(self.n_items);
        }
        let first = x.len() - self.scale.len();
        for (x, scale) in x[first..].iter_mut().zip(&self.scale) {
            *x *= scale;
        }
        x
    }

    /// What one unit of each internal shared parameter is in the caller's units.
    pub(super) fn units(&self) -> impl Iterator<Item = f64> + use<'_> {
        let unscaled = self.n_shared - self.scale.len();
        std::iter::repeat_n(1.0, unscaled).chain(self.scale.iter().map(|s| s.recip()))
    }

    /// Strengths and all shared parameters that `model` names, on the caller's scale.
    pub(super) fn to_external(&self, x: &[f64], model: &Model) -> (Vec<f64>, Vec<f64>) {
        let mut strength = x[..self.n_items].to_vec();
        if model.prior.is_none() {
            self.center(&mut strength);
        }
        let mut shared = x[self.n_items..].to_vec();
        let first = shared.len() - self.scale.len();
        for (x, scale) in shared[first..].iter_mut().zip(&self.scale) {
            *x /= scale;
        }
        match model.ties {
            Ties::Davidson if self.tie_dropped => shared.insert(0, f64::NEG_INFINITY),
            Ties::RaoKupper if self.tie_dropped => shared.insert(0, 0.0),
            _ => {}
        }
        (strength, shared)
    }

    /// Weight of the games that the left side won, that the right side won, and of the ties.
    pub(super) fn totals(&self) -> (f64, f64, f64) {
        let (mut left, mut right, mut ties) = (0.0, 0.0, 0.0);
        for cell in 0..self.wins.len() {
            let counts = self.counts(cell);
            let is_left = self.sign(cell) > 0.0;
            let (won, lost) =
                if is_left { (counts.wins, counts.losses) } else { (counts.losses, counts.wins) };
            left += won;
            right += lost;
            ties += counts.ties;
        }
        (left, right, ties)
    }

    /// Make potentials of the nodes relative to the ground, or to the mean of each group; of a
    /// single group they already are.
    pub(super) fn to_frame(&self, potential: &mut [f64]) {
        if self.model.prior.is_some() {
            let ground = potential.last().copied().unwrap_or(0.0);
            for x in potential.iter_mut() {
                *x -= ground;
            }
        } else if self.n_groups > 1 {
            self.center(potential);
        }
    }

    /// Subtract from the number of each item the mean of its group.
    pub(super) fn center(&self, x: &mut [f64]) {
        if self.n_groups <= 1 {
            let mean = pairwise_sum(x) / x.len().max(1) as f64;
            for x in x {
                *x -= mean;
            }
            return;
        }
        let mut sums = vec![(0.0, 0.0); self.n_groups];
        for (x, &group) in x.iter().zip(&self.groups) {
            let (sum, size) = &mut sums[group as usize];
            *sum += x;
            *size += 1.0;
        }
        for (x, &group) in x.iter_mut().zip(&self.groups) {
            let (sum, size) = sums[group as usize];
            *x -= sum / size;
        }
    }

    /// The error for a shared parameter that the data do not determine beside the others.
    pub(super) fn collinear(&self, shared: usize) -> Error {
        let n_before = self.n_shared - self.scale.len();
        match shared.checked_sub(n_before) {
            Some(column) => Error::Value {
                argument: "covariates",
                rule: "linearly independent of each other, of the order effect and of differences \
                       between items",
                value: "a dependent column".into(),
                index: Some(column),
            },
            None => Error::Value {
                argument: "order_effect",
                rule: "determined by the comparisons beside differences between items",
                value: "an effect that differences between items explain as well".into(),
                index: None,
            },
        }
    }

    /// Number of merged cells.
    pub(super) fn n_cells(&self) -> usize {
        self.wins.len()
    }

    /// Whether the first shared parameter is that of ties.
    pub(super) fn has_tie_parameter(&self) -> bool {
        self.model.ties != Ties::Half
    }

    /// Cells of a pair.
    #[inline(always)]
    pub(super) fn cells_of(&self, pair: usize) -> Range<usize> {
        self.first_cell[pair] as usize..self.first_cell[pair + 1] as usize
    }

    /// Cells of a range of pairs.
    pub(super) fn cells_of_block(&self, pairs: &Range<usize>) -> Range<usize> {
        self.first_cell[pairs.start] as usize..self.first_cell[pairs.end] as usize
    }

    /// Outcomes of a cell, seen from the smaller item.
    #[inline(always)]
    pub(super) fn counts(&self, cell: usize) -> Counts {
        let ties = if self.ties.is_empty() { 0.0 } else { self.ties[cell] };
        Counts { wins: self.wins[cell], losses: self.losses[cell], ties }
    }

    /// Replace the outcomes of a cell; without ties in the data no cell can have any.
    pub(super) fn set_counts(&mut self, cell: usize, counts: Counts) {
        self.wins[cell] = counts.wins;
        self.losses[cell] = counts.losses;
        if let Some(ties) = self.ties.get_mut(cell) {
            *ties = counts.ties;
        }
    }

    /// Whether any game was tied.
    pub(super) fn has_ties(&self) -> bool {
        self.ties.iter().any(|&t| t > 0.0)
    }

    /// Wins, losses and ties, or nothing where there are none, of a range of cells.
    pub(super) fn columns(&self, cells: Range<usize>) -> (&[f64], &[f64], &[f64]) {
        let ties = if self.ties.is_empty() { &[][..] } else { &self.ties[cells.clone()] };
        (&self.wins[cells.clone()], &self.losses[cells], ties)
    }

    /// 1 where the smaller item of a cell was on the left, else -1.
    #[inline(always)]
    pub(super) fn sign(&self, cell: usize) -> f64 {
        if self.reversed.get(cell).copied().unwrap_or(false) { -1.0 } else { 1.0 }
    }

    /// Ranges of pairs that make one block of work each.
    pub(super) fn blocks(&self) -> impl ExactSizeIterator<Item = Range<usize>> + use<'_> {
        self.blocks.windows(2).map(|w| w[0]..w[1])
    }

    /// The `k`-th block of work.
    pub(super) fn block(&self, k: usize) -> Range<usize> {
        self.blocks[k]..self.blocks[k + 1]
    }

    /// Rows of the graph to a block of work; depends on the data alone.
    pub(super) fn rows_per_block(&self) -> usize {
        let (nodes, entries) = (self.pairs.n_nodes(), self.pairs.edge.len());
        (16 * BLOCK_CELLS * nodes / entries.max(1)).clamp(1, BLOCK_CELLS)
    }

    /// Split a vector of strengths and scaled shared parameters.
    pub(super) fn point<'x>(&self, x: &'x [f64]) -> Point<'x> {
        let (strength, shared) = x.split_at(self.n_items);
        let mut shared = shared.iter().copied();
        let tie = if self.has_tie_parameter() { shared.next().unwrap_or(0.0) } else { 0.0 };
        let order = if self.model.order_effect { shared.next().unwrap_or(0.0) } else { 0.0 };
        let beta = shared.zip(&self.scale).map(|(beta, scale)| beta / scale).collect();
        Point { strength, tie, order, beta }
    }

    /// Linear predictor of a cell of a pair, seen from the smaller item.
    #[inline(always)]
    pub(super) fn predictor(&self, pair: usize, cell: usize, at: &Point<'_>) -> f64 {
        let difference = at.strength[self.pairs.low[pair] as usize]
            - at.strength[self.pairs.high[pair] as usize];
        if self.reversed.is_empty() {
            return difference;
        }
        difference + self.sign(cell) * (at.order + self.covariate_term(cell, &at.beta))
    }

    #[inline(always)]
    fn covariate_term(&self, cell: usize, beta: &[f64]) -> f64 {
        if self.source.is_empty() {
            return 0.0;
        }
        self.cells.row(self.source[cell] as usize).iter().zip(beta).map(|(z, b)| z * b).sum()
    }

    /// Derivatives of a cell's linear predictor by the shared parameters that enter it, into `out`:
    /// the last of the shared parameters, in their scaled units.
    #[inline(always)]
    pub(super) fn loadings(&self, cell: usize, out: &mut [f64]) {
        let sign = self.sign(cell);
        let (order, linear) = out.split_at_mut(usize::from(self.model.order_effect));
        order.fill(sign);
        if !self.source.is_empty() {
            let row = self.cells.row(self.source[cell] as usize);
            for ((out, z), scale) in linear.iter_mut().zip(row).zip(&self.scale) {
                *out = sign * (z / scale);
            }
        }
    }

    /// Additions behind one number of the row of a node, one after the other.
    pub(super) fn terms_in_row(&self, node: usize) -> usize {
        let degree = self.pairs.graph().degree(node);
        degree.min(RUN) + degree / RUN
    }

    /// Additions behind one sum over all cells, one after the other.
    pub(super) fn terms_in_block(&self) -> usize {
        let in_block = (BLOCK_CELLS + self.most_cells).min(self.n_cells());
        in_block.min(TILE) + in_block / TILE + self.blocks.len().ilog2() as usize
    }

    /// Largest sum of absolute terms of the shared parameters in a linear predictor.
    pub(super) fn largest_shared_term(&self, at: &Point<'_>, team: &Team) -> f64 {
        if self.source.is_empty() {
            return at.order.abs();
        }
        let worst = team.map_blocks(self.source.len(), BLOCK_CELLS, |cells| {
            cells.fold(0.0_f64, |worst, cell| {
                let row = self.cells.row(self.source[cell] as usize);
                worst.max(row.iter().zip(&at.beta).map(|(z, b)| (z * b).abs()).sum())
            })
        });
        worst.into_iter().fold(0.0, f64::max) + at.order.abs()
    }

    /// Largest absolute linear predictor of a cell.
    pub(super) fn largest_predictor(&self, at: &Point<'_>, team: &Team) -> f64 {
        let worst = team.map_blocks(self.blocks.len() - 1, 1, |k| {
            self.block(k.start)
                .flat_map(|pair| self.cells_of(pair).map(move |cell| (pair, cell)))
                .fold(0.0_f64, |worst, (pair, cell)| {
                    worst.max(self.predictor(pair, cell, at).abs())
                })
        });
        worst.into_iter().fold(0.0, f64::max)
    }

    /// Log-likelihood of the comparisons, the prior left out.
    pub(super) fn log_likelihood(&self, x: &[f64], team: &Team) -> f64 {
        let at = self.point(x);
        let parts = team.map_blocks(self.blocks.len() - 1, 1, |k| {
            let block = self.block(k.start);
            block
                .flat_map(|pair| self.cells_of(pair).map(move |cell| (pair, cell)))
                .map(|(pair, cell)| {
                    let eta = self.predictor(pair, cell, &at);
                    log_likelihood(self.model.ties, self.counts(cell), eta, at.tie)
                })
                .sum()
        });
        pairwise_sum(&parts)
    }
}

/// Boundaries of blocks of at least `BLOCK_CELLS` cells.
fn cut(first_cell: &[u32]) -> Vec<usize> {
    let n_met = first_cell.len() - 1;
    let mut blocks = vec![0];
    let mut start = 0;
    for pair in 0..n_met {
        let end = first_cell[pair + 1] as usize;
        if end - start >= BLOCK_CELLS || pair + 1 == n_met {
            blocks.push(pair + 1);
            start = end;
        }
    }
    blocks
}
