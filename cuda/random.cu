// Draws `start` to `start + n` of a stream, written to `out`. Compile with `--fmad=false`.

namespace hasten {

// One thread fills the part of `out` that lies in each of its blocks of words.
template <typename T, Draws<T> (*transform)(Words)>
__device__ __forceinline__ void fill(T* out, u64 n, u64 start, Stream stream) {
    const u64 count = Draws<T>::count;
    if (n == 0) {
        return;
    }
    const u64 first = start / count;
    const u64 skipped = start % count;
    const u64 n_blocks = (skipped + n - 1) / count + 1;
    for (u64 block = grid_index(); block < n_blocks; block += grid_size()) {
        const Draws<T> draws = transform(philox(stream, first + block));
        // Positions before `start` wrap to large numbers and so are left out with those past the end.
        const u64 position = block * count - skipped;
        for (u64 i = 0; i < count; ++i) {
            if (position + i < n) {
                out[position + i] = draws.draw[i];
            }
        }
    }
}

}  // namespace hasten

template <typename T>
__global__ void fill_uniform(T* out, unsigned long long n, unsigned long long start,
                             unsigned long long key, unsigned int task, unsigned int purpose) {
    hasten::fill<T, hasten::uniforms<T>>(out, n, start, {key, task, purpose});
}

template <typename T>
__global__ void fill_positive_uniform(T* out, unsigned long long n, unsigned long long start,
                                      unsigned long long key, unsigned int task,
                                      unsigned int purpose) {
    hasten::fill<T, hasten::positive_uniforms<T>>(out, n, start, {key, task, purpose});
}

template <typename T>
__global__ void fill_normal(T* out, unsigned long long n, unsigned long long start,
                            unsigned long long key, unsigned int task, unsigned int purpose) {
    hasten::fill<T, hasten::normals<T>>(out, n, start, {key, task, purpose});
}
