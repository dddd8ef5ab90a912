//! The aggregated table, owned.

use crate::error::{Error, try_zeroed};
use crate::float::Float;

/// Pairs that met, in compressed rows: both directions of each pair, opponents ascending.
///
/// Entry `e` of row `i` holds the weight with which `i` beat `opponents[e]`, lost to it, and tied
/// with it. The mirrored entry holds the same with wins and losses exchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally<T> {
    /// Row `i` has entries `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<usize>,
    /// The other item, by entry.
    pub opponents: Vec<u32>,
    /// Weight of the row item's wins, by entry.
    pub wins: Vec<T>,
    /// Weight of the row item's losses, by entry.
    pub losses: Vec<T>,
    /// Weight of ties, by entry; `None` when no game was a tie.
    pub ties: Option<Vec<T>>,
}

/// A [`Tally`] in the narrowest precision that holds its weights exactly.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyTally {
    /// All weights are exact in single precision.
    Single(Tally<f32>),
    /// Some weight needs double precision.
    Double(Tally<f64>),
}

/// The entries of some consecutive rows; `ties` is empty where there are none.
pub(super) struct Part<'a, T> {
    pub(super) opponents: &'a mut [u32],
    pub(super) wins: &'a mut [T],
    pub(super) losses: &'a mut [T],
    pub(super) ties: &'a mut [T],
}

impl<T: Float> Tally<T> {
    /// A table with these row offsets and entries that are all zero.
    pub(super) fn zeroed(offsets: Vec<usize>, has_ties: bool) -> Result<Self, Error> {
        let n_entries = offsets.last().copied().unwrap_or(0);
        Ok(Self {
            opponents: try_zeroed(n_entries)?,
            wins: try_zeroed(n_entries)?,
            losses: try_zeroed(n_entries)?,
            ties: if has_ties { Some(try_zeroed(n_entries)?) } else { None },
            offsets,
        })
    }

    /// Split the entries into consecutive parts of the given sizes, which must add up.
    pub(super) fn split(&mut self, sizes: impl IntoIterator<Item = usize>) -> Vec<Part<'_, T>> {
        let mut opponents = self.opponents.as_mut_slice();
        let mut wins = self.wins.as_mut_slice();
        let mut losses = self.losses.as_mut_slice();
        let mut ties = self.ties.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let has_ties = !ties.is_empty();
        let cut = |size| Part {
            opponents: opponents.split_off_mut(..size).unwrap_or_default(),
            wins: wins.split_off_mut(..size).unwrap_or_default(),
            losses: losses.split_off_mut(..size).unwrap_or_default(),
            ties: ties.split_off_mut(..if has_ties { size } else { 0 }).unwrap_or_default(),
        };
        sizes.into_iter().map(cut).collect()
    }

    /// All weights in a row.
    fn weights(&self) -> impl Iterator<Item = &[T]> {
        [&self.wins, &self.losses].into_iter().chain(&self.ties).map(Vec::as_slice)
    }

    /// The same table in another precision, rounded if need be.
    pub(super) fn convert<U: Float>(self) -> Result<Tally<U>, Error> {
        Ok(Tally {
            wins: convert(&self.wins)?,
            losses: convert(&self.losses)?,
            ties: self.ties.as_deref().map(convert).transpose()?,
            offsets: self.offsets,
            opponents: self.opponents,
        })
    }
}

impl AnyTally {
    /// Store in single precision if that loses nothing.
    pub(super) fn narrow(self) -> Result<Self, Error> {
        match self {
            Self::Double(tally) if tally.weights().all(fits_single) => {
                Ok(Self::Single(tally.convert()?))
            }
            other => Ok(other),
        }
    }
}

/// Whether every weight survives a round trip through single precision.
pub(super) fn fits_single(weights: &[f64]) -> bool {
    weights
        .chunks(1024)
        .all(|block| block.iter().fold(true, |fits, &w| fits & (f64::from(w as f32) == w)))
}

fn convert<T: Float, U: Float>(values: &[T]) -> Result<Vec<U>, Error> {
    let mut converted = try_zeroed(values.len())?;
    for (to, &from) in converted.iter_mut().zip(values) {
        *to = U::from_f64(Float::to_f64(from));
    }
    Ok(converted)
}

/// Row offsets from row lengths.
pub(super) fn offsets_from_lengths(
    n_rows: usize,
    lengths: impl Iterator<Item = u32>,
) -> Result<Vec<usize>, Error> {
    let mut offsets = try_zeroed(n_rows + 1)?;
    let mut end = 0;
    for (offset, length) in offsets[1..].iter_mut().zip(lengths) {
        end += length as usize;
        *offset = end;
    }
    Ok(offsets)
}
