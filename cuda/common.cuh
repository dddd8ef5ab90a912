// What every kernel file starts from. Nothing is included: NVRTC brings what is used here, and a
// plain C++ compiler with __host__, __device__ and __forceinline__ defined away gets it from <cmath>
// and <cstring>, so that device functions can be tested without a GPU.

#define HASTEN_FUNCTION __host__ __device__ __forceinline__

namespace hasten {

using u32 = unsigned int;
using u64 = unsigned long long;

static_assert(sizeof(u32) == 4 && sizeof(u64) == 8, "words of 32 and 64 bits");

// Read the bits of one type as another of the same size.
template <typename To, typename From>
HASTEN_FUNCTION To bit_cast(From from) {
    static_assert(sizeof(To) == sizeof(From), "types of one size");
    To to;
    memcpy(&to, &from, sizeof(To));
    return to;
}

// First index and stride of a grid-stride loop, in 64 bits.
__device__ __forceinline__ u64 grid_index() {
    return static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ u64 grid_size() {
    return static_cast<u64>(gridDim.x) * blockDim.x;
}

}  // namespace hasten
