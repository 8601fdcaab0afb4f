/* containers_std.cc - the cases of containers.h on C++'s containers. */
#include "containers.h"

#include <vector>

namespace
{
std::vector<int> vec;

uint64_t vec_push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vec.push_back(static_cast<int>(keys[i]));
    return vec.size();
}

} // namespace

void bench_prepare(void)
{
}

const struct bench_case bench_cases[] = {
    {"Vec: push", vec_push},
    {nullptr, nullptr},
};
