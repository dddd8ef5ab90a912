//! What Sobol' points and lattices have in common: any run of points can be made alone.

use super::coordinate::Coordinate;
use super::normal::Normal;
use crate::error::{Error, try_zeroed};
use crate::parallel::Team;

/// Coordinates of a block of work: half a megabyte of doubles, a fraction of a millisecond.
const BLOCK: usize = 1 << 16;

/// Blocks a thread makes between two looks at the caller's wish to stop.
const LOOK: usize = 32;

/// A sequence of points in the unit cube; point `i` is a function of `i` alone.
pub trait PointSet: Sync {
    /// Number of coordinates of a point.
    fn dimension(&self) -> usize;

    /// Number of points.
    fn size(&self) -> u64;

    /// Write the coordinates of points `start, start + 1, ...` to `out` (n, d), whose length is a
    /// multiple of `d`; on the calling thread, in O(n d).
    ///
    /// # Errors
    /// [`Error::Shape`] when `out` does not hold whole points, [`Error::Value`] (`start`, `n`) when
    /// there are fewer points.
    fn fill<T: Coordinate>(&self, start: u64, out: &mut [T]) -> Result<(), Error>;

    /// Points `start..start + n` (n, d), made by all threads of `team`, and made `normal` if asked.
    ///
    /// The bits do not depend on the number of threads. Memory: the result alone.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and those of [`PointSet::points_into`].
    fn points<T: Coordinate>(
        &self,
        start: u64,
        n: usize,
        normal: Option<Normal>,
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
    ) -> Result<Vec<T>, Error> {
        let d = self.dimension();
        require_points(self.size(), start, n as u64)?;
        let bytes = n as u128 * d as u128 * size_of::<T>() as u128;
        let mut out = try_zeroed(n.checked_mul(d).ok_or(Error::TooLarge { bytes })?)?;
        self.points_into(start, &mut out, normal, team, check)?;
        Ok(out)
    }

    /// As [`PointSet::points`], written to the caller's `out` (n, d).
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Value`] as for [`PointSet::fill`], [`Error::Value`] for
    /// Box-Muller in an odd dimension, and whatever `check` returns; `out` is then unspecified.
    fn points_into<T: Coordinate>(
        &self,
        start: u64,
        out: &mut [T],
        normal: Option<Normal>,
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let d = self.dimension();
        require_run(self.size(), start, d, out.len())?;
        if let Some(normal) = normal {
            normal.require_dimension(d)?;
        }
        let rows = (BLOCK / d).max(1);
        let look = rows * LOOK * team.n_threads();
        for (part, out) in out.chunks_mut(look * d).enumerate() {
            check()?;
            let first = start + (part * look) as u64;
            let blocks = out.chunks_mut(rows * d).enumerate().collect();
            team.for_each_part(blocks, |(k, block): (usize, &mut [T])| {
                let filled = self.fill(first + (k * rows) as u64, block);
                debug_assert!(filled.is_ok(), "the range was checked");
                if let Some(normal) = normal {
                    normal.apply(block);
                }
            });
        }
        Ok(())
    }
}

/// The number of whole points of `d` coordinates in `len` numbers, where the set has them.
pub(super) fn require_run(size: u64, start: u64, d: usize, len: usize) -> Result<(), Error> {
    if !len.is_multiple_of(d) {
        return Err(Error::Shape {
            argument: "out",
            expected: format!("a length that is a multiple of {d}"),
            found: format!("length {len}"),
        });
    }
    require_points(size, start, (len / d) as u64)
}

/// Refuse points beyond the last.
fn require_points(size: u64, start: u64, n: u64) -> Result<(), Error> {
    let fits = start.checked_add(n).is_some_and(|end| end <= size);
    if fits {
        return Ok(());
    }
    Err(Error::Value {
        argument: "n",
        rule: "at most the number of points that are left from `start` on",
        value: format!("n = {n}, start = {start} of {size} points"),
        index: None,
    })
}
