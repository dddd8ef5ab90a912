//! Direction numbers of Joe and Kuo, "Constructing Sobol sequences with better two-dimensional
//! projections" (2008), unpacked one dimension at a time.
//!
//! The table holds primitive polynomials and initial numbers in 394 kB; `make_directions.py` writes
//! it and describes its layout, `JOE_KUO_LICENCE.txt` is its licence.

/// Number of dimensions in the table.
pub const MAX_DIMENSION: usize = 21_201;

/// Digits in which direction numbers are computed.
pub(super) const DIGITS: usize = 64;

static TABLE: &[u8] = include_bytes!("joe_kuo.bin");

/// Number of dimensions whose polynomial has degree 1, 2, ..., 18, in the order of the table.
const PER_DEGREE: [usize; 18] =
    [1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176, 144, 630, 756, 1800, 2048, 7710, 7776];

/// A reader of bit fields; bits fill bytes from the highest down.
struct Fields {
    position: usize,
}

impl Fields {
    /// The degree of the polynomial of dimension `dimension >= 1`, and its fields.
    fn of(dimension: usize) -> (usize, Self) {
        let (mut index, mut position, mut degree) = (dimension - 1, 0, 1);
        while index >= PER_DEGREE[degree - 1] {
            index -= PER_DEGREE[degree - 1];
            position += PER_DEGREE[degree - 1] * Self::length(degree);
            degree += 1;
        }
        (degree, Self { position: position + index * Self::length(degree) })
    }

    /// Bits of one dimension: `s - 1` coefficients and `1 + 2 + ... + (s - 1)` of initial numbers.
    const fn length(degree: usize) -> usize {
        (degree - 1) * (degree + 2) / 2
    }

    /// The next `length` bits as an integer.
    fn next(&mut self, length: usize) -> u64 {
        let range = self.position..self.position + length;
        self.position = range.end;
        range.fold(0, |value, bit| {
            let place = 7 - bit % 8;
            (value << 1) | u64::from((TABLE[bit / 8] >> place) & 1)
        })
    }
}

/// Direction numbers `v_1, v_2, ...` of a dimension below [`MAX_DIMENSION`], as fractions of 2^64.
///
/// With the polynomial `x^s + a_1 x^(s-1) + ... + a_(s-1) x + 1` and odd `m_j < 2^j`,
///
/// ```text
/// v_j = m_j 2^(64-j),                                                              j <= s
/// v_j = a_1 v_(j-1) ^ ... ^ a_(s-1) v_(j-s+1) ^ v_(j-s) ^ (v_(j-s) >> s),          j > s
/// ```
///
/// Number `j` ends in place `j`, so its digits do not depend on how many are asked for.
pub(super) fn directions(dimension: usize) -> [u64; DIGITS] {
    let mut v = [0; DIGITS];
    if dimension == 0 {
        // Van der Corput's sequence: every m is 1.
        v.iter_mut().enumerate().for_each(|(j, v)| *v = 1 << (DIGITS - 1 - j));
        return v;
    }
    let (degree, mut fields) = Fields::of(dimension);
    let coefficients = fields.next(degree - 1);
    for (j, v) in v.iter_mut().enumerate().take(degree) {
        *v = ((fields.next(j) << 1) | 1) << (DIGITS - 1 - j);
    }
    for j in degree..DIGITS {
        let last = v[j - degree];
        v[j] = last ^ (last >> degree);
        for k in 1..degree {
            if (coefficients >> (degree - 1 - k)) & 1 == 1 {
                v[j] ^= v[j - k];
            }
        }
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_fill_the_table() {
        assert_eq!(PER_DEGREE.iter().sum::<usize>() + 1, MAX_DIMENSION);
        let (degree, fields) = Fields::of(MAX_DIMENSION - 1);
        assert_eq!(degree, 18);
        assert_eq!((fields.position + Fields::length(degree)).div_ceil(8), TABLE.len());
    }

    /// Lines of `new-joe-kuo-6.21201`: d, s, a, m.
    #[test]
    fn the_first_lines_of_the_table() {
        for (line, degree, a, m) in [
            (2, 1, 0, &[1][..]),
            (3, 2, 1, &[1, 3]),
            (4, 3, 1, &[1, 3, 1]),
            (8, 5, 2, &[1, 1, 5, 5, 17]),
            (10, 5, 7, &[1, 1, 7, 11, 19]),
        ] {
            let (found, mut fields) = Fields::of(line - 1);
            assert_eq!((found, fields.next(degree - 1)), (degree, a));
            let v = directions(line - 1);
            for (j, &m) in m.iter().enumerate() {
                assert_eq!(v[j], m << (63 - j));
            }
        }
    }

    #[test]
    fn every_matrix_is_triangular_with_a_full_diagonal() {
        for dimension in 0..MAX_DIMENSION {
            let v = directions(dimension);
            assert!(v.iter().enumerate().all(|(j, v)| v.trailing_zeros() as usize == 63 - j));
        }
    }
}
