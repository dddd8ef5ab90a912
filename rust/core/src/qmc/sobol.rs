//! Sobol' points in Gray-code order.

use super::coordinate::{Coordinate, Word};
use super::digital_net::{AsIs, DigitalNet, Nested};
use super::directions::{MAX_DIMENSION, directions};
use super::point_set::{PointSet, require_run};
use super::scramble::{Matrix, Scramble, seeds, shifts};
use crate::error::{Error, try_vec};

/// Most digits of a point.
pub const MAX_BITS: u32 = 63;

/// Most digits of a nested scramble, and the usual number.
const NESTED_BITS: u32 = 32;

/// Sobol' points with the direction numbers of Joe and Kuo (2008) in the Gray-code order of Antonov
/// and Saleev (1979), which is also that of SciPy's `qmc.Sobol`.
///
/// A point has `bits` binary digits `k` in each dimension; its coordinate is the middle of its cell,
/// `(k + 1/2) 2^-bits`, so that it is never 0 or 1. Digits beyond those that the scalar type can
/// hold (52 in `f64`, 23 in `f32`) are dropped first. So coordinates in `f64` of at most 52 digits
/// are SciPy's plus `2^-(bits + 1)`.
///
/// Each `2^k` points that begin at a multiple of `2^k` are balanced, whatever the scramble: use them
/// in such groups, the first one included (Owen, "On dropping the first Sobol' point", 2020).
///
/// Memory: `bits d` words and a table of at most 4096 or `d`; a point costs O(d).
///
/// ```
/// use hasten_core::qmc::{PointSet, Scramble, Sobol};
///
/// let sobol = Sobol::new(2, 32, Scramble::None, 0, 0)?;
/// let mut x = [0.0_f64; 8];
/// sobol.fill(0, &mut x)?;
/// let half = 2.0_f64.powi(-33);
/// assert_eq!(x.map(|x| x - half), [0.0, 0.0, 0.5, 0.5, 0.75, 0.25, 0.25, 0.75]);
/// # Ok::<(), hasten_core::Error>(())
/// ```
pub struct Sobol {
    bits: u32,
    net: Net,
}

/// The net by the width of its words and the order of its digits.
enum Net {
    Narrow(DigitalNet<u32>),
    Reversed(DigitalNet<u32>),
    Wide(DigitalNet<u64>),
}

impl Sobol {
    /// The points of `dimension` coordinates with `bits` digits, randomised under `key` and `task`.
    ///
    /// `key` is one draw of the user's generator and `task` the number of the replicate; neither
    /// matters where the scramble is [`Scramble::None`]. Equal arguments give equal points, and the
    /// points of fewer dimensions are the first coordinates of those of more; so it is with digits.
    ///
    /// O(bits d), and O(bits^2 d) for [`Scramble::LinearMatrix`].
    ///
    /// # Errors
    /// [`Error::Value`] naming `d` unless it is from 1 to [`MAX_DIMENSION`], or `bits` unless it is
    /// from 1 to [`MAX_BITS`] (32 for [`Scramble::Owen`]); [`Error::TooLarge`].
    pub fn new(
        dimension: usize,
        bits: u32,
        scramble: Scramble,
        key: u64,
        task: u32,
    ) -> Result<Self, Error> {
        let refuse = |argument, rule, value| {
            Err(Error::Value { argument, rule, value: format!("{value}"), index: None })
        };
        if !(1..=MAX_DIMENSION).contains(&dimension) {
            return refuse("d", "from 1 to 21201", dimension as u64);
        }
        if !(1..=MAX_BITS).contains(&bits) {
            return refuse("bits", "from 1 to 63", u64::from(bits));
        }
        if scramble == Scramble::Owen && bits > NESTED_BITS {
            return refuse("bits", "from 1 to 32 with scramble \"owen\"", u64::from(bits));
        }
        let net = match scramble {
            Scramble::Owen => {
                let columns = columns(dimension, bits, |_, v| {
                    for v in v {
                        *v = v.reverse_bits() << NESTED_BITS;
                    }
                })?;
                let seeds = seeds(dimension, key, task);
                Net::Reversed(DigitalNet::new(&columns, &vec![0; dimension], Some(&seeds)))
            }
            _ if bits <= u32::BITS => Net::Narrow(linear(dimension, bits, scramble, key, task)?),
            _ => Net::Wide(linear(dimension, bits, scramble, key, task)?),
        };
        Ok(Self { bits, net })
    }

    /// Number of binary digits of a coordinate.
    pub fn bits(&self) -> u32 {
        self.bits
    }
}

impl PointSet for Sobol {
    fn dimension(&self) -> usize {
        match &self.net {
            Net::Narrow(net) | Net::Reversed(net) => net.dimension(),
            Net::Wide(net) => net.dimension(),
        }
    }

    fn size(&self) -> u64 {
        1 << self.bits
    }

    fn fill<T: Coordinate>(&self, start: u64, out: &mut [T]) -> Result<(), Error> {
        require_run(self.size(), start, self.dimension(), out.len())?;
        match &self.net {
            Net::Narrow(net) => net.fill(start, self.bits, AsIs, out),
            Net::Reversed(net) => net.fill(start, self.bits, Nested, out),
            Net::Wide(net) => net.fill(start, self.bits, AsIs, out),
        }
        Ok(())
    }
}

/// A net whose scramble, if any, is a matrix and a shift: it changes columns and first point alone.
fn linear<W: Word>(
    dimension: usize,
    bits: u32,
    scramble: Scramble,
    key: u64,
    task: u32,
) -> Result<DigitalNet<W>, Error> {
    let columns = columns(dimension, bits, |j, v| {
        if scramble == Scramble::LinearMatrix {
            let matrix = Matrix::draw(j, key, task);
            for v in v {
                *v = matrix.apply(*v);
            }
        }
    })?;
    let first: Vec<_> = if scramble == Scramble::None {
        vec![W::default(); dimension]
    } else {
        shifts(dimension, key, task).into_iter().map(W::first_of).collect()
    };
    Ok(DigitalNet::new(&columns, &first, None))
}

/// Direction numbers (bits, d), those of each dimension changed by `change(dimension, numbers)`.
fn columns<W: Word>(
    dimension: usize,
    bits: u32,
    change: impl Fn(usize, &mut [u64]),
) -> Result<Vec<W>, Error> {
    let mut columns = try_vec(bits as usize * dimension, W::default())?;
    for j in 0..dimension {
        let mut numbers = directions(j);
        let numbers = &mut numbers[..bits as usize];
        change(j, numbers);
        for (row, &mut v) in columns.chunks_exact_mut(dimension).zip(numbers) {
            row[j] = W::first_of(v);
        }
    }
    Ok(columns)
}
