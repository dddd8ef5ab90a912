//! Whether a finite estimate exists: what the counts alone can tell.
//!
//! Without a prior the digraph of wins, ties being wins both ways, must be strongly connected
//! (Ford 1957). A shared parameter asks for more, because strengths and parameter can run off
//! together: a free tie parameter for a closed walk (from winners to losers, ties either way) with
//! more wins than ties, an order effect for closed walks with more wins on the left than on the
//! right and with fewer. Each condition is necessary for its parameter and with strong
//! connectivity sufficient where it is the only one; several parameters or covariates together are
//! settled by the certificate of the iterate.

use super::system::System;
use crate::control::Control;
use crate::error::Error;
use crate::ranking::existence::require_strong;
use crate::sparse::strong_components;

/// Arcs that are looked at between two looks at the caller's wish to stop.
const CHECK_ARCS: usize = 1 << 20;

const TIE_PARAMETER: &str = "tie parameter";
const ORDER_EFFECT: &str = "order effect";
const WITHOUT_ORDER: &str = "fit without an order effect";

/// What of one pair's outcomes is on record.
#[derive(Debug, Clone, Copy, Default)]
struct Outcomes {
    /// The smaller item won on the left, or on the right.
    low_won: [bool; 2],
    /// The larger item won on the left, or on the right.
    high_won: [bool; 2],
    /// There was a tie with the smaller item on the left, or on the right.
    tied: [bool; 2],
}

impl Outcomes {
    fn new(system: &System<'_>, pair: usize) -> Self {
        let mut outcomes = Self::default();
        for cell in system.cells_of(pair) {
            let (counts, side) = (system.counts(cell), usize::from(system.sign(cell) < 0.0));
            outcomes.low_won[side] |= counts.wins > 0.0;
            outcomes.high_won[1 - side] |= counts.losses > 0.0;
            outcomes.tied[side] |= counts.ties > 0.0;
        }
        outcomes
    }

    /// Wins of the smaller item, or of the other, on the left and on the right.
    fn won(self, low: bool) -> [bool; 2] {
        if low { self.low_won } else { self.high_won }
    }

    /// Ties with the smaller item, or the other, on the left and on the right.
    fn tied(self, low: bool) -> [bool; 2] {
        let [left, right] = self.tied;
        if low { [left, right] } else { [right, left] }
    }

    fn any_tie(self) -> bool {
        self.tied != [false; 2]
    }
}

/// Refuse data without a finite estimate, as far as counts tell. Returns whether they settle it.
///
/// O(n + E) time where wins alone, or wins on one side, already make a cycle; otherwise a search
/// for a negative cycle, at worst O(n E).
///
/// # Errors
/// [`Error::NotConnected`], [`Error::Infinite`], and whatever [`Control::check`] returns.
pub(super) fn require_existence(system: &System<'_>, control: &dyn Control) -> Result<bool, Error> {
    let pairs: Vec<Outcomes> =
        (0..system.pairs.n_met).map(|pair| Outcomes::new(system, pair)).collect();
    let has_ties = system.has_tie_parameter();
    let has_order = system.model.order_effect;
    let has_covariates = !system.scale.is_empty();
    if system.model.prior.is_some() {
        require_both_sides(system, &pairs)?;
        return Ok(!has_covariates);
    }
    let graph = system.pairs.graph();
    let outcome = |entry: usize, of_row: bool| {
        let edge = system.pairs.edge[entry] as usize;
        pairs.get(edge).is_some_and(|outcomes| {
            let row_is_low = system.pairs.is_low(entry);
            outcomes.any_tie() || outcomes.won(row_is_low == of_row) != [false; 2]
        })
    };
    require_strong(&graph, &system.groups, |e| outcome(e, true), |e| outcome(e, false))?;
    control.check()?;
    if has_ties {
        // A win is worth 1, a tie costs 1.
        let gain = |outcomes: &Outcomes, low: bool| {
            let won = outcomes.won(low) != [false; 2];
            if won { Some(1) } else { outcomes.any_tie().then_some(-1) }
        };
        if !has_positive_cycle(system, &pairs, gain, control)? {
            return Err(infinite(
                TIE_PARAMETER,
                "no closed walk through the comparisons has more wins than ties",
                "give the strengths a prior or count ties as half wins",
            ));
        }
    }
    if has_order {
        for (side, reason) in [
            (
                0,
                "no closed walk through the comparisons has more wins on the left than on the right",
            ),
            (
                1,
                "no closed walk through the comparisons has more wins on the right than on the left",
            ),
        ] {
            // Along an arc the winner was on the left or on the right; a tie is a win for each.
            let gain = |outcomes: &Outcomes, low: bool| {
                let (won, tied) = (outcomes.won(low), outcomes.tied(low));
                let at = |side: usize| won[side] || tied[side];
                if at(side) { Some(1) } else { at(1 - side).then_some(-1) }
            };
            if !has_positive_cycle(system, &pairs, gain, control)? {
                return Err(infinite(ORDER_EFFECT, reason, WITHOUT_ORDER));
            }
        }
    }
    Ok(!(has_covariates || has_ties && has_order))
}

/// With a prior on the strengths only the shared parameters can be infinite.
fn require_both_sides(system: &System<'_>, pairs: &[Outcomes]) -> Result<(), Error> {
    let free_ties = system.has_tie_parameter();
    let left = |o: &Outcomes| o.low_won[0] || o.high_won[0] || !free_ties && o.any_tie();
    let right = |o: &Outcomes| o.low_won[1] || o.high_won[1] || !free_ties && o.any_tie();
    let (any_left, any_right) = (pairs.iter().any(left), pairs.iter().any(right));
    if free_ties && !any_left && !any_right {
        return Err(infinite(TIE_PARAMETER, "every game was tied", "count ties as half wins"));
    }
    if system.model.order_effect && !(any_left && any_right) {
        let reason =
            if any_left { "the left side always won" } else { "the right side always won" };
        return Err(infinite(ORDER_EFFECT, reason, WITHOUT_ORDER));
    }
    Ok(())
}

fn infinite(parameter: &'static str, reason: &'static str, remedy: &'static str) -> Error {
    Error::Infinite { parameter, reason, remedy }
}

/// Is there a closed walk of positive gain? `gain` is the best of an arc from the smaller or the
/// larger item of a pair to the other one, if there is an arc.
fn has_positive_cycle(
    system: &System<'_>,
    outcomes: &[Outcomes],
    gain: impl Fn(&Outcomes, bool) -> Option<i64>,
    control: &dyn Control,
) -> Result<bool, Error> {
    let pairs = &system.pairs;
    let graph = pairs.graph();
    let n = graph.n_nodes();
    let arc = |entry: usize| {
        let outcomes = outcomes.get(pairs.edge[entry] as usize)?;
        gain(outcomes, pairs.is_low(entry))
    };
    // Arcs of positive gain alone make a cycle in nearly all data.
    if strong_components(&graph, |entry| arc(entry).is_some_and(|gain| gain > 0)).n_components < n {
        return Ok(true);
    }
    control.check()?;
    // Bellman's and Ford's method with the arcs of changed nodes only.
    let mut best = vec![0_i64; n];
    let mut parent: Vec<u32> = (0..n as u32).collect();
    let mut changed: Vec<u32> = (0..n as u32).collect();
    let mut is_next = vec![false; n];
    let mut seen = vec![0_u32; n];
    let mut n_arcs = 0;
    while !changed.is_empty() {
        let mut next = Vec::new();
        for &i in &changed {
            for entry in graph.row(i as usize) {
                n_arcs += 1;
                if n_arcs % CHECK_ARCS == 0 {
                    control.check()?;
                }
                let (Some(gain), j) = (arc(entry), graph.neighbour(entry)) else { continue };
                let value = best[i as usize] + gain;
                if value > best[j as usize] {
                    best[j as usize] = value;
                    parent[j as usize] = i;
                    if !std::mem::replace(&mut is_next[j as usize], true) {
                        next.push(j);
                    }
                }
            }
        }
        for &j in &next {
            is_next[j as usize] = false;
        }
        if has_cycle(&parent, &mut seen) {
            return Ok(true);
        }
        changed = next;
    }
    Ok(false)
}

/// Do the pointers to parents, those of roots being to themselves, make a cycle?
fn has_cycle(parent: &[u32], seen: &mut [u32]) -> bool {
    seen.fill(0);
    for start in 0..parent.len() {
        let mark = start as u32 + 1;
        let mut node = start;
        while seen[node] == 0 {
            seen[node] = mark;
            let above = parent[node] as usize;
            if above == node {
                break;
            }
            node = above;
            if seen[node] == mark {
                return true;
            }
        }
    }
    false
}
