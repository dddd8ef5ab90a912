//! Whether a finite maximum-likelihood estimate exists, and who stands in its way.
//!
//! It exists, and is unique up to a constant, if and only if the digraph of wins is strongly
//! connected (Zermelo 1929; Ford 1957, "Solution of a ranking problem from binary comparisons").

use super::table::PairTable;
use crate::error::{Error, Separation};
use crate::float::Float;
use crate::sparse::{Components, connected_components, reaches_all, strong_components};

/// Most items named in an error.
const MAX_OFFENDERS: usize = 10;

/// The groups of items that can be compared both ways, winners' groups first.
///
/// Labels follow the order of wins between groups: a group beats only groups of higher label.
pub fn comparable_groups<T: Float>(table: &PairTable<'_, T>) -> Components {
    strong_components(&table.graph, |entry| table.wins[entry].to_f64() > 0.0)
}

/// Refuse a table without a finite estimate.
///
/// # Errors
/// [`Error::NotConnected`] with the first offending items; [`Error::Shape`] for no items at all.
pub(super) fn require_connected<T: Float>(table: &PairTable<'_, T>) -> Result<(), Error> {
    let n = table.graph.n_nodes();
    if n == 0 {
        return Err(Error::Shape {
            argument: "comparisons",
            expected: "at least one item".into(),
            found: "none".into(),
        });
    }
    let hub = table.graph.hub();
    let beats_all = reaches_all(&table.graph, hub, |entry| table.wins[entry].to_f64() > 0.0);
    if beats_all && reaches_all(&table.graph, hub, |entry| table.losses[entry].to_f64() > 0.0) {
        return Ok(());
    }
    let groups = comparable_groups(table);
    let mut sizes = vec![0_usize; groups.n_components];
    for &label in &groups.labels {
        sizes[label as usize] += 1;
    }
    let main = (0..sizes.len()).max_by_key(|&k| (sizes[k], std::cmp::Reverse(k))).unwrap_or(0);
    let reach = connected_components(&table.graph);
    let in_main = groups.labels.iter().position(|&label| label as usize == main).unwrap_or(0);
    let offenders = (0..n)
        .filter(|&i| groups.labels[i] as usize != main)
        .take(MAX_OFFENDERS)
        .map(|i| {
            let (_, wins, losses) = table.row(i);
            let reason = if reach.labels[i] != reach.labels[in_main] {
                Separation::Unconnected
            } else if wins.iter().all(|w| w.to_f64() == 0.0) {
                Separation::NeverWon
            } else if losses.iter().all(|l| l.to_f64() == 0.0) {
                Separation::NeverLost
            } else {
                Separation::SeparateGroup
            };
            (i, reason)
        })
        .collect();
    Err(Error::NotConnected { n_components: groups.n_components, largest: sizes[main], offenders })
}
