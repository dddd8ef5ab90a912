//! Times of vector kernels beside the standard library's, as ratios: `cargo bench --bench elementary`.

use std::hint::black_box;
use std::time::Instant;

use hasten_core::rng::{Sample, Stream};
use hasten_core::simd;

const LEN: usize = 4096;
const REPEATS: usize = 400;

/// Seconds of the fastest of many runs.
fn seconds(mut work: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..REPEATS).map(once).fold(f64::INFINITY, f64::min)
}

fn report(name: &str, standard: f64, ours: f64) {
    println!(
        "{name:28} std {:6.2} ns  ours {:6.2} ns  ratio {:5.2}",
        standard / LEN as f64 * 1e9,
        ours / LEN as f64 * 1e9,
        standard / ours
    );
}

fn elementary<T: simd::Elementary>(name: &str) {
    let mut uniform = vec![0.0_f64; LEN];
    Stream::new(1, 0, 0).fill_uniform(0, &mut uniform);
    let x: Vec<T> = uniform.iter().map(|u| T::from_f64(20.0 * u - 10.0)).collect();
    let positive: Vec<T> = x.iter().map(|x| x.exp()).collect();
    let mut out = vec![T::zero(); LEN];
    let mut map = |x: &[T], f: fn(T) -> T| {
        seconds(|| {
            for (out, &x) in out.iter_mut().zip(black_box(x)) {
                *out = f(x);
            }
            black_box(&out);
        })
    };
    let (std_exp, std_log) = (map(&x, T::exp), map(&positive, T::ln));
    report(&format!("exp {name}"), std_exp, seconds(|| simd::exp(black_box(&x), &mut out)));
    report(&format!("log {name}"), std_log, seconds(|| simd::log(black_box(&positive), &mut out)));
    let naive = seconds(|| {
        let largest = black_box(&x).iter().fold(T::neg_infinity(), |a, &b| a.max(b));
        let sum: f64 = x.iter().map(|&x| (x - largest).exp().to_f64()).sum();
        black_box(largest.to_f64() + sum.ln());
    });
    report(
        &format!("log_sum_exp {name}"),
        naive,
        seconds(|| {
            black_box(simd::log_sum_exp(black_box(&x)));
        }),
    );
    let naive = seconds(|| {
        let products = black_box(&x).iter().zip(black_box(&positive));
        black_box(products.map(|(&a, &b)| a.to_f64() * b.to_f64()).sum::<f64>());
    });
    report(
        &format!("dot {name}"),
        naive,
        seconds(|| {
            black_box(simd::dot(black_box(&x), black_box(&positive)));
        }),
    );
}

fn random<T: Sample>(name: &str) {
    let stream = Stream::new(1, 0, 0);
    let mut out = vec![T::zero(); LEN];
    let mut one_by_one = |f: fn([u32; 4]) -> T::Block| {
        seconds(|| {
            for (block, out) in out.chunks_exact_mut(T::PER_BLOCK).enumerate() {
                out.copy_from_slice(f(black_box(stream).block(block as u64)).as_ref());
            }
            black_box(&out);
        })
    };
    let (uniform, normal) = (one_by_one(T::uniforms), one_by_one(T::normals));
    report(&format!("uniform {name}, block by block"), uniform, {
        seconds(|| black_box(stream).fill_uniform(0, &mut out))
    });
    report(&format!("normal {name}, block by block"), normal, {
        seconds(|| black_box(stream).fill_normal(0, &mut out))
    });
}

fn main() {
    elementary::<f64>("f64");
    elementary::<f32>("f32");
    random::<f64>("f64");
    random::<f32>("f32");
}
