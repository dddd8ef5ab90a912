//! Covariance matrices of the coefficients.

use super::design::Design;
use super::likelihood::{add_compensated, square};
use super::piece::{Piece, Rows};
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::float::Float;
use crate::linalg::{add_product, columns, columns_mut};
use crate::parallel::Team;

use super::terms::{add_gradient, evaluate_chances};
use super::tile::Tile;

/// Columns that one task multiplies.
const TASK_WIDTH: usize = 64;

/// `sum_i w_i s_i s_i'` over rankings, with `s_i` the gradient of a ranking of weight 1.
pub(super) fn score_products<T: Float>(
    design: &Design<'_, T>,
    coef: &[f64],
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let d = coef.len();
    let mut total = try_zeroed(square(d)?)?;
    let mut lost = try_zeroed(square(d)?)?;
    design.for_each_block(
        team,
        control,
        |piece, mut cursor| {
            let mut block: Vec<f64> = try_zeroed(square(d)?)?;
            let mut unused = (vec![0.0; d], vec![0.0; d]);
            let mut scores = Tile::new(d, piece.capacity)?;
            let mut continued = false;
            while cursor.advance(piece) {
                piece.tile.project(coef, &mut piece.score[..piece.n_rows]);
                evaluate_chances(piece);
                add_gradient(piece, &mut unused.0, &mut unused.1);
                halve_weights(piece);
                let n = piece.n_members();
                for feature in 0..d {
                    let scores = scores.column_mut(feature, n);
                    if !continued {
                        scores.fill(0.0);
                    }
                    add_scores(piece, feature, scores);
                }
                continued = piece.continues;
                if !continued {
                    scores.add_gram(n, &mut block);
                }
            }
            Ok(block)
        },
        |block| add_compensated(&mut total, &block, &mut lost),
    )?;
    total.iter_mut().zip(&lost).for_each(|(sum, lost)| *sum += lost);
    mirror(&mut total, d);
    Ok(total)
}

/// Divide each row's weight in the gradient by the root of its set's weight.
fn halve_weights(piece: &mut Piece) {
    let n = piece.n_members();
    let root: Vec<f64> = piece.weight.iter().map(|weight| weight.sqrt()).collect();
    for (row, upset) in piece.upset[..piece.n_rows].iter_mut().enumerate() {
        *upset /= root[match piece.rows {
            Rows::Sequential => row % n,
            Rows::Pairs => piece.member.get(row).map_or(row, |&member| member as usize),
        }];
    }
}

/// Add one feature's derivative of each member set.
fn add_scores(piece: &mut Piece, feature: usize, scores: &mut [f64]) {
    let n_rows = piece.n_rows;
    let column = piece.tile.column_mut(feature, n_rows);
    if piece.rows == Rows::Sequential || piece.member.is_empty() {
        let upset = piece.upset[..n_rows].chunks_exact(scores.len());
        for (column, upset) in column.chunks_exact(scores.len()).zip(upset) {
            for ((score, x), upset) in scores.iter_mut().zip(column).zip(upset) {
                *score += x * upset;
            }
        }
        return;
    }
    for ((x, upset), &member) in column.iter().zip(&piece.upset).zip(&piece.member) {
        scores[member as usize] += x * upset;
    }
}

/// `inverse middle inverse`, of symmetric matrices.
pub(super) fn sandwich(
    inverse: &[f64],
    middle: &[f64],
    order: usize,
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let half = product(middle, inverse, order, team, control)?;
    product(inverse, &half, order, team, control)
}

fn product(
    left: &[f64],
    right: &[f64],
    order: usize,
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let mut out = try_zeroed(square(order)?)?;
    let round = team.n_threads() * TASK_WIDTH * order;
    for (k, part) in out.chunks_mut(round).enumerate() {
        control.check()?;
        team.for_each_chunk_mut(part, TASK_WIDTH * order, |start, task| {
            let first = k * round + start;
            let right = columns(&right[first..first + task.len()], order);
            add_product(columns_mut(task, order), columns(left, order), right);
        });
    }
    Ok(out)
}

/// Copy the lower triangle to the upper one.
pub(super) fn mirror(matrix: &mut [f64], order: usize) {
    for j in 0..order {
        for i in 0..j {
            matrix[j * order + i] = matrix[i * order + j];
        }
    }
}
