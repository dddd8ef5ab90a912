//! How far an iterate can be from the exact estimate, in standard errors.
//!
//! The theorem is that of paired comparisons (`ranking/certificate.rs`): along any line the third
//! derivative of a choice's log-probability is at most the range of the direction within its set
//! times the second, so the bound holds with `c` the square root of the largest resistance between
//! two items that share a set (with a logistic prior also between an item and the ground).

use super::hessian::Hessian;
use super::layout::{Layout, TILE};
use super::likelihood::{Derivatives, EXP_RANGE, Places};
use super::newton::{Objective, gradient_at_nodes};
use super::pairs::Pairs;
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::parallel::Team;
use crate::ranking::certificate::{Certificate, REFINE_ABOVE};
use crate::ranking::paired::Prior;
use crate::sparse::{Operator, SpanningForest, maximum_spanning_forest};

/// Certify the log-strengths `s` at which `derivatives` were evaluated.
///
/// `correction` may hold an approximate solution `d` of `H d = g`, by item: the better it is, the
/// closer the bound comes to the true decrement.
pub(super) fn certify(
    objective: &Objective<'_>,
    derivatives: &Derivatives,
    s: &[f64],
    correction: Option<&[f64]>,
    team: &Team,
    control: &dyn Control,
) -> Result<Certificate, Error> {
    let Objective { layout, prior, .. } = *objective;
    let skeleton = Pairs::skeleton(layout, derivatives, team, control)?;
    let forest = maximum_spanning_forest(&skeleton.graph(), &skeleton.conductance);
    let mut flow = vec![0.0; forest.order.len()];
    gradient_at_nodes(derivatives, &mut flow);
    let mut decrement = 0.0;
    if let Some(correction) = correction {
        let hessian = Hessian::new(layout, derivatives)?;
        let mut at_nodes = correction.to_vec();
        at_nodes.resize(flow.len(), 0.0);
        let mut product = vec![0.0; flow.len()];
        hessian.multiply(team, &at_nodes, &mut product);
        for (flow, product) in flow.iter_mut().zip(product) {
            *flow -= product;
        }
        decrement += hessian.energy(correction, team).sqrt();
    }
    let mut rounding = rounding(layout, derivatives, s, correction, team)?;
    rounding.resize(flow.len(), 0.0);
    decrement += forest.flow_energy(&flow).sqrt() + forest.flow_energy(&rounding).sqrt();
    control.check()?;

    let mut c = root_path_resistance(layout, prior, &forest, team).sqrt();
    if c.is_infinite() || c * decrement > REFINE_ABOVE {
        c = c.min(path_resistance(layout, prior, &forest, team).sqrt());
    }
    Ok(Certificate::new(decrement, c, derivatives.residual()))
}

/// A bound of the rounding error of each item's gradient, and of the product with `correction`.
///
/// Sums relative to the largest strength add a unit a place, and exponentials of differences their
/// own size in units; the product gathers a few a place, each relative to the range of `correction`.
pub(super) fn rounding(
    layout: &Layout<'_>,
    derivatives: &Derivatives,
    s: &[f64],
    correction: Option<&[f64]>,
    team: &Team,
) -> Result<Vec<f64>, Error> {
    let rankings = layout.rankings;
    let exponentiate = s.iter().all(|x| x.abs() <= EXP_RANGE);
    let range = |set: &[u32], values: &[f64]| {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let values = set.iter().map(|&item| values[item as usize]);
        let (low, high) = values.fold(ends, |(low, high), x| (x.min(low), x.max(high)));
        high - low
    };
    let mut by_entry = try_zeroed::<[f64; 1]>(rankings.n_entries())?;
    layout.for_each_ranking(team, &mut by_entry, |r, out| {
        let (set, weight) = (rankings.set(r), rankings.weight(r));
        let splits = &derivatives.splits[rankings.entries(r)];
        let n_places = set.len() as f64;
        let relative = if exponentiate { 0.0 } else { 2.0 * n_places + range(set, s) };
        let reach = correction.map_or(0.0, |d| (16.0 + 12.0 * n_places) * range(set, d));
        let places = Places::new(splits, rankings.n_choices(r), weight);
        for ((out, place), split) in out.iter_mut().zip(places).zip(splits) {
            let product = reach * weight * split.share * place.visits;
            let gradient = place.rounding + relative * (place.gain + place.loss);
            *out = [f64::EPSILON * (gradient + product)];
        }
    });
    let mut rounding = vec![0.0; layout.n_items()];
    layout.gather(team, &by_entry, &mut rounding, |i, [inherited], out| {
        let degree = layout.degree(i);
        let additions = degree.min(TILE) as f64 + (degree / TILE) as f64;
        let row = &derivatives.rows[i];
        *out = inherited + f64::EPSILON * (4.0 + additions) * (row.gain + row.loss);
    });
    Ok(rounding)
}

/// A bound of the largest resistance by way of the roots: one cheap pass.
fn root_path_resistance(
    layout: &Layout<'_>,
    prior: Option<Prior>,
    forest: &SpanningForest,
    team: &Team,
) -> f64 {
    let to_root = forest.root_resistances();
    let rankings = layout.rankings;
    let worst = layout.map_blocks(team, |block| {
        block.filter(|&r| rankings.is_informative(r)).fold(0.0_f64, |worst, r| {
            let resistances = rankings.set(r).iter().map(|&item| to_root[item as usize]);
            let (first, second) = resistances.fold((0.0_f64, 0.0_f64), |(first, second), x| {
                if x > first { (x, first) } else { (first, second.max(x)) }
            });
            worst.max(first + second)
        })
    });
    let shared = worst.into_iter().fold(0.0, f64::max);
    match (prior, to_root.last()) {
        (Some(Prior::Logistic(_)), Some(ground)) => {
            to_root.iter().fold(shared, |worst, x| worst.max(x + ground))
        }
        _ => shared,
    }
}

/// The largest resistance of a tree path between two items that share a set.
///
/// In a tree the item farthest from any is one end of a longest path (of the set), so two sweeps
/// over a set find its length.
fn path_resistance(
    layout: &Layout<'_>,
    prior: Option<Prior>,
    forest: &SpanningForest,
    team: &Team,
) -> f64 {
    let rankings = layout.rankings;
    let farthest = |set: &[u32], from: u32| {
        set.iter().fold((0.0, from), |(length, end), &item| {
            let path = forest.path_resistance(from, item);
            if path > length { (path, item) } else { (length, end) }
        })
    };
    let worst = layout.map_blocks(team, |block| {
        block.filter(|&r| rankings.is_informative(r)).fold(0.0_f64, |worst, r| {
            let set = rankings.set(r);
            let Some(&first) = set.first() else { return worst };
            let (length, end) = farthest(set, first);
            // A set of two has only one path.
            worst.max(if set.len() == 2 { length } else { farthest(set, end).0 })
        })
    });
    let mut shared = worst.into_iter().fold(0.0, f64::max);
    if let Some(Prior::Logistic(_)) = prior {
        let ground = layout.n_items() as u32;
        shared = (0..ground).fold(shared, |worst, i| worst.max(forest.path_resistance(i, ground)));
    }
    // Which item is farthest is decided on rounded lengths.
    shared * (1.0 + 8.0 * (forest.order.len() as f64 + 64.0) * f64::EPSILON)
}
