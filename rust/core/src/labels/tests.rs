use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn naive<T: Ord + Clone>(left: &[T], right: &[T]) -> (Vec<T>, [Vec<u32>; 2]) {
    let items: BTreeSet<T> = left.iter().chain(right).cloned().collect();
    let codes: BTreeMap<T, u32> = items.iter().cloned().zip(0..).collect();
    let encode = |side: &[T]| side.iter().map(|label| codes[label]).collect();
    (items.into_iter().collect(), [encode(left), encode(right)])
}

fn labels() -> impl Strategy<Value = Vec<i64>> {
    let few = prop::collection::vec(-3..9_i64, 0..80);
    let far = prop::collection::vec(prop_oneof![-3..9_i64, any::<i64>()], 0..80);
    prop_oneof![few, far]
}

fn texts() -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(0..4_u32, 0..=5), 0..60)
}

/// Texts padded to `width`, and the texts themselves without trailing zeros.
fn padded(texts: &[Vec<u32>], width: usize) -> (Vec<u32>, Vec<Vec<u32>>) {
    let mut characters = Vec::new();
    let mut trimmed = Vec::new();
    for text in texts {
        characters.extend(text.iter().copied().chain(std::iter::repeat(0)).take(width));
        let len = text.iter().rposition(|&c| c != 0).map_or(0, |last| last + 1);
        trimmed.push(text[..len].to_vec());
    }
    (characters, trimmed)
}

proptest! {
    #[test]
    fn integers_equal_a_sorted_set(left in labels(), right in labels()) {
        let (items, codes) = naive(&left, &right);
        let encoding = encode_integers(&left, &right, &()).unwrap();
        prop_assert_eq!(&encoding.items, &items);
        prop_assert_eq!(encoding.codes.as_ref(), Some(&codes));
        let reversed: Vec<i64> = items.iter().rev().copied().collect();
        let found = find_integers(&reversed, &left, &right, &()).unwrap();
        for (codes, found) in codes.iter().flatten().zip(found.iter().flatten()) {
            prop_assert_eq!(*codes as usize, items.len() - 1 - *found as usize);
        }
    }

    #[test]
    fn texts_equal_a_sorted_set(left in texts(), right in texts()) {
        // Rows of different width on the two sides.
        let (left_characters, left) = padded(&left, 5);
        let (right_characters, right) = padded(&right, 8);
        let (items, codes) = naive(&left, &right);
        let (l, r) = (Texts::new(&left_characters, 5).unwrap(), Texts::new(&right_characters, 8).unwrap());
        let encoding = encode_texts(l, r, &()).unwrap();
        prop_assert_eq!(&encoding.codes, &codes);
        let listed = Texts::new(&encoding.items, encoding.width).unwrap();
        let (expected, _) = padded(&items, encoding.width);
        prop_assert_eq!(&encoding.items, &expected);
        prop_assert_eq!(find_texts(listed, l, r, &()).unwrap(), codes);
    }
}

#[test]
fn codes_are_not_copied() {
    let encoding = encode_integers(&[0_i32, 2], &[1, 0], &()).unwrap();
    assert_eq!(encoding, Encoding { items: vec![0, 1, 2], codes: None });
    assert!(encode_integers(&[0_i32, 2], &[2, 0], &()).unwrap().codes.is_some());
    assert!(encode_integers(&[1_u32, 2], &[2, 1], &()).unwrap().codes.is_some());
}

#[test]
fn extreme_integers_are_told_apart() {
    let encoding = encode_integers(&[i64::MIN, i64::MAX], &[0, -1], &()).unwrap();
    assert_eq!(encoding.items, [i64::MIN, -1, 0, i64::MAX]);
    let encoding = encode_integers(&[u64::MAX, u64::MAX - 1], &[u64::MAX, u64::MAX], &()).unwrap();
    assert_eq!(encoding.items, [u64::MAX - 1, u64::MAX]);
    assert_eq!(encoding.codes, Some([vec![1, 0], vec![1, 1]]));
}

#[test]
fn the_table_grows() {
    let left: Vec<i64> = (0..20_000).map(|k| k * 1_000_003).collect();
    let right: Vec<i64> = left.iter().rev().copied().collect();
    let codes = encode_integers(&left, &right, &()).unwrap().codes.unwrap();
    assert!(codes[0].iter().copied().eq(0..20_000));
    assert!(codes[1].iter().copied().eq((0..20_000).rev()));
}

#[test]
fn unknown_and_repeated_labels_are_named() {
    let far = 1_i64 << 40;
    for items in [vec![5, 7], vec![5, 7, far]] {
        let error = find_integers(&items, &[5, 7], &[7, -6], &()).unwrap_err();
        assert_eq!(error.to_string(), "`right` must be one of `items`; got -6 at index 1");
    }
    for items in [vec![5, 7, 5], vec![5, far, 5]] {
        let error = find_integers(&items, &[], &[], &()).unwrap_err();
        assert_eq!(error.to_string(), "`items` must be without repetitions; got 5 at index 2");
    }
    let ab = Texts::new(b"ab", 1).unwrap();
    let error = find_texts(ab, Texts::new(b"b\0xy", 2).unwrap(), ab, &()).unwrap_err();
    assert_eq!(error.to_string(), "`left` must be one of `items`; got 'xy' at index 1");
    let error = find_texts(Texts::new(b"aba", 1).unwrap(), ab, ab, &()).unwrap_err();
    assert_eq!(error.to_string(), "`items` must be without repetitions; got 'a' at index 2");
    assert!(Texts::new(b"abc", 2).is_err());
}
