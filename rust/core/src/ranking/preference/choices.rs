//! Choices from sets of alternatives that are described by features.

use crate::error::{Error, try_vec};
use crate::float::Float;

/// Stands in `chosen` where a ranking names fewer alternatives than the longest one.
pub const NOT_PLACED: u32 = u32::MAX;

/// The alternatives of each set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One row of features for each alternative.
    Sets,
    /// Pairs, of which only the difference of the two rows is given: the second is the origin.
    Differences,
}

/// Rankings of sets of alternatives, best first; borrowed and checked.
#[derive(Debug, Clone)]
pub struct Choices<'a, T> {
    features: &'a [T],
    chosen: Option<&'a [u32]>,
    set_sizes: Option<&'a [u32]>,
    sample_weight: Option<&'a [f64]>,
    layout: Layout,
    n_sets: usize,
    n_alternatives: usize,
    n_features: usize,
    n_placed: usize,
    /// A row of zeros.
    origin: Vec<T>,
}

impl<'a, T: Float> Choices<'a, T> {
    /// Sets of up to `n_alternatives` alternatives with `n_features` features each.
    ///
    /// `features` holds one row per alternative, set by set. `chosen` holds, for each set, the same
    /// number of positions in the set, best first: one for a choice, all for a full ranking; a
    /// shorter ranking ends in [`NOT_PLACED`]. Rows beyond `set_sizes` are ignored. Weights count
    /// rankings.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Value`], [`Error::NotFinite`] or [`Error::Index`], naming the
    /// argument and the first offender.
    pub fn sets(
        features: &'a [T],
        (n_sets, n_alternatives, n_features): (usize, usize, usize),
        chosen: &'a [u32],
        set_sizes: Option<&'a [u32]>,
        sample_weight: Option<&'a [f64]>,
    ) -> Result<Self, Error> {
        let n_placed = chosen.len().checked_div(n_sets).unwrap_or(0);
        let choices = Self {
            features,
            chosen: Some(chosen),
            set_sizes,
            sample_weight,
            layout: Layout::Sets,
            n_sets,
            n_alternatives,
            n_features,
            n_placed,
            origin: try_vec(n_features, T::default())?,
        };
        let rows = n_sets.checked_mul(n_alternatives);
        choices.check_lengths(rows.and_then(|rows| rows.checked_mul(n_features)))?;
        choices.check_values()?;
        Ok(choices)
    }

    /// Pairs of alternatives, given by the differences of their features.
    ///
    /// `chosen` is 0 where the first alternative of the pair was preferred (all by default) and 1
    /// where the second was.
    ///
    /// # Errors
    /// As [`Choices::sets`].
    pub fn differences(
        features: &'a [T],
        (n_sets, n_features): (usize, usize),
        chosen: Option<&'a [u32]>,
        sample_weight: Option<&'a [f64]>,
    ) -> Result<Self, Error> {
        let choices = Self {
            features,
            chosen,
            set_sizes: None,
            sample_weight,
            layout: Layout::Differences,
            n_sets,
            n_alternatives: 2,
            n_features,
            n_placed: 1,
            origin: try_vec(n_features, T::default())?,
        };
        choices.check_lengths(n_sets.checked_mul(n_features))?;
        choices.check_values()?;
        Ok(choices)
    }

    fn check_lengths(&self, n_entries: Option<usize>) -> Result<(), Error> {
        let shape = |argument, expected: String, found: usize| {
            Err(Error::Shape { argument, expected, found: found.to_string() })
        };
        if self.n_sets == 0 {
            return shape("features", "at least 1 set of alternatives".into(), 0);
        }
        if self.n_features == 0 {
            return shape("features", "at least 1 feature".into(), 0);
        }
        if !(2..NOT_PLACED as usize).contains(&self.n_alternatives) {
            return shape(
                "features",
                "at least 2 alternatives in a set".into(),
                self.n_alternatives,
            );
        }
        if n_entries != Some(self.features.len()) {
            let expected = format!("{n_entries:?} entries").replace("Some(", "").replace(')', "");
            return shape("features", expected, self.features.len());
        }
        let placed = self.chosen.map_or(self.n_sets, <[u32]>::len);
        if !(1..=self.n_alternatives).contains(&self.n_placed)
            || placed != self.n_sets * self.n_placed
        {
            let expected = format!("1 to {} positions for each set", self.n_alternatives);
            return shape("chosen", expected, placed);
        }
        for (argument, found) in [
            ("set_sizes", self.set_sizes.map(<[u32]>::len)),
            ("sample_weight", self.sample_weight.map(<[f64]>::len)),
        ] {
            if let Some(found) = found.filter(|&found| found != self.n_sets) {
                return shape(argument, format!("{} entries, one per set", self.n_sets), found);
            }
        }
        Ok(())
    }

    fn check_values(&self) -> Result<(), Error> {
        for (set, &size) in self.set_sizes.unwrap_or_default().iter().enumerate() {
            if !(1..=self.n_alternatives).contains(&(size as usize)) {
                return Err(Error::Value {
                    argument: "set_sizes",
                    rule: "at least 1 and at most the number of alternatives",
                    value: size.to_string(),
                    index: Some(set),
                });
            }
        }
        if let Some(weights) = self.sample_weight {
            crate::error::require_finite("sample_weight", weights)?;
            let value = |rule, value: f64, index| Error::Value {
                argument: "sample_weight",
                rule,
                value: value.to_string(),
                index,
            };
            if let Some(set) = weights.iter().position(|&weight| weight < 0.0) {
                return Err(value("at least 0", weights[set], Some(set)));
            }
            let total = self.total_weight();
            if !(total > 0.0 && total.is_finite()) {
                return Err(value("of a positive and finite sum", total, None));
            }
        }
        self.check_chosen()
    }

    fn check_chosen(&self) -> Result<(), Error> {
        let Some(chosen) = self.chosen else { return Ok(()) };
        // The set that named a position last: no memory is cleared between sets.
        let mut seen = try_vec(self.n_alternatives, usize::MAX)?;
        for (set, row) in chosen.chunks_exact(self.n_placed).enumerate() {
            let mut ended = false;
            for (v, &position) in row.iter().enumerate() {
                let index = set * self.n_placed + v;
                if position == NOT_PLACED && v > 0 {
                    ended = true;
                } else if position as usize >= self.size(set) {
                    return Err(Error::Index {
                        argument: "chosen",
                        position: index,
                        value: if position == NOT_PLACED { -1 } else { i64::from(position) },
                        bound: self.size(set),
                    });
                } else if ended || seen[position as usize] == set {
                    return Err(Error::Value {
                        argument: "chosen",
                        rule: if ended {
                            "without a position behind the end of a ranking"
                        } else {
                            "without a position that is named twice in one ranking"
                        },
                        value: position.to_string(),
                        index: Some(set),
                    });
                } else {
                    seen[position as usize] = set;
                }
            }
        }
        Ok(())
    }

    /// Number of sets.
    pub fn n_sets(&self) -> usize {
        self.n_sets
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Most alternatives in a set.
    pub fn n_alternatives(&self) -> usize {
        self.n_alternatives
    }

    /// Most alternatives that a ranking places.
    pub(super) fn n_placed(&self) -> usize {
        self.n_placed
    }

    /// Sum of the weights, or the number of sets.
    pub fn total_weight(&self) -> f64 {
        self.sample_weight.map_or(self.n_sets as f64, crate::parallel::pairwise_sum)
    }

    pub(super) fn weight(&self, set: usize) -> f64 {
        self.sample_weight.map_or(1.0, |weights| weights[set])
    }

    pub(super) fn size(&self, set: usize) -> usize {
        self.set_sizes.map_or(self.n_alternatives, |sizes| sizes[set] as usize)
    }

    /// Choices of a set that had an alternative: the number of alternatives that were placed, less
    /// one where nothing was left for the last.
    pub(super) fn n_events(&self, set: usize) -> usize {
        let placed = self.chosen.map_or(1, |chosen| {
            let row = &chosen[set * self.n_placed..(set + 1) * self.n_placed];
            row.iter().take_while(|&&position| position != NOT_PLACED).count()
        });
        placed.min(self.size(set) - 1)
    }

    /// The features of one alternative; zeros for the second of a pair given by its difference.
    pub(super) fn alternative(&self, set: usize, position: usize) -> &[T] {
        let row = match self.layout {
            Layout::Sets => set * self.n_alternatives + position,
            Layout::Differences if position == 0 => set,
            Layout::Differences => return self.origin(),
        };
        &self.features[row * self.n_features..(row + 1) * self.n_features]
    }

    /// Whether every set is a pair with a weight.
    pub(super) fn all_pairs(&self) -> bool {
        self.n_alternatives == 2
            && self.set_sizes.is_none()
            && self.sample_weight.is_none_or(|weights| weights.iter().all(|&weight| weight > 0.0))
    }

    /// Append the two alternatives of each of some pairs, the chosen one first.
    pub(super) fn extend_with_pairs<'b>(
        &'b self,
        sets: std::ops::Range<usize>,
        rows: &mut Vec<(&'b [T], &'b [T])>,
    ) {
        let d = self.n_features;
        let origin = self.origin();
        let order = |first: u32, a: &'b [T], b: &'b [T]| if first == 0 { (a, b) } else { (b, a) };
        let firsts = self.chosen.unwrap_or_default().chunks_exact(self.n_placed);
        let firsts = firsts.skip(sets.start).map(|row| row[0]);
        match (self.layout, self.chosen) {
            (Layout::Differences, None) => {
                let alternatives = self.features[sets.start * d..sets.end * d].chunks_exact(d);
                rows.extend(alternatives.map(|row| (row, origin)));
            }
            (Layout::Differences, Some(_)) => {
                let alternatives = self.features[sets.start * d..sets.end * d].chunks_exact(d);
                rows.extend(alternatives.zip(firsts).map(|(row, first)| order(first, row, origin)));
            }
            (Layout::Sets, _) => {
                let pairs = self.features[2 * sets.start * d..2 * sets.end * d].chunks_exact(2 * d);
                rows.extend(pairs.zip(firsts).map(|(pair, first)| {
                    let (a, b) = pair.split_at(d);
                    order(first, a, b)
                }));
            }
        }
    }

    /// Append the weights of some sets.
    pub(super) fn extend_with_weights(&self, sets: std::ops::Range<usize>, weights: &mut Vec<f64>) {
        match self.sample_weight {
            Some(given) => weights.extend_from_slice(&given[sets]),
            None => weights.resize(weights.len() + sets.len(), 1.0),
        }
    }

    /// A row of zeros.
    pub(super) fn origin(&self) -> &[T] {
        &self.origin
    }

    /// Append the positions of a set in the order of its ranking, the unplaced ones last.
    pub(super) fn order(&self, set: usize, order: &mut Vec<u32>) {
        let start = order.len();
        let first = [0];
        let placed = self
            .chosen
            .map_or(&first[..], |chosen| &chosen[set * self.n_placed..(set + 1) * self.n_placed]);
        order.extend(placed.iter().filter(|&&position| position != NOT_PLACED));
        let (size, end) = (self.size(set), order.len());
        if end - start == size {
            return;
        }
        for position in 0..size as u32 {
            if !order[start..end].contains(&position) {
                order.push(position);
            }
        }
    }

    /// Refuse features that are not finite, naming the first.
    pub(super) fn require_finite(&self) -> Result<(), Error> {
        crate::error::require_finite("features", self.features)
    }
}
