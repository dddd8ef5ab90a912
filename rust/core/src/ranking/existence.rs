//! Whether a finite maximum-likelihood estimate exists, and who stands in its way.
//!
//! It exists, and is unique up to a constant, if and only if the digraph of wins is strongly
//! connected (Zermelo 1929; Ford 1957, "Solution of a ranking problem from binary comparisons").

use super::table::PairTable;
use crate::error::{Error, Separation};
use crate::float::Float;
use crate::sparse::{Components, Graph, connected_components, reaches_all, strong_components};

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
    let won = |entry: usize| table.wins[entry].to_f64() > 0.0;
    let lost = |entry: usize| table.losses[entry].to_f64() > 0.0;
    require_strong(&table.graph, &[], won, lost)
}

/// Refuse wins that do not connect the items of each of the `groups`, or all where none are given.
///
/// `won` and `lost` say of an entry whether the row's item has ever beaten the other, or been
/// beaten by it; a tie is both.
pub(super) fn require_strong(
    graph: &Graph<'_>,
    groups: &[u32],
    won: impl Fn(usize) -> bool,
    lost: impl Fn(usize) -> bool,
) -> Result<(), Error> {
    let n = graph.n_nodes();
    if n == 0 {
        return Err(Error::Shape {
            argument: "comparisons",
            expected: "at least one item".into(),
            found: "none".into(),
        });
    }
    let hub = graph.hub();
    if groups.is_empty() && reaches_all(graph, hub, &won) && reaches_all(graph, hub, &lost) {
        return Ok(());
    }
    let strong = strong_components(graph, &won);
    let n_groups = groups.iter().max().map_or(1, |&g| g as usize + 1);
    if strong.n_components == n_groups {
        return Ok(());
    }
    let sizes = strong.sizes();
    let main = (0..sizes.len()).max_by_key(|&k| (sizes[k], std::cmp::Reverse(k))).unwrap_or(0);
    let reach = connected_components(graph);
    let in_main = strong.labels.iter().position(|&label| label as usize == main).unwrap_or(0);
    let offenders = (0..n)
        .filter(|&i| strong.labels[i] as usize != main)
        .take(MAX_OFFENDERS)
        .map(|i| {
            let reason = if reach.labels[i] != reach.labels[in_main] {
                Separation::Unconnected
            } else if !graph.row(i).any(&won) {
                Separation::NeverWon
            } else if !graph.row(i).any(&lost) {
                Separation::NeverLost
            } else {
                Separation::SeparateGroup
            };
            (i, reason)
        })
        .collect();
    Err(Error::NotConnected { n_components: strong.n_components, largest: sizes[main], offenders })
}
