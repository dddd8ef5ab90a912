//! Whether a finite maximum-likelihood estimate exists (Hunter 2004, assumption 1).
//!
//! Being placed above another is a win. The next item of a ranking is as good an arc as all arcs to
//! items further down, since those follow along the ranking; from the last choice an arc leads to
//! every item that was left.

use super::rankings::Rankings;
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;
use crate::ranking::aggregate::{AnyTally, Games, aggregate};
use crate::ranking::existence::{comparable_groups, require_connected};
use crate::ranking::table::PairTable;
use crate::sparse::{Components, Graph};

/// The groups of items that can be compared both ways, winners' groups first.
///
/// Labels follow the order of wins between groups: no item of a group stands above one of a smaller
/// label in any ranking.
///
/// # Errors
/// [`Error::TooLarge`] and [`Error::Interrupted`].
pub fn comparable_in_rankings(
    rankings: &Rankings<'_>,
    team: &Team,
    control: &dyn Control,
) -> Result<Components, Error> {
    match arcs(rankings, team, control)? {
        None => {
            let n = rankings.n_items();
            Ok(Components { n_components: n, labels: (0..n as u32).collect() })
        }
        Some(AnyTally::Single(tally)) => {
            let graph = Graph::trusted(&tally.offsets, &tally.opponents);
            Ok(comparable_groups(&PairTable::new(graph, &tally.wins, &tally.losses)?))
        }
        Some(AnyTally::Double(tally)) => {
            let graph = Graph::trusted(&tally.offsets, &tally.opponents);
            Ok(comparable_groups(&PairTable::new(graph, &tally.wins, &tally.losses)?))
        }
    }
}

/// Refuse rankings without a finite estimate.
///
/// # Errors
/// [`Error::NotConnected`] with the first offending items; [`Error::Shape`] for rankings that say
/// nothing at all.
pub(super) fn require_estimate(
    rankings: &Rankings<'_>,
    team: &Team,
    control: &dyn Control,
) -> Result<(), Error> {
    match arcs(rankings, team, control)? {
        None => Err(Error::Shape {
            argument: "rankings",
            expected: "at least one ranking of two items or more".into(),
            found: "none".into(),
        }),
        Some(AnyTally::Single(tally)) => {
            let graph = Graph::trusted(&tally.offsets, &tally.opponents);
            require_connected(&PairTable::new(graph, &tally.wins, &tally.losses)?)
        }
        Some(AnyTally::Double(tally)) => {
            let graph = Graph::trusted(&tally.offsets, &tally.opponents);
            require_connected(&PairTable::new(graph, &tally.wins, &tally.losses)?)
        }
    }
}

/// The arcs as games that the upper item won; `None` where there are none.
fn arcs(
    rankings: &Rankings<'_>,
    team: &Team,
    control: &dyn Control,
) -> Result<Option<AnyTally>, Error> {
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for r in (0..rankings.len()).filter(|&r| rankings.is_informative(r)) {
        let (set, n_choices) = (rankings.set(r), rankings.n_choices(r));
        let (placed, left) = set.split_at(n_choices);
        for pair in placed.windows(2) {
            above.push(pair[0]);
            below.push(pair[1]);
        }
        let Some(&last) = placed.last() else { continue };
        above.extend(left.iter().map(|_| last));
        below.extend_from_slice(left);
    }
    if above.is_empty() {
        return Ok(None);
    }
    let games = Games::new(rankings.n_items(), &above, &below, None, None)?;
    aggregate(&games, team, control).map(Some)
}
