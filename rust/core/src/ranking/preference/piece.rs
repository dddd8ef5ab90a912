//! Sets of alternatives, taken apart into rows of a tile.
//!
//! The choices of a ranking `r_1 > r_2 > ... > r_L` of K alternatives are read from the last
//! alternative upwards: each row is the difference of one alternative to those behind it, and a set
//! has K - 1 of them. Pairs, and rankings that are split into pairs, have a row for each comparison.

use super::choices::{Choices, NOT_PLACED};
use super::tile::Tile;
use crate::error::{Error, try_vec};
use crate::float::Float;

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// The rows of a set belong to its positions, last but one first in computation: row
    /// `level * n_members + member` holds the alternative at `level` minus the last one.
    Sequential,
    /// A row is a comparison of its own: preferred minus other alternative.
    Pairs,
}

/// Some rows, and the sets that they come from.
pub(super) struct Piece {
    pub(super) tile: Tile,
    pub(super) rows: Rows,
    pub(super) capacity: usize,
    pub(super) n_rows: usize,
    /// Weight of each member set.
    pub(super) weight: Vec<f64>,
    /// Choices made in each member set.
    pub(super) n_events: Vec<f64>,
    /// Alternatives of each member set.
    pub(super) size: Vec<f64>,
    /// Which member a row of [`Rows::Pairs`] belongs to; empty where each has its own.
    pub(super) member: Vec<u32>,
    /// More rows of the only member follow in the next piece.
    pub(super) continues: bool,
    /// Projection of each row on the coefficients.
    pub(super) score: Vec<f64>,
    /// Probability of each row's alternative among those from it on.
    pub(super) chance: Vec<f64>,
    /// Weight of each row in the gradient: that of the choice times the probability against it.
    pub(super) upset: Vec<f64>,
    /// Square root of each row's weight in the Hessian.
    pub(super) root: Vec<f64>,
    /// Memory for running values of each member set.
    pub(super) sets: [Vec<f64>; 4],
}

impl Piece {
    pub(super) fn new<T: Float>(choices: &Choices<'_, T>, rows: Rows) -> Result<Self, Error> {
        let capacity = Tile::capacity(choices.n_features(), choices.n_alternatives() - 1);
        let row = || try_vec(capacity, 0.0);
        Ok(Self {
            tile: Tile::new(choices.n_features(), capacity)?,
            rows,
            capacity,
            n_rows: 0,
            weight: Vec::with_capacity(capacity),
            n_events: Vec::with_capacity(capacity),
            size: Vec::with_capacity(capacity),
            member: Vec::with_capacity(capacity),
            continues: false,
            score: row()?,
            chance: row()?,
            upset: row()?,
            root: row()?,
            sets: [row()?, row()?, row()?, row()?],
        })
    }

    pub(super) fn n_members(&self) -> usize {
        self.weight.len()
    }

    fn clear(&mut self) {
        self.n_rows = 0;
        self.continues = false;
        self.weight.clear();
        self.n_events.clear();
        self.size.clear();
        self.member.clear();
    }

    fn admit<T: Float>(&mut self, choices: &Choices<'_, T>, set: usize) {
        self.weight.push(choices.weight(set));
        self.n_events.push(choices.n_events(set) as f64);
        self.size.push(choices.size(set) as f64);
    }
}

/// Where the next piece begins.
pub(super) struct Cursor<'a, T> {
    choices: &'a Choices<'a, T>,
    scale: &'a [f64],
    next: usize,
    level: usize,
    end: usize,
    /// The two alternatives of each row: one to be placed, and one to subtract.
    rows: Vec<(&'a [T], &'a [T])>,
    order: Vec<u32>,
    all_pairs: bool,
}

impl<'a, T: Float> Cursor<'a, T> {
    /// Go through some sets. Sets without weight or without an alternative to choose from are
    /// passed over; `all_pairs` says that there are none and that all have two alternatives.
    pub(super) fn new(
        choices: &'a Choices<'a, T>,
        scale: &'a [f64],
        all_pairs: bool,
        sets: std::ops::Range<usize>,
    ) -> Self {
        let (next, end) = (sets.start, sets.end);
        Self { choices, scale, next, level: 0, end, rows: vec![], order: vec![], all_pairs }
    }

    /// Fill `piece`; false when no set is left.
    pub(super) fn advance(&mut self, piece: &mut Piece) -> bool {
        piece.clear();
        self.rows.clear();
        match piece.rows {
            Rows::Sequential => self.sequences(piece),
            Rows::Pairs if self.all_pairs => {
                let sets = self.next..self.end.min(self.next + piece.capacity);
                self.next = sets.end;
                self.choices.extend_with_weights(sets.clone(), &mut piece.weight);
                self.choices.extend_with_pairs(sets, &mut self.rows);
            }
            Rows::Pairs => self.pairs(piece),
        }
        piece.n_rows = self.rows.len();
        piece.tile.write(&self.rows, self.scale);
        piece.n_rows > 0
    }

    fn sequences(&mut self, piece: &mut Piece) {
        let choices = self.choices;
        let n_levels = choices.n_alternatives() - 1;
        let most = (piece.capacity / n_levels).max(1);
        self.order.clear();
        let first = self.next;
        while self.next < self.end && piece.n_members() < most {
            if counts(choices, self.next) {
                piece.admit(choices, self.next);
                choices.order(self.next, &mut self.order);
                self.order.resize(piece.n_members() * (n_levels + 1), NOT_PLACED);
            }
            self.next += 1;
        }
        for level in 0..n_levels {
            let sets = (first..self.next).filter(|&set| counts(choices, set));
            for (set, order) in sets.zip(self.order.chunks_exact(n_levels + 1)) {
                let size = choices.size(set);
                // Behind the last alternative of a smaller set stands nothing.
                self.rows.push(if level + 1 < size {
                    let alternative = |k: usize| choices.alternative(set, order[k] as usize);
                    (alternative(level), alternative(size - 1))
                } else {
                    (choices.origin(), choices.origin())
                });
            }
        }
    }

    fn pairs(&mut self, piece: &mut Piece) {
        let choices = self.choices;
        while self.next < self.end {
            let set = self.next;
            if !counts(choices, set) {
                self.next += 1;
                continue;
            }
            let (n_events, size) = (choices.n_events(set), choices.size(set));
            let n_pairs: usize = (self.level..n_events).map(|level| size - 1 - level).sum();
            if !self.rows.is_empty() && self.rows.len() + n_pairs > piece.capacity {
                return;
            }
            let member = piece.n_members() as u32;
            let resumes = self.level > 0;
            piece.admit(choices, set);
            self.order.clear();
            choices.order(set, &mut self.order);
            while self.level < n_events {
                let others = &self.order[self.level + 1..];
                if self.rows.len() + others.len() > piece.capacity {
                    break;
                }
                let preferred = choices.alternative(set, self.order[self.level] as usize);
                for &other in others {
                    self.rows.push((preferred, choices.alternative(set, other as usize)));
                    piece.member.push(member);
                }
                self.level += 1;
            }
            if self.level < n_events {
                piece.continues = true;
                return;
            }
            self.level = 0;
            self.next += 1;
            // What a set left in an earlier piece belongs to the only member of this one.
            if resumes {
                return;
            }
        }
    }
}

/// Does a set have a weight and an alternative to what was chosen?
fn counts<T: Float>(choices: &Choices<'_, T>, set: usize) -> bool {
    choices.weight(set) > 0.0 && choices.n_events(set) > 0
}
