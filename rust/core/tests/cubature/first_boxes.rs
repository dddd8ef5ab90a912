//! Where integrals over boxes begin.

use hasten_core::quadrature::adaptive::{Boxes, Range, WorkList, box_list};

const INFINITY: f64 = f64::INFINITY;

fn list(n_axes: usize, a: &[f64], b: &[f64], points: &[f64], each: bool) -> WorkList {
    box_list(&Boxes { n_axes, a, b, points, each }).unwrap().1
}

fn bounds(list: &WorkList, owner: u32) -> Vec<&[f64]> {
    (0..list.len()).filter(|&k| list.owners()[k] == owner).map(|k| list.bounds(k)).collect()
}

fn volume(list: &WorkList, owner: u32) -> f64 {
    let one = |bounds: &[f64]| -> f64 {
        let (low, high) = bounds.split_at(bounds.len() / 2);
        low.iter().zip(high).map(|(low, high)| high - low).product()
    };
    bounds(list, owner).into_iter().map(one).sum()
}

#[test]
fn finite_boxes_begin_whole_and_in_order() {
    let list =
        list(2, &[0.0, 5.0, 1.0, 1.0, 0.0, 2.0], &[1.0, 2.0, 3.0, 1.0, 1.0, 3.0], &[], false);
    assert_eq!(bounds(&list, 0), [[0.0, 2.0, 1.0, 5.0]]);
    assert!(bounds(&list, 1).is_empty(), "a side without length");
    assert_eq!(bounds(&list, 2), [[0.0, 2.0, 1.0, 3.0]]);
}

#[test]
fn ranges_that_run_backwards_change_the_sign() {
    let (a, b) = ([0.0, 5.0, 1.0, 1.0, INFINITY, 2.0], [1.0, 2.0, 3.0, 1.0, 0.0, 1.0]);
    let boxes = Boxes { n_axes: 2, a: &a, b: &b, points: &[], each: false };
    assert_eq!(boxes.signs(), [-1.0, 1.0, 1.0]);
}

#[test]
fn infinite_axes_begin_in_halves() {
    let boxes = Boxes {
        n_axes: 3,
        a: &[0.0, -INFINITY, INFINITY],
        b: &[2.0, INFINITY, 1.0],
        points: &[],
        each: false,
    };
    let (ranges, list) = box_list(&boxes).unwrap();
    assert_eq!(ranges, [Range::Finite, Range::Line, Range::Above { from: 1.0 }]);
    assert_eq!(list.len(), 4);
    assert_eq!(list.bounds(0), [0.0, -1.0, 0.0, 2.0, 0.0, 0.5]);
    assert_eq!(volume(&list, 0), 4.0);
}

#[test]
fn break_points_divide_the_boxes_that_hold_them() {
    let inside = [0.25, 0.5];
    let list_of = |points: &[f64]| list(2, &[0.0, 0.0], &[1.0, 1.0], points, false);
    assert_eq!(list_of(&inside).len(), 4);
    // The second lies in one quarter only; on its edges along one axis.
    assert_eq!(list_of(&[0.25, 0.5, 0.5, 0.75]).len(), 7);
    assert_eq!(list_of(&[0.25, 0.5, 0.5, 0.5]).len(), 6);
    // On the edge of the box: the other axis is divided. Outside, or at a corner: nothing is.
    assert_eq!(list_of(&[0.25, 0.0]).len(), 2);
    assert_eq!(list_of(&[0.25, 7.0, 0.0, 1.0, INFINITY, 0.5]).len(), 1);
    assert_eq!(list_of(&[0.25, 0.5, 0.25, 0.5]).len(), 4);
    for points in [&inside[..], &[0.25, 0.5, 0.5, 0.75], &[0.1, 0.1, 0.9, 0.1, 0.3, 0.8]] {
        assert!((volume(&list_of(points), 0) - 1.0).abs() < 1e-15);
    }
}

#[test]
fn integrals_may_have_break_points_of_their_own() {
    let list = list(2, &[0.0; 4], &[1.0; 4], &[0.5, 0.5, 2.0, 0.5], true);
    assert_eq!((bounds(&list, 0).len(), bounds(&list, 1).len()), (4, 1));
    assert_eq!(list.owners(), [0, 0, 0, 0, 1]);
}

#[test]
fn break_points_lie_in_the_coordinates_of_infinite_ranges() {
    let list = list(2, &[0.0, 0.0], &[INFINITY, 1.0], &[3.0, 0.5], false);
    // Halves at coordinate 1/2, and the point at 3 / (1 + 3).
    let ends: Vec<f64> = bounds(&list, 0).iter().map(|bounds| bounds[0]).collect();
    assert_eq!(ends, [0.0, 0.5, 0.5, 0.75, 0.75]);
    assert_eq!(volume(&list, 0), 1.0);
}

#[test]
fn what_does_not_match_is_refused() {
    let boxes = |n_axes, a, b, points, each| box_list(&Boxes { n_axes, a, b, points, each });
    assert!(boxes(0, &[], &[], &[], false).is_err());
    assert!(boxes(2, &[0.0; 3], &[1.0; 3], &[], false).is_err());
    assert!(boxes(2, &[0.0; 2], &[1.0; 4], &[], false).is_err());
    assert!(boxes(2, &[0.0; 2], &[1.0; 2], &[0.5], false).is_err());
    assert!(boxes(2, &[0.0; 4], &[1.0; 4], &[0.5; 2], true).is_err());
    assert!(boxes(1, &[f64::NAN], &[1.0], &[], false).is_err());
    assert!(boxes(1, &[0.0], &[1.0], &[f64::NAN], false).is_err());
    assert!(boxes(2, &[], &[], &[], true).unwrap().1.is_empty());
}
