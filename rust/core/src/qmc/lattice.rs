//! Rank-1 lattices, shifted and folded.

use super::coordinate::Coordinate;
use super::point_set::{PointSet, require_run};
use super::scramble::wide_word;
use crate::error::Error;
use crate::rng::Stream;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// Most points of a lattice: products with the generator must fit a word.
pub const MAX_POINTS: u32 = 1 << 31;

const SHIFTS: u32 = 0x514d_0004;

/// Points made in one run, so that runs fill vectors in any dimension.
const RUN: usize = 8;

/// Coordinates of one step of the inner loop.
const LANES: usize = 8;

/// Points `frac(i z / n + shift)`, `i = 0, ..., n - 1`, of a generating vector `z` (d,).
///
/// With a random shift each point is uniform in the cube and none has a coordinate 0 or 1: those to
/// which rounding would lead are moved by it. Without, point 0 is the origin.
///
/// The baker's map `x -> 1 - |2x - 1|` folds the cube, so that functions that are not periodic are
/// integrated as well as periodic ones (Hickernell, "Obtaining O(N^(-2+e)) convergence for lattice
/// quadrature rules", 2002).
///
/// ```
/// use hasten_core::qmc::{Lattice, PointSet};
///
/// let lattice = Lattice::new(5, &[1, 2])?;
/// let mut x = [0.0_f64; 6];
/// lattice.fill(1, &mut x)?;
/// assert_eq!(x, [0.2, 0.4, 0.4, 0.8, 0.6, 0.2]);
/// # Ok::<(), hasten_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Lattice {
    n: u32,
    generator: Vec<u32>,
    shift: Option<Vec<f64>>,
    baker: bool,
    /// Whether even multiples are left out.
    odd: bool,
}

impl Lattice {
    /// The lattice of `n` points, from 1 to [`MAX_POINTS`], and a generating vector modulo `n`.
    ///
    /// # Errors
    /// [`Error::Value`] naming `n`, or `generator` when it is empty.
    pub fn new(n: u32, generator: &[u32]) -> Result<Self, Error> {
        require_points(n)?;
        if generator.is_empty() {
            return Err(Error::Shape {
                argument: "generator",
                expected: "at least one component".into(),
                found: "none".into(),
            });
        }
        Ok(Self { n, generator: generator.to_vec(), shift: None, baker: false, odd: false })
    }

    /// The lattice moved by a uniform shift, drawn for the replicate `task` under `key`.
    ///
    /// The shift of a dimension depends on nothing else.
    #[must_use]
    pub fn shifted(mut self, key: u64, task: u32) -> Self {
        let stream = Stream::new(key, task, SHIFTS);
        let dropped = u64::BITS - f64::BINARY_DIGITS;
        let draw = |j| f64::cell_middle(wide_word(stream, j) >> dropped, f64::EPSILON);
        self.shift = Some((0..self.generator.len()).map(draw).collect());
        self
    }

    /// The lattice folded by the baker's map.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.baker = true;
        self
    }

    /// The points that double this lattice: `frac((2i + 1) z / (2n) + shift)`, `i = 0, ..., n - 1`.
    ///
    /// Together with the points at hand they are the lattice of `2n` points with the same `z`.
    ///
    /// # Errors
    /// [`Error::Value`] naming `n` when `2n` is above [`MAX_POINTS`] or this is itself such a half.
    pub fn refinement(&self) -> Result<Self, Error> {
        let n = if self.odd { None } else { self.n.checked_mul(2) };
        let n = n.ok_or_else(|| refuse_points(u64::from(self.n) * 2))?;
        require_points(n)?;
        Ok(Self { n, odd: true, ..self.clone() })
    }
}

pub(super) fn require_points(n: u32) -> Result<(), Error> {
    if (1..=MAX_POINTS).contains(&n) { Ok(()) } else { Err(refuse_points(u64::from(n))) }
}

fn refuse_points(n: u64) -> Error {
    let rule = "from 1 to 2147483648";
    Error::Value { argument: "n", rule, value: n.to_string(), index: None }
}

impl PointSet for Lattice {
    fn dimension(&self) -> usize {
        self.generator.len()
    }

    fn size(&self) -> u64 {
        u64::from(self.n) >> u32::from(self.odd)
    }

    fn fill<T: Coordinate>(&self, start: u64, out: &mut [T]) -> Result<(), Error> {
        let d = self.dimension();
        require_run(self.size(), start, d, out.len())?;
        let n = u64::from(self.n);
        let (first, step) = if self.odd { (1, 2) } else { (0, 1) };
        let multiples = |i: u64| self.generator.iter().map(move |&z| (i * u64::from(z) % n) as u32);
        let run = start..start + RUN as u64;
        let state: Vec<u32> = run.flat_map(|i| multiples((first + step * i) % n)).collect();
        let advance: Vec<u32> = multiples(step * RUN as u64).collect();
        let shift = self.shift.clone().unwrap_or_else(|| vec![0.0; d]);
        let low = if self.shift.is_some() { T::SMALLEST } else { T::zero() };
        // Without a shift 1/2 folds to 1 exactly.
        let high = if self.baker && self.shift.is_none() { T::one() } else { T::LARGEST };
        dispatch(Fill {
            n: self.n,
            state,
            advance: advance.repeat(RUN),
            shift: shift.repeat(RUN),
            baker: self.baker,
            range: (low, high),
            out,
        });
        Ok(())
    }
}

struct Fill<'a, T> {
    n: u32,
    /// `i z mod n` of the points of a run (run, d).
    state: Vec<u32>,
    /// What a run adds to it.
    advance: Vec<u32>,
    shift: Vec<f64>,
    baker: bool,
    range: (T, T),
    out: &'a mut [T],
}

impl<T: Coordinate> Kernel for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { n, mut state, advance, shift, baker, range, out } = self;
        let one = |state: &mut u32, advance: u32, shift: f64| {
            let x = coordinate(f64::from(*state) / f64::from(n) + shift, baker, range);
            // n is at most 2^31, so the sum does not wrap.
            let next = *state + advance;
            *state = if next >= n { next - n } else { next };
            x
        };
        for out in out.chunks_mut(state.len()) {
            let (out, out_rest) = out.as_chunks_mut::<LANES>();
            let done = out.len() * LANES;
            let (state, state_rest) = state.split_at_mut(done);
            let (advance, advance_rest) = advance.split_at(done);
            let (shift, shift_rest) = shift.split_at(done);
            let chunks = out.iter_mut().zip(state.as_chunks_mut::<LANES>().0);
            let constant = advance.as_chunks::<LANES>().0.iter().zip(shift.as_chunks::<LANES>().0);
            for ((out, state), (advance, shift)) in chunks.zip(constant) {
                for l in 0..LANES {
                    out[l] = one(&mut state[l], advance[l], shift[l]);
                }
            }
            let rest = out_rest.iter_mut().zip(state_rest).zip(advance_rest).zip(shift_rest);
            for (((out, state), &advance), &shift) in rest {
                *out = one(state, advance, shift);
            }
        }
    }
}

/// The fractional part of `x` in `[0, 2)`, folded if asked and kept in the range.
#[inline(always)]
fn coordinate<T: Coordinate>(x: f64, baker: bool, (low, high): (T, T)) -> T {
    let x = if x >= 1.0 { x - 1.0 } else { x };
    let folded = 1.0 - num_traits::Float::abs(2.0 * x - 1.0);
    let x = <T as crate::Float>::from_f64(if baker { folded } else { x });
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}
