//! Runs of draws: any range of a stream, in vector code.

use super::{Sample, Stream};
use crate::simd::{Arithmetic, Kernel, dispatch};

/// What the words of a block become.
trait Transform<T: Sample>: Copy {
    fn apply(self, words: [u32; 4]) -> T::Block;
}

#[derive(Clone, Copy)]
struct Uniform;

#[derive(Clone, Copy)]
struct PositiveUniform;

#[derive(Clone, Copy)]
struct Normal;

impl<T: Sample> Transform<T> for Uniform {
    #[inline(always)]
    fn apply(self, words: [u32; 4]) -> T::Block {
        T::uniforms(words)
    }
}

impl<T: Sample> Transform<T> for PositiveUniform {
    #[inline(always)]
    fn apply(self, words: [u32; 4]) -> T::Block {
        T::positive_uniforms(words)
    }
}

impl<T: Sample> Transform<T> for Normal {
    #[inline(always)]
    fn apply(self, words: [u32; 4]) -> T::Block {
        T::normals(words)
    }
}

struct Fill<'a, T, F> {
    stream: Stream,
    start: u64,
    out: &'a mut [T],
    transform: F,
}

impl<T: Sample, F: Transform<T>> Kernel for Fill<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { stream, start, out, transform } = self;
        let draws = |block| transform.apply(stream.block(block));
        let mut block = start / T::PER_BLOCK as u64;
        let skipped = (start % T::PER_BLOCK as u64) as usize;
        // The rest of a block that begins before `start`; nothing if none does.
        let head = (T::PER_BLOCK - skipped) % T::PER_BLOCK;
        let (head, body) = out.split_at_mut(head.min(out.len()));
        if !head.is_empty() {
            head.copy_from_slice(&draws(block).as_ref()[skipped..skipped + head.len()]);
            block += 1;
        }
        let mut chunks = body.chunks_exact_mut(T::PER_BLOCK);
        for chunk in &mut chunks {
            chunk.copy_from_slice(draws(block).as_ref());
            block = block.wrapping_add(1);
        }
        let tail = chunks.into_remainder();
        if !tail.is_empty() {
            tail.copy_from_slice(&draws(block).as_ref()[..tail.len()]);
        }
    }
}

impl Stream {
    /// Draws `start..start + out.len()` of the stream, uniform in `[0, 1)`.
    pub fn fill_uniform<T: Sample>(&self, start: u64, out: &mut [T]) {
        dispatch(Fill { stream: *self, start, out, transform: Uniform });
    }

    /// Draws `start..start + out.len()` of the stream, uniform in `(0, 1]`.
    pub fn fill_positive_uniform<T: Sample>(&self, start: u64, out: &mut [T]) {
        dispatch(Fill { stream: *self, start, out, transform: PositiveUniform });
    }

    /// Draws `start..start + out.len()` of the stream, standard normal.
    pub fn fill_normal<T: Sample>(&self, start: u64, out: &mut [T]) {
        dispatch(Fill { stream: *self, start, out, transform: Normal });
    }
}
