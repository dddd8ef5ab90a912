//! Sums in an order that depends on the length alone.

/// Sum in a fixed tree order, with an error that grows with the logarithm of the length.
pub fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() <= 16 {
        return values.iter().sum();
    }
    let (left, right) = values.split_at(values.len().div_ceil(2));
    pairwise_sum(left) + pairwise_sum(right)
}

#[cfg(test)]
mod tests {
    use super::pairwise_sum;

    #[test]
    fn integers_are_summed_exactly() {
        for len in [0, 1, 15, 16, 17, 33, 1000] {
            let values: Vec<f64> = (0..len).map(f64::from).collect();
            assert_eq!(pairwise_sum(&values), f64::from(len * (len - 1) / 2));
        }
    }

    #[test]
    fn the_error_stays_at_a_few_roundings() {
        let values = vec![0.1; 1 << 20];
        let exact = 0.1 * f64::from(1 << 20);
        assert!((pairwise_sum(&values) / exact - 1.0).abs() < 20.0 * f64::EPSILON);
    }
}
