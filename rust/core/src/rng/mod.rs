//! Counter-based random numbers: a draw is a function of its indices, never of a thread.
//!
//! A [`Stream`] is Philox4x32-10 under one key, for one task and one purpose. Its blocks of four
//! 32-bit words are numbered; each can be computed alone, in any order, on any machine. The layout
//! is part of the package's compatibility promise:
//!
//! | part of the generator | holds |
//! |---|---|
//! | key | one 64-bit draw from the user's generator, low word first |
//! | counter words 0 and 1 | number of the block in the stream, low word first |
//! | counter word 2 | task: replicate, sample or level |
//! | counter word 3 | purpose tag |
//!
//! A block holds two uniforms or normals of `f64` (each from two words, low word first) or four of
//! `f32`; element `i` of a stream is in block `i / 2` or `i / 4`. Words, uniforms and normals are
//! computed in plain arithmetic: the same bits at each SIMD level.
//!
//! ```
//! use hasten_core::rng::Stream;
//!
//! let stream = Stream::new(0x0123_4567_89ab_cdef, 0, 0);
//! let mut all = [0.0_f64; 100];
//! stream.fill_uniform(0, &mut all);
//! let mut some = [0.0_f64; 10];
//! stream.fill_uniform(42, &mut some);
//! assert_eq!(some[..], all[42..52]);
//! ```

mod fill;
mod philox;
mod sample;

pub use philox::{Philox, Stream};
pub use sample::Sample;
