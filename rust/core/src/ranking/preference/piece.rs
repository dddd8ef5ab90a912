//! Sets of alternatives, taken apart into rows of a tile.
//!
//! The choices of a ranking `r_1 > r_2 > ... > r_L` of K alternatives are read from the last
//! alternative upwards: each row is the difference of one alternative to those behind it, and a set
//! has K - 1 of them. Pairs, and rankings that are split into pairs, have a row for each comparison.

use super::choices::Choices;
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
    /// Which member a row of [`Rows::Pairs`] belongs to.
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
    order: Vec<u32>,
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
            order: Vec::with_capacity(choices.n_alternatives()),
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
}

impl<'a, T: Float> Cursor<'a, T> {
    /// Go through some sets. Sets without weight or without an alternative to choose from are
    /// passed over.
    pub(super) fn new(
        choices: &'a Choices<'a, T>,
        scale: &'a [f64],
        sets: std::ops::Range<usize>,
    ) -> Self {
        Self { choices, scale, next: sets.start, level: 0, end: sets.end }
    }

    /// Fill `piece`; false when no set is left.
    pub(super) fn advance(&mut self, piece: &mut Piece) -> bool {
        piece.clear();
        match piece.rows {
            Rows::Sequential => self.sequences(piece),
            Rows::Pairs => self.pairs(piece),
        }
        piece.n_rows > 0
    }

    fn counts(&self, set: usize) -> bool {
        self.choices.weight(set) > 0.0 && self.choices.n_events(set) > 0
    }

    fn sequences(&mut self, piece: &mut Piece) {
        let n_levels = self.choices.n_alternatives() - 1;
        let most = (piece.capacity / n_levels).max(1);
        let first = self.next;
        while self.next < self.end && piece.n_members() < most {
            if self.counts(self.next) {
                piece.admit(self.choices, self.next);
            }
            self.next += 1;
        }
        let n_members = piece.n_members();
        piece.n_rows = n_levels * n_members;
        let members = (first..self.next).filter(|&set| self.counts(set)).enumerate();
        for (member, set) in members {
            let mut order = std::mem::take(&mut piece.order);
            self.choices.order(set, &mut order);
            let last = order.last().and_then(|&last| self.choices.alternative(set, last as usize));
            for level in 0..n_levels {
                let row = level * n_members + member;
                // Behind the last alternative of a smaller set stands nothing.
                match order.get(level).filter(|_| level + 1 < order.len()) {
                    Some(&position) => {
                        let alternative = self.choices.alternative(set, position as usize);
                        piece.tile.write(row, alternative, last, self.scale);
                    }
                    None => piece.tile.clear(row),
                }
            }
            piece.order = order;
        }
    }

    fn pairs(&mut self, piece: &mut Piece) {
        while self.next < self.end {
            let set = self.next;
            if !self.counts(set) {
                self.next += 1;
                continue;
            }
            let (n_events, size) = (self.choices.n_events(set), self.choices.size(set));
            let n_pairs: usize = (self.level..n_events).map(|level| size - 1 - level).sum();
            if piece.n_rows > 0 && piece.n_rows + n_pairs > piece.capacity {
                return;
            }
            let member = piece.n_members() as u32;
            let resumes = self.level > 0;
            piece.admit(self.choices, set);
            let mut order = std::mem::take(&mut piece.order);
            self.choices.order(set, &mut order);
            while self.level < n_events {
                let others = &order[self.level + 1..];
                if piece.n_rows + others.len() > piece.capacity {
                    break;
                }
                let preferred = self.choices.alternative(set, order[self.level] as usize);
                for (row, &other) in (piece.n_rows..).zip(others) {
                    let other = self.choices.alternative(set, other as usize);
                    piece.tile.write(row, preferred, other, self.scale);
                    piece.member.push(member);
                }
                piece.n_rows += others.len();
                self.level += 1;
            }
            piece.order = order;
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
