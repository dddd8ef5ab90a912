// What CUDA provides, for compiling kernels without barriers as plain C++: one thread after the
// other. Contraction must be off, as it is for the GPU.

#include <cmath>
#include <cstring>

using std::memcpy;
using std::sqrt;

#define __host__
#define __device__
#define __global__
#define __forceinline__ inline

struct Dimensions {
    unsigned int x = 1, y = 1, z = 1;
};

static Dimensions gridDim, blockDim;
static Dimensions blockIdx, threadIdx;

// Run `kernel()` once for every thread of a grid.
template <typename Kernel>
void launch(unsigned int n_blocks, unsigned int n_threads, Kernel kernel) {
    gridDim.x = n_blocks;
    blockDim.x = n_threads;
    for (blockIdx.x = 0; blockIdx.x < n_blocks; ++blockIdx.x) {
        for (threadIdx.x = 0; threadIdx.x < n_threads; ++threadIdx.x) {
            kernel();
        }
    }
}
