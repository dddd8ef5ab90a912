use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::labels::MAX_ITEMS;

/// Wins, losses and ties by ordered pair, summed game after game.
type Naive = BTreeMap<(u32, u32), [f64; 3]>;

fn naive(games: &Games<'_>) -> Naive {
    let mut sums = Naive::new();
    for k in 0..games.len() {
        let weight = games.weight.map_or(1.0, |weight| weight[k]);
        if weight == 0.0 {
            continue;
        }
        let (left, right) = (games.left[k], games.right[k]);
        let (of_left, of_right) = match games.outcome.map_or(1, |outcome| outcome[k]) {
            0 => (1, 0),
            1 => (0, 1),
            _ => (2, 2),
        };
        sums.entry((left, right)).or_default()[of_left] += weight;
        sums.entry((right, left)).or_default()[of_right] += weight;
    }
    sums
}

fn listed(tally: AnyTally) -> Naive {
    let tally = match tally {
        AnyTally::Single(tally) => tally.convert::<f64>().unwrap(),
        AnyTally::Double(tally) => tally,
    };
    let n = tally.offsets.len() - 1;
    let mut sums = Naive::new();
    for row in 0..n {
        let entries = tally.offsets[row]..tally.offsets[row + 1];
        assert!(tally.opponents[entries.clone()].is_sorted_by(|a, b| a < b));
        for e in entries {
            let ties = tally.ties.as_ref().map_or(0.0, |ties| ties[e]);
            let values = [tally.wins[e], tally.losses[e], ties];
            sums.insert((row as u32, tally.opponents[e]), values);
        }
    }
    sums
}

#[derive(Debug, Clone)]
struct Columns {
    n_items: usize,
    left: Vec<u32>,
    right: Vec<u32>,
    outcome: Option<Vec<u8>>,
    weight: Option<Vec<f64>>,
}

impl Columns {
    fn games(&self) -> Games<'_> {
        let (outcome, weight) = (self.outcome.as_deref(), self.weight.as_deref());
        Games::new(self.n_items, &self.left, &self.right, outcome, weight).unwrap()
    }
}

fn columns(max_items: usize, max_games: usize) -> impl Strategy<Value = Columns> {
    let weight = prop_oneof![
        3 => (0_u32..4).prop_map(f64::from),
        2 => 0.0..3.0_f64,
        1 => Just(1e-300),
        1 => Just(1e15),
    ];
    let size = (2..=max_items, 1..=max_games, any::<bool>(), any::<bool>());
    size.prop_flat_map(move |(n_items, n_games, with_outcome, with_weight)| {
        let n = n_items as u32;
        let pair = (0..n, 1..n).prop_map(move |(i, step)| (i, (i + step) % n));
        let game = (pair, 0_u8..3, weight.clone());
        prop::collection::vec(game, n_games).prop_map(move |games| {
            let mut weight: Vec<f64> = games.iter().map(|game| game.2).collect();
            weight[0] = 1.0;
            Columns {
                n_items,
                left: games.iter().map(|game| game.0.0).collect(),
                right: games.iter().map(|game| game.0.1).collect(),
                outcome: with_outcome.then(|| games.iter().map(|game| game.1).collect()),
                weight: with_weight.then_some(weight),
            }
        })
    })
}

proptest! {
    #[test]
    fn both_ways_equal_a_naive_sum(columns in columns(40, 800)) {
        let games = columns.games();
        let team = Team::sequential();
        let expected = naive(&games);
        prop_assert_eq!(&listed(histogram::tally(&games, &()).unwrap()), &expected);
        let partitioned = partition_chunks(&games, CHUNK, &team, &()).unwrap();
        prop_assert_eq!(&listed(partitioned.clone()), &expected);
        prop_assert_eq!(histogram::tally(&games, &()).unwrap(), partitioned);
    }

    #[test]
    fn many_items_equal_a_naive_sum(columns in columns(1_000_000, 300)) {
        let games = columns.games();
        let tally = aggregate(&games, &Team::sequential(), &()).unwrap();
        prop_assert_eq!(listed(tally), naive(&games));
    }

    #[test]
    fn chunks_merge_to_the_whole(columns in columns(12, 300), chunk in 1_usize..200) {
        let games = columns.games();
        let team = Team::sequential();
        let chunked = listed(partition_chunks(&games, chunk, &team, &()).unwrap());
        let whole = naive(&games);
        prop_assert!(chunked.keys().eq(whole.keys()));
        for (pair, sums) in &whole {
            for (a, b) in sums.iter().zip(chunked[pair]) {
                // Sums of the same positive terms in another order.
                prop_assert!((a - b).abs() <= 300.0 * f64::EPSILON * a);
            }
        }
    }
}

/// A game list of `n_games` without random numbers: multiplicative hashes of the row.
fn scrambled(n_items: u32, n_games: u32) -> Columns {
    let hash = |k: u32, salt: u32| (k ^ salt).wrapping_mul(0x9E37_79B1) >> 7;
    let left: Vec<u32> = (0..n_games).map(|k| hash(k, 1) % n_items).collect();
    let right = left.iter().enumerate().map(|(k, &i)| {
        let step = 1 + hash(k as u32, 77) % (n_items - 1);
        (i + step) % n_items
    });
    Columns {
        n_items: n_items as usize,
        right: right.collect(),
        left,
        outcome: Some((0..n_games).map(|k| (hash(k, 5) % 3) as u8).collect()),
        weight: None,
    }
}

#[test]
fn several_blocks_and_slices_equal_a_naive_sum() {
    // 1.2 million games are two slices; 3000 and 70,000 items need keys of 4 and of 8 bytes.
    for (n_items, n_games) in [(3000, 1_200_000), (70_000, 40_000), (4_000_000, 50_000)] {
        let columns = scrambled(n_items, n_games);
        let games = columns.games();
        let tally = partition_chunks(&games, CHUNK, &Team::sequential(), &()).unwrap();
        assert_eq!(listed(tally), naive(&games));
    }
}

#[test]
fn counts_past_single_precision_are_exact() {
    let halves = [f64::from(1 << 23); 2];
    let first = Games::new(2, &[0, 0], &[1, 1], None, Some(&halves)).unwrap();
    let first = aggregate(&first, &Team::sequential(), &()).unwrap();
    assert!(matches!(first, AnyTally::Single(_)));
    let one = Games::new(2, &[0], &[1], None, None).unwrap();
    let one = aggregate(&one, &Team::sequential(), &()).unwrap();
    let AnyTally::Double(sum) = merge::merge(&first, &one, &Team::sequential()).unwrap() else {
        panic!("2^24 + 1 is not exact in single precision");
    };
    assert_eq!(sum.wins, [16_777_217.0, 0.0]);
}

#[test]
fn weights_of_zero_leave_no_entry() {
    let games = Games::new(3, &[0, 1], &[1, 2], None, Some(&[1.0, 0.0])).unwrap();
    for tally in [
        histogram::tally(&games, &()).unwrap(),
        partition_chunks(&games, 1, &Team::sequential(), &()).unwrap(),
    ] {
        assert_eq!(listed(tally).len(), 2);
    }
}

#[test]
fn precision_is_single_exactly_when_that_is_exact() {
    for (weight, single) in [(0.5, true), (1e15, false), (1e-300, false), (0.1, false)] {
        let weights = [weight];
        let games = Games::new(2, &[0], &[1], None, Some(&weights)).unwrap();
        let tally = partition_chunks(&games, CHUNK, &Team::sequential(), &()).unwrap();
        assert_eq!(matches!(tally, AnyTally::Single(_)), single, "{weight}");
        assert_eq!(histogram::tally(&games, &()).unwrap(), tally);
    }
}

#[test]
fn malformed_games_are_refused_with_the_row() {
    let refused =
        |n, left: &[u32], right: &[u32], outcome: Option<&[u8]>, weight: Option<&[f64]>| {
            Games::new(n, left, right, outcome, weight).unwrap_err().to_string()
        };
    assert_eq!(
        refused(2, &[0, 0], &[1], None, None),
        "`right` must have 2 entries, as `left` has; got 1"
    );
    assert_eq!(
        refused(2, &[0], &[1], Some(&[]), None),
        "`outcome` must have 1 entries, as `left` has; got 0"
    );
    assert_eq!(
        refused(2, &[], &[], None, None),
        "`left` must have at least one comparison; got no comparisons"
    );
    assert_eq!(
        refused(2, &[0, 1], &[1, 2], None, None),
        "`right` must hold indices below 2; got 2 at index 1"
    );
    assert_eq!(
        refused(2, &[0, 1], &[1, 1], None, None),
        "`right` must be different from `left`; got 1 at index 1"
    );
    assert_eq!(
        refused(2, &[0, 1], &[1, 0], Some(&[1, 3]), None),
        "`outcome` must be 1 (left won), 0 (right won) or 2 (tie); got 3 at index 1"
    );
    assert_eq!(
        refused(2, &[0, 1], &[1, 0], None, Some(&[1.0, -2.0])),
        "`weight` must be at least 0; got -2 at index 1"
    );
    assert_eq!(
        refused(2, &[0, 1], &[1, 0], None, Some(&[f64::NAN, 1.0])),
        "`weight` must be finite; got NaN at index 0"
    );
    assert_eq!(
        refused(2, &[0, 1], &[1, 0], None, Some(&[0.0, 0.0])),
        "`weight` must be positive in at least one row; got zeros only: total weight is zero"
    );
    assert_eq!(
        refused(MAX_ITEMS + 1, &[0], &[1], None, None),
        "`n_items` must be at most 2147483646; got 2147483647"
    );
}
