//! Uniforms and normals: bits that do not depend on how they are asked for, and the right law.

use hasten_core::Float;
use hasten_core::rng::{Sample, Stream};
use rand_core::Rng;

fn stream() -> Stream {
    Stream::new(0x0123_4567_89ab_cdef, 5, 6)
}

/// Draws of whole blocks, one by one and outside any dispatched loop.
fn block_by_block<T: Sample>(n_blocks: u64, draw: Draw<T>) -> Vec<T> {
    (0..n_blocks).flat_map(|b| draw(stream().block(b)).as_ref().to_vec()).collect()
}

fn bits<T: Sample>(x: &[T]) -> Vec<u64> {
    x.iter().map(|&x| Float::to_f64(x).to_bits()).collect()
}

type Fill<T> = fn(&Stream, u64, &mut [T]);
type Draw<T> = fn([u32; 4]) -> <T as Sample>::Block;

/// Any range, in any cut, gives the bits of the blocks computed at the baseline SIMD level.
fn any_range_has_the_same_bits<T: Sample>() {
    let kinds: [(Fill<T>, Draw<T>); 3] = [
        (Stream::fill_uniform, T::uniforms),
        (Stream::fill_positive_uniform, T::positive_uniforms),
        (Stream::fill_normal, T::normals),
    ];
    for (fill, draw) in kinds {
        let expected = bits(&block_by_block::<T>(100, draw));
        for start in 0..9 {
            for len in [0, 1, 2, 3, 4, 5, 7, 8, 64, 101] {
                let mut out = vec![T::zero(); len];
                fill(&stream(), start as u64, &mut out);
                assert_eq!(bits(&out), expected[start..start + len]);
            }
        }
    }
}

#[test]
fn any_range_has_the_same_bits_f64() {
    any_range_has_the_same_bits::<f64>();
}

#[test]
fn any_range_has_the_same_bits_f32() {
    any_range_has_the_same_bits::<f32>();
}

#[test]
fn the_end_of_the_index_range() {
    let mut out = [0.0_f64; 3];
    stream().fill_uniform(u64::MAX - 2, &mut out);
    let last = f64::uniforms(stream().block(u64::MAX / 2));
    assert_eq!(out[1..], last);
    let mut out = [0.0_f32; 1];
    stream().fill_uniform(u64::MAX, &mut out);
    assert_eq!(out[0], f32::uniforms(stream().block(u64::MAX / 4))[3]);
}

#[test]
fn uniforms_are_the_top_bits_of_the_words() {
    let mut generator = stream().generator();
    let mut wide = [0.0_f64; 1000];
    stream().fill_uniform(0, &mut wide);
    for u in wide {
        assert_eq!(u, (generator.next_u64() >> 11) as f64 * 2.0_f64.powi(-53));
    }
    let mut generator = stream().generator();
    let mut narrow = [0.0_f32; 1000];
    stream().fill_uniform(0, &mut narrow);
    for u in narrow {
        assert_eq!(u, (generator.next_u32() >> 8) as f32 * 2.0_f32.powi(-24));
    }
}

#[test]
fn the_ends_of_the_unit_interval() {
    let (zeros, ones) = ([0; 4], [u32::MAX; 4]);
    assert_eq!(f64::uniforms(zeros), [0.0; 2]);
    assert_eq!(f64::uniforms(ones), [1.0 - f64::EPSILON / 2.0; 2]);
    assert_eq!(f32::uniforms(ones), [1.0 - f32::EPSILON / 2.0; 4]);
    assert_eq!(f64::positive_uniforms(zeros), [2.0_f64.powi(-54); 2]);
    assert_eq!(f32::positive_uniforms(zeros), [2.0_f32.powi(-25); 4]);
    assert_eq!(f64::positive_uniforms(ones), [1.0; 2]);
    assert_eq!(f32::positive_uniforms(ones), [1.0; 4]);
    for words in [zeros, ones, [0, 0, u32::MAX, u32::MAX], [u32::MAX, u32::MAX, 0, 0]] {
        assert!(f64::normals(words).iter().all(|z| z.abs() < 8.7));
        assert!(f32::normals(words).iter().all(|z| z.abs() < 5.9));
    }
}

#[test]
fn normals_follow_box_and_muller() {
    for index in 0..1000 {
        let words = stream().block(index);
        let ([u, _], [_, v]) = (f64::positive_uniforms(words), f64::uniforms(words));
        let (radius, angle) = ((-2.0 * u.ln()).sqrt(), v * std::f64::consts::TAU);
        let normals = f64::normals(words);
        let tolerance = 16.0 * f64::EPSILON * radius;
        assert!((normals[0] - radius * angle.cos()).abs() <= tolerance);
        assert!((normals[1] - radius * angle.sin()).abs() <= tolerance);
    }
}

/// The first four moments and the correlation of neighbours, each within five standard errors: a
/// chance of less than one in a million to be outside.
fn moments_of_normals<T: Sample>() {
    const N: usize = 1 << 18;
    let mut z = vec![T::zero(); N];
    stream().fill_normal(0, &mut z);
    let n = N as f64;
    let moment = |power: i32| z.iter().map(|&z| Float::to_f64(z.powi(power))).sum::<f64>() / n;
    for (power, mean, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let deviation = (moment(power) - mean) / (variance / n).sqrt();
        assert!(deviation.abs() < 5.0, "power {power}: {deviation} standard errors");
    }
    let neighbours = z.windows(2).map(|z| Float::to_f64(z[0] * z[1])).sum::<f64>();
    assert!((neighbours / n.sqrt()).abs() < 5.0);
}

#[test]
fn moments_of_normals_f64() {
    moments_of_normals::<f64>();
}

#[test]
fn moments_of_normals_f32() {
    moments_of_normals::<f32>();
}
