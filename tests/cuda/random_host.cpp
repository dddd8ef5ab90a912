// Entry points that Python calls; compiled after host.hpp and the source of the family `random`.

using Key = unsigned long long;

extern "C" void philox(Key key, Key block, unsigned int task, unsigned int purpose,
                       unsigned int* words) {
    const hasten::Words answer = hasten::philox({key, task, purpose}, block);
    for (int i = 0; i < 4; ++i) {
        words[i] = answer.word[i];
    }
}

#define ENTRY(KERNEL, SCALAR, NAME)                                                             \
    extern "C" void NAME(SCALAR* out, Key n, Key start, Key key, unsigned int task,             \
                         unsigned int purpose, unsigned int n_blocks, unsigned int n_threads) { \
        launch(n_blocks, n_threads,                                                             \
               [=] { KERNEL<SCALAR>(out, n, start, key, task, purpose); });                     \
    }

ENTRY(fill_uniform, float, uniform_float32)
ENTRY(fill_uniform, double, uniform_float64)
ENTRY(fill_positive_uniform, float, positive_uniform_float32)
ENTRY(fill_positive_uniform, double, positive_uniform_float64)
ENTRY(fill_normal, float, normal_float32)
ENTRY(fill_normal, double, normal_float64)
