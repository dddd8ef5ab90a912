// Philox4x32-10 and its uniforms and normals. Layout, sources and promises are those of
// `hasten_core::rng`: words and uniforms have the same bits there and here.

namespace hasten {

struct Words {
    u32 word[4];
};

// Random words of one key, task and purpose, addressed by block.
struct Stream {
    u64 key;
    u32 task;
    u32 purpose;
};

HASTEN_FUNCTION Words philox(Stream stream, u64 block) {
    u32 key_0 = static_cast<u32>(stream.key);
    u32 key_1 = static_cast<u32>(stream.key >> 32);
    Words c = {{static_cast<u32>(block), static_cast<u32>(block >> 32), stream.task,
                stream.purpose}};
    for (int round = 0; round < 10; ++round) {
        const u64 product_0 = c.word[0] * 0xd2511f53ULL;
        const u64 product_1 = c.word[2] * 0xcd9e8d57ULL;
        c = {{static_cast<u32>(product_1 >> 32) ^ c.word[1] ^ key_0,
              static_cast<u32>(product_1),
              static_cast<u32>(product_0 >> 32) ^ c.word[3] ^ key_1,
              static_cast<u32>(product_0)}};
        key_0 += 0x9e3779b9U;
        key_1 += 0xbb67ae85U;
    }
    return c;
}

// The draws of one block.
template <typename T>
struct Draws {
    static constexpr int count = 16 / sizeof(T);
    T draw[count];
};

HASTEN_FUNCTION double uniform_f64(u32 low, u32 high) {
    return high * (1.0 / 4294967296.0) + (low >> 11) * (1.0 / 9007199254740992.0);
}

HASTEN_FUNCTION float uniform_f32(u32 word) {
    return static_cast<float>(word >> 8) * (1.0f / 16777216.0f);
}

// Uniforms in [0, 1).
template <typename T>
HASTEN_FUNCTION Draws<T> uniforms(Words words);

template <>
HASTEN_FUNCTION Draws<double> uniforms(Words w) {
    return {{uniform_f64(w.word[0], w.word[1]), uniform_f64(w.word[2], w.word[3])}};
}

template <>
HASTEN_FUNCTION Draws<float> uniforms(Words w) {
    return {{uniform_f32(w.word[0]), uniform_f32(w.word[1]), uniform_f32(w.word[2]),
             uniform_f32(w.word[3])}};
}

// Half the distance between neighbouring uniforms: added where a logarithm follows.
template <typename T>
HASTEN_FUNCTION constexpr T half_step() {
    return sizeof(T) == 8 ? T(1.0 / 18014398509481984.0) : T(1.0 / 33554432.0);
}

// Uniforms in (0, 1].
template <typename T>
HASTEN_FUNCTION Draws<T> positive_uniforms(Words words) {
    Draws<T> draws = uniforms<T>(words);
    for (T& draw : draws.draw) {
        draw += half_step<T>();
    }
    return draws;
}

// Standard normals by Box and Muller: a pair of uniforms gives a pair of normals.
template <typename T>
HASTEN_FUNCTION Draws<T> normals(Words words) {
    Draws<T> draws = uniforms<T>(words);
    for (int i = 0; i < Draws<T>::count; i += 2) {
        const T radius = sqrt(T(-2) * log_positive(draws.draw[i] + half_step<T>()));
        const SinCos<T> angle = sin_cos_turns(draws.draw[i + 1]);
        draws.draw[i] = radius * angle.cos;
        draws.draw[i + 1] = radius * angle.sin;
    }
    return draws;
}

}  // namespace hasten
