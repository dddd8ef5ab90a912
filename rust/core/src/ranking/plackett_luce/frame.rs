//! Groups of items whose strengths are identified up to a constant each.

use super::rankings::Rankings;
use crate::error::Error;
use crate::ranking::paired::Prior;

/// Where strengths are identified up to a constant each.
#[derive(Debug, Clone)]
pub(super) struct Frame<'a> {
    groups: &'a [u32],
    sizes: Vec<usize>,
    has_prior: bool,
    bridges: Vec<(u32, u32)>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(n_items: usize, groups: &'a [u32], prior: Option<Prior>) -> Self {
        let n_groups = groups.iter().max().map_or(1, |&last| last as usize + 1);
        let mut sizes = vec![0; n_groups];
        for &group in groups {
            sizes[group as usize] += 1;
        }
        if groups.is_empty() {
            sizes[0] = n_items;
        }
        let bridges = bridges(groups, n_groups);
        Self { groups, sizes, has_prior: prior.is_some(), bridges }
    }

    /// Number of groups that have items.
    pub(super) fn n_groups(&self) -> usize {
        self.sizes.iter().filter(|&&size| size > 0).count()
    }

    /// Subtract the mean of each group.
    pub(super) fn centre(&self, x: &mut [f64]) {
        if self.has_prior || x.is_empty() {
            return;
        }
        if self.groups.is_empty() {
            let mean = crate::parallel::pairwise_sum(x) / x.len() as f64;
            for x in x {
                *x -= mean;
            }
            return;
        }
        let mut means = vec![0.0; self.sizes.len()];
        for (x, &group) in x.iter().zip(self.groups) {
            means[group as usize] += x;
        }
        for (mean, &size) in means.iter_mut().zip(&self.sizes) {
            *mean /= size.max(1) as f64;
        }
        for (x, &group) in x.iter_mut().zip(self.groups) {
            *x -= means[group as usize];
        }
    }

    /// The items of each group; none where all items are one.
    pub(super) fn members(&self) -> Vec<Vec<usize>> {
        if self.n_groups() == 1 {
            return Vec::new();
        }
        let mut members = vec![Vec::new(); self.sizes.len()];
        for (item, &group) in self.groups.iter().enumerate() {
            members[group as usize].push(item);
        }
        members.retain(|items| !items.is_empty());
        members
    }

    /// Edges that join the groups: no flow of a system that balances in each group crosses them.
    pub(super) fn bridges(&self) -> &[(u32, u32)] {
        &self.bridges
    }
}

/// Edges from the first item of all to the first of each other group.
fn bridges(groups: &[u32], n_groups: usize) -> Vec<(u32, u32)> {
    let mut first: Vec<Option<u32>> = vec![None; n_groups];
    for (item, &group) in groups.iter().enumerate() {
        first[group as usize].get_or_insert(item as u32);
    }
    let firsts: Vec<u32> = first.into_iter().flatten().collect();
    firsts.iter().skip(1).map(|&item| (firsts[0], item)).collect()
}

/// Check that groups are numbered from 0, that no ranking crosses them, and that there is no prior.
pub(super) fn check_groups(
    rankings: &Rankings<'_>,
    groups: &[u32],
    prior: Option<Prior>,
) -> Result<(), Error> {
    if groups.is_empty() {
        return Ok(());
    }
    let n = rankings.n_items();
    if groups.len() != n || prior.is_some() {
        return Err(Error::Shape {
            argument: "groups",
            expected: format!("{n} entries, one per item, and none with a prior"),
            found: groups.len().to_string(),
        });
    }
    if let Some(position) = groups.iter().position(|&group| group as usize >= n) {
        let value = i64::from(groups[position]);
        return Err(Error::Index { argument: "groups", position, value, bound: n });
    }
    let crossing = (0..rankings.len()).filter(|&r| rankings.is_informative(r)).find(|&r| {
        let mut labels = rankings.set(r).iter().map(|&item| groups[item as usize]);
        let first = labels.next();
        labels.any(|label| Some(label) != first)
    });
    crossing.map_or(Ok(()), |row| {
        Err(Error::Value {
            argument: "groups",
            rule: "such that no ranking has items of two groups",
            value: "a ranking that has".into(),
            index: Some(row),
        })
    })
}
