//! The alias method: Vose, "A linear algorithm for generating random numbers with a given
//! distribution" (1991).

use super::draws::Draws;

/// Draws of indices in proportion to weights, in constant time after one pass.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    /// The share of each cell that is its own.
    own: Vec<f64>,
    /// Whose the rest of the cell is.
    other: Vec<u32>,
}

impl Alias {
    /// A table of weights of at least 0 with a positive sum, at most 2^32 of them.
    pub(super) fn new(weights: &[f64], sum: f64) -> Self {
        let n = weights.len();
        let mut own: Vec<f64> = weights.iter().map(|w| w / sum * n as f64).collect();
        let mut other: Vec<u32> = (0..n).map(|i| i as u32).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..n as u32).partition(|&i| own[i as usize] < 1.0);
        while let (Some(&low), Some(&high)) = (small.last(), large.last()) {
            small.pop();
            other[low as usize] = high;
            own[high as usize] -= 1.0 - own[low as usize];
            if own[high as usize] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        // What rounding left over is full, unless it never had any weight.
        for i in small.into_iter().chain(large) {
            if weights[i as usize] > 0.0 {
                own[i as usize] = 1.0;
            }
        }
        Self { own, other }
    }

    /// One index.
    pub(super) fn draw(&self, draws: &mut Draws) -> usize {
        let (cell, uniform) = draws.index(self.own.len());
        if uniform < self.own[cell] { cell } else { self.other[cell] as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn frequencies_are_the_weights() {
        let weights = [0.0, 3.0, 0.5, 1.0, 0.0, 5.5];
        let table = Alias::new(&weights, 10.0);
        let mut draws = Draws::new(Stream::new(3, 0, 0), 0);
        let mut counts = [0_u32; 6];
        for _ in 0..100_000 {
            counts[table.draw(&mut draws)] += 1;
        }
        assert_eq!((counts[0], counts[4]), (0, 0));
        let square: f64 = [1, 2, 3, 5]
            .iter()
            .map(|&i| {
                let expected = weights[i] * 1e4;
                (f64::from(counts[i]) - expected).powi(2) / expected
            })
            .sum();
        // 3 degrees of freedom.
        assert!(square < 31.0, "{square}");
    }
}
