//! Compressed sparse rows as SciPy stores them, borrowed and checked once.

use std::ops::Range;

use crate::error::Error;

mod sealed {
    pub trait Sealed {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
}

/// `i32` or `i64`: the two index types of SciPy's sparse matrices.
pub trait SparseIndex: sealed::Sealed + Copy + Send + Sync + Into<i64> + 'static {
    /// The index as a number that was checked not to be negative.
    #[inline(always)]
    #[allow(clippy::cast_sign_loss, reason = "`CsrRef::new` has refused negative indices")]
    fn checked(self) -> usize {
        self.into() as usize
    }
}

impl SparseIndex for i32 {}
impl SparseIndex for i64 {}

/// A sparse matrix in compressed rows, borrowed from the caller and never modified.
///
/// Entries of a row may come in any order and may repeat; repeated entries mean their sum.
#[derive(Debug, Clone, Copy)]
pub struct CsrRef<'a, T, I> {
    n_cols: usize,
    indptr: &'a [I],
    indices: &'a [I],
    values: &'a [T],
}

impl<'a, T: Copy, I: SparseIndex> CsrRef<'a, T, I> {
    /// Borrow `indptr` (`n_rows + 1` pointers), `indices` and `values` (one of each per entry).
    ///
    /// One pass checks all that later loops rely on. O(rows + entries) time, no memory.
    ///
    /// # Errors
    /// [`Error::Shape`] for a wrong length, first or last pointer, [`Error::Value`] for a
    /// decreasing pointer, [`Error::Index`] for a column index that is negative or too large.
    pub fn new(
        n_rows: usize,
        n_cols: usize,
        indptr: &'a [I],
        indices: &'a [I],
        values: &'a [T],
    ) -> Result<Self, Error> {
        let shape = |argument, expected: String, found: String| {
            Err(Error::Shape { argument, expected, found })
        };
        if n_rows.checked_add(1) != Some(indptr.len()) {
            let expected = format!("one entry more than the {n_rows} rows");
            return shape("indptr", expected, indptr.len().to_string());
        }
        if values.len() != indices.len() {
            let expected = format!("{} entries to match `indices`", indices.len());
            return shape("data", expected, values.len().to_string());
        }
        let first: i64 = indptr[0].into();
        let last: i64 = indptr[n_rows].into();
        if first != 0 || usize::try_from(last) != Ok(indices.len()) {
            let expected = format!("first entry 0 and last entry {}", indices.len());
            return shape("indptr", expected, format!("{first} and {last}"));
        }
        if let Some(row) = indptr.windows(2).position(|w| w[0].into() > w[1].into()) {
            return Err(Error::Value {
                argument: "indptr",
                rule: "non-decreasing",
                value: indptr[row + 1].into().to_string(),
                index: Some(row + 1),
            });
        }
        let outside = |&j: &I| usize::try_from(j.into()).map_or(true, |j| j >= n_cols);
        if let Some(position) = indices.iter().position(outside) {
            return Err(Error::Index {
                argument: "indices",
                position,
                value: indices[position].into(),
                bound: n_cols,
            });
        }
        Ok(Self { n_cols, indptr, indices, values })
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.indptr.len() - 1
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Number of stored entries, repeated and zero ones included.
    pub fn n_entries(&self) -> usize {
        self.indices.len()
    }

    /// The range of entries of row `i`.
    #[inline(always)]
    pub fn row_range(&self, i: usize) -> Range<usize> {
        self.indptr[i].checked()..self.indptr[i + 1].checked()
    }

    /// Column and value of each entry of row `i`, as stored.
    #[inline(always)]
    pub fn row(&self, i: usize) -> impl ExactSizeIterator<Item = (usize, T)> + use<'a, T, I> {
        let range = self.row_range(i);
        let columns = &self.indices[range.clone()];
        columns.iter().zip(&self.values[range]).map(|(&j, &value)| (j.checked(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_stored() {
        let csr = CsrRef::new(3, 4, &[0_i32, 2, 2, 4], &[3, 0, 1, 1], &[1.0, 2.0, 3.0, 4.0])
            .expect("well formed");
        assert_eq!((csr.n_rows(), csr.n_cols(), csr.n_entries()), (3, 4, 4));
        assert_eq!(csr.row(0).collect::<Vec<_>>(), [(3, 1.0), (0, 2.0)]);
        assert_eq!(csr.row(1).len(), 0);
        assert_eq!(csr.row(2).map(|(_, v)| v).sum::<f64>(), 7.0);
    }

    #[test]
    fn each_fault_is_named() {
        let values = [1.0_f64; 2];
        let error = |n_rows, n_cols, indptr: &[i64], indices: &[i64]| {
            CsrRef::new(n_rows, n_cols, indptr, indices, &values).expect_err("malformed")
        };
        assert!(matches!(error(2, 2, &[0, 2], &[0, 1]), Error::Shape { argument: "indptr", .. }));
        assert!(matches!(error(usize::MAX, 2, &[], &[0, 1]), Error::Shape { .. }));
        assert!(matches!(error(1, 2, &[1, 2], &[0, 1]), Error::Shape { argument: "indptr", .. }));
        assert!(matches!(error(1, 2, &[0, -2], &[0, 1]), Error::Shape { argument: "indptr", .. }));
        assert!(matches!(error(1, 2, &[0, 1], &[0]), Error::Shape { argument: "data", .. }));
        assert!(matches!(
            error(3, 2, &[0, 2, 1, 2], &[0, 1]),
            Error::Value { argument: "indptr", index: Some(2), .. }
        ));
        assert!(matches!(
            error(1, 2, &[0, 2], &[0, -7]),
            Error::Index { argument: "indices", position: 1, value: -7, bound: 2 }
        ));
        assert!(matches!(
            error(1, 2, &[0, 2], &[2, 0]),
            Error::Index { argument: "indices", position: 0, value: 2, bound: 2 }
        ));
    }

    #[test]
    fn an_empty_matrix_is_well_formed() {
        let csr = CsrRef::<f32, i32>::new(0, 0, &[0], &[], &[]).expect("well formed");
        assert_eq!((csr.n_rows(), csr.n_entries()), (0, 0));
    }
}
