// Logarithm, and sine and cosine of turns, in plain multiplications and additions: compiled
// without contraction (`--fmad=false`) they have the bits of `hasten_core::simd` with `Plain`
// arithmetic, where method, sources and accuracy are documented.

namespace hasten {

// The logarithm of a positive, normal, finite number.
HASTEN_FUNCTION double log_positive(double x) {
    const u64 shifted = bit_cast<u64>(x) + (0x3ff0000000000000ULL - 0x3fe6a09e00000000ULL);
    const double k = static_cast<double>(static_cast<int>(shifted >> 52) - 1023);
    const double f =
        bit_cast<double>((shifted & 0x000fffffffffffffULL) + 0x3fe6a09e00000000ULL) - 1.0;
    const double half_square = 0.5 * f * f;
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double w = z * z;
    const double even =
        w * (w * (w * 1.531383769920937332e-01 + 2.222219843214978396e-01) +
             3.999999999940941908e-01);
    const double odd =
        z * (w * (w * (w * 1.479819860511658591e-01 + 1.818357216161805012e-01) +
                  2.857142874366239149e-01) +
             6.666666666666735130e-01);
    const double low = k * bit_cast<double>(0x3dea39ef35793c76ULL);
    const double tail = s * (half_square + (even + odd)) + low;
    return k * bit_cast<double>(0x3fe62e42fee00000ULL) + (tail - half_square + f);
}

HASTEN_FUNCTION float log_positive(float x) {
    const u32 shifted = bit_cast<u32>(x) + (0x3f800000U - 0x3f3504f3U);
    const float k = static_cast<float>(static_cast<int>(shifted >> 23) - 127);
    const float f = bit_cast<float>((shifted & 0x007fffffU) + 0x3f3504f3U) - 1.0f;
    const float half_square = 0.5f * f * f;
    const float s = f / (2.0f + f);
    const float z = s * s;
    const float w = z * z;
    const float even = w * (w * 0.24279078841f + 0.40000972152f);
    const float odd = z * (w * 0.28498786688f + 0.66666662693f);
    const float tail = s * (half_square + (even + odd)) + k * bit_cast<float>(0x3717f7d1U);
    return k * bit_cast<float>(0x3f317180U) + (tail - half_square + f);
}

template <typename T>
struct SinCos {
    T sin;
    T cos;
};

// Give sine and cosine of an angle's remainder the signs and places of its quadrant.
template <typename T>
HASTEN_FUNCTION SinCos<T> in_quadrant(int quadrant, T sin, T cos) {
    const T first = quadrant & 1 ? cos : sin;
    const T second = quadrant & 1 ? sin : cos;
    return {quadrant & 2 ? -first : first, (quadrant + 1) & 2 ? -second : second};
}

// Sine and cosine of `turns` full turns, for `turns` in [0, 1].
HASTEN_FUNCTION SinCos<double> sin_cos_turns(double turns) {
    const double round = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer
    const double rounded = turns * 4.0 + round;
    const double angle = (turns - (rounded - round) * 0.25) * 6.283185307179586477;
    const double z = angle * angle;
    const double p =
        ((((1.58969099521155010221e-10 * z - 2.50507602534068634195e-08) * z +
           2.75573137070700676789e-06) * z - 1.98412698298579493134e-04) * z +
         8.33333333332248946124e-03) * z - 1.66666666666666324348e-01;
    const double q =
        ((((-1.13596475577881948265e-11 * z + 2.08757232129817482790e-09) * z -
           2.75573143513906633035e-07) * z + 2.48015872894767294178e-05) * z -
         1.38888888888741095749e-03) * z + 4.16666666666666019037e-02;
    const double sin = angle * z * p + angle;
    const double cos = 1.0 - (0.5 * z - z * z * q);
    return in_quadrant(static_cast<int>(rounded - round), sin, cos);
}

HASTEN_FUNCTION SinCos<float> sin_cos_turns(float turns) {
    const float round = 12582912.0f;  // 1.5 * 2^23
    const float rounded = turns * 4.0f + round;
    const float angle = (turns - (rounded - round) * 0.25f) * 6.283185307179586477f;
    const float z = angle * angle;
    const float p = (-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f;
    const float q =
        (2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f;
    const float sin = angle * z * p + angle;
    const float cos = 1.0f - (0.5f * z - z * z * q);
    return in_quadrant(static_cast<int>(rounded - round), sin, cos);
}

}  // namespace hasten
