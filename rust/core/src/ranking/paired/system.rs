//! Cells in the order of their pairs, with all that does not change while a model is fitted.

use std::ops::Range;

use super::pairs::{Joint, Pairs, is_reversed, sorted_cells};
use super::terms::{Counts, log_likelihood, log_sigmoid};
use super::{Cells, Model, Prior, Ties};
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
    /// Boundaries of the blocks of work, in pairs.
    blocks: Vec<usize>,
    /// The group of each item; empty where there is one, or a prior.
    pub groups: Vec<u32>,
    /// Number of groups.
    pub n_groups: usize,
    /// Total weight.
    pub n_games: f64,
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
    /// and for `groups` that are no groups; [`Error::TooLarge`].
    pub(super) fn new(
        cells: Cells<'a>,
        model: &Model,
        groups: Option<&[u32]>,
    ) -> Result<Self, Error> {
        cells.validate()?;
        model.validate()?;
        let groups = groups.filter(|_| model.prior.is_none()).unwrap_or_default();
        let n_groups = count_groups(&cells, groups)?;
        if cells.n_items >= i32::MAX as usize {
            return Err(Error::TooLarge { bytes: 64 * cells.n_items as u128 });
        }
        let order = sorted_cells(&cells)?;
        if order.is_empty() {
            return Err(Error::Value {
                argument: "comparisons",
                rule: "of positive total weight",
                value: "none".into(),
                index: None,
            });
        }
        let any_ties = cells.ties.iter().any(|&t| t > 0.0);
        let tie_dropped = model.ties != Ties::Half && !any_ties;
        let model = if tie_dropped { Model { ties: Ties::Half, ..*model } } else { *model };
        let n_shared = model.n_shared(cells.n_covariates);
        let directed = model.order_effect || cells.n_covariates > 0;

        let (mut low, mut high, mut first_cell) = (Vec::new(), Vec::new(), Vec::new());
        let (mut wins, mut losses, mut ties) = (Vec::new(), Vec::new(), Vec::new());
        let (mut reversed, mut source) = (Vec::new(), Vec::new());
        for &c in &order {
            let cell = c as usize;
            let turned = is_reversed(&cells, cell);
            let (i, j) = (cells.left[cell], cells.right[cell]);
            let (i, j) = if turned { (j, i) } else { (i, j) };
            let new_pair = low.last() != Some(&i) || high.last() != Some(&j);
            if new_pair {
                low.push(i);
                high.push(j);
                first_cell.push(wins.len() as u32);
            }
            let (up, down) = (cells.wins[cell], cells.losses[cell]);
            let (up, down) = if turned { (down, up) } else { (up, down) };
            let merge = !new_pair
                && cells.n_covariates == 0
                && (!directed || reversed.last() == Some(&turned));
            if merge {
                let last = wins.len() - 1;
                wins[last] += up;
                losses[last] += down;
                if any_ties {
                    ties[last] += cells.tie(cell);
                }
                continue;
            }
            wins.push(up);
            losses.push(down);
            if any_ties {
                ties.push(cells.tie(cell));
            }
            if directed {
                reversed.push(turned);
            }
            if cells.n_covariates > 0 {
                source.push(c);
            }
        }
        first_cell.push(wins.len() as u32);
        drop(order);
        let blocks = cut(&first_cell);
        let joint = match model.prior {
            Some(_) => Joint::Ground,
            None if n_groups > 1 => Joint::Groups(groups, n_groups),
            None => Joint::None,
        };
        let pairs = Pairs::new(cells.n_items, low, high, joint)?;
        let n_games = pairwise_sum(&wins) + pairwise_sum(&losses) + pairwise_sum(&ties);
        let scale = scales(&cells);
        Ok(Self {
            model,
            tie_dropped,
            n_items: cells.n_items,
            n_shared,
            pairs,
            first_cell,
            wins,
            losses,
            ties,
            reversed,
            source,
            cells,
            scale,
            blocks,
            groups: if n_groups > 1 { groups.to_vec() } else { Vec::new() },
            n_groups,
            n_games,
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

    /// Logarithm of the prior density of strengths, up to a constant.
    pub(super) fn log_prior(&self, strength: &[f64], team: &Team) -> f64 {
        match self.model.prior {
            None => 0.0,
            Some(Prior::Logistic(weight)) => team.sum_blocks(strength.len(), |block| {
                strength[block].iter().map(|&s| weight * (log_sigmoid(s) + log_sigmoid(-s))).sum()
            }),
            Some(Prior::Gaussian(precision)) => team.sum_blocks(strength.len(), |block| {
                strength[block].iter().map(|&s| -0.5 * precision * s * s).sum()
            }),
        }
    }
}

/// Number of groups, after a check that they are numbered without gaps and that no cell joins two.
fn count_groups(cells: &Cells<'_>, groups: &[u32]) -> Result<usize, Error> {
    if groups.is_empty() {
        return Ok(1);
    }
    if groups.len() != cells.n_items {
        return Err(Error::Shape {
            argument: "groups",
            expected: format!("{} entries, one per item", cells.n_items),
            found: groups.len().to_string(),
        });
    }
    if let Some(position) = groups.iter().position(|&g| g as usize >= cells.n_items) {
        let value = i64::from(groups[position]);
        return Err(Error::Index { argument: "groups", position, value, bound: cells.n_items });
    }
    let n_groups = groups.iter().max().map_or(1, |&g| g as usize + 1);
    let mut present = vec![false; n_groups];
    for &group in groups {
        present[group as usize] = true;
    }
    let value =
        |rule, value: String, index| Err(Error::Value { argument: "groups", rule, value, index });
    if let Some(missing) = present.iter().position(|present| !present) {
        return value("numbered without gaps", format!("no item in group {missing}"), None);
    }
    let group = |items: &[u32], c: usize| groups[items[c] as usize];
    let joins = |&c: &usize| group(cells.left, c) != group(cells.right, c);
    match (0..cells.len()).find(joins) {
        Some(c) => value("unions of compared items", "a comparison across groups".into(), Some(c)),
        None => Ok(n_groups),
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

/// Weighted root mean square of each covariate.
fn scales(cells: &Cells<'_>) -> Vec<f64> {
    (0..cells.n_covariates)
        .map(|a| {
            let column = || (0..cells.len()).map(|c| (c, cells.row(c)[a].abs()));
            let games = |c: usize| cells.wins[c] + cells.losses[c] + cells.tie(c);
            let present = || column().filter(|&(c, _)| games(c) > 0.0);
            let largest = present().fold(0.0_f64, |top, (_, z)| top.max(z));
            if largest == 0.0 {
                return 1.0;
            }
            let (mut sum, mut total) = (0.0, 0.0);
            for (c, z) in present() {
                sum += games(c) * (z / largest).powi(2);
                total += games(c);
            }
            let scale = largest * (sum / total).sqrt();
            if scale >= f64::MIN_POSITIVE { scale } else { largest }
        })
        .collect()
}
