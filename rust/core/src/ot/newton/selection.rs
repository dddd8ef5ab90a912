//! The largest entries of a plan, a given number of them.

use crate::ot::semi_dual::{Kept, Pass};

/// Drop all but the `count` largest of the kept entries; returns the smallest mass that stays.
///
/// Of equal entries at the border the first by rows stay.
pub(super) fn keep_largest(pass: &mut Pass, count: usize, scratch: &mut Vec<f64>) -> f64 {
    let Kept { offsets, columns, values, row_rest, column_rest, .. } = &mut pass.kept;
    if count == 0 || values.len() <= count {
        return values.iter().copied().fold(f64::INFINITY, f64::min);
    }
    scratch.clone_from(values);
    let border = *scratch.select_nth_unstable_by(count - 1, |x, y| y.total_cmp(x)).1;
    let above = values.iter().filter(|&&value| value > border).count();
    let (mut n_equal, mut end) = (count - above, 0);
    for row in 0..row_rest.len() {
        let entries = offsets[row]..offsets[row + 1];
        offsets[row] = end;
        for k in entries {
            let (column, value) = (columns[k], values[k]);
            let stays = value > border || value == border && n_equal > 0;
            if stays {
                n_equal -= usize::from(value == border);
                (columns[end], values[end]) = (column, value);
                end += 1;
            } else {
                row_rest[row] += value;
                column_rest[column as usize] += value;
            }
        }
    }
    let last = offsets.len() - 1;
    offsets[last] = end;
    columns.truncate(end);
    values.truncate(end);
    border
}
