/* containers_std.cc - the cases of containers.h on C++'s containers. */
#include "containers.h"

#include <deque>
#include <map>
#include <queue>
#include <unordered_map>
#include <vector>

namespace
{
std::vector<int> vec;
std::deque<int> deque;
std::priority_queue<int> heap;
std::map<uint64_t, uint64_t> tree;
std::unordered_map<uint64_t, uint64_t> table;

uint64_t vec_push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vec.push_back(static_cast<int>(keys[i]));
    return vec.size();
}

uint64_t deque_push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        deque.push_back(static_cast<int>(keys[i]));
    return deque.size();
}

uint64_t deque_index(const uint64_t *, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += static_cast<uint64_t>(deque.at(i));
    return sum;
}

uint64_t deque_pop(const uint64_t *, size_t)
{
    uint64_t sum = 0;
    for (; !deque.empty(); deque.pop_front())
        sum += static_cast<uint64_t>(deque.front());
    return sum;
}

uint64_t heap_push(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        heap.push(static_cast<int>(keys[i]));
    return heap.size();
}

uint64_t heap_pop(const uint64_t *, size_t)
{
    uint64_t sum = 0;
    for (; !heap.empty(); heap.pop())
        sum = sum * 31 + static_cast<uint64_t>(heap.top());
    return sum;
}

/* Both kinds of map have the same verbs. */
template <auto &map> uint64_t insert(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        map.insert_or_assign(keys[i], i);
    return map.size();
}

template <auto &map> uint64_t lookup(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const auto found = map.find(keys[i]);
        if (found != map.end())
            sum += found->second;
    }
    return sum;
}

template <auto &map> uint64_t lookup_absent(const uint64_t *keys, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += map.count(keys[i] + 1);
    return sum;
}

template <auto &map> uint64_t iterate(const uint64_t *, size_t)
{
    uint64_t sum = 0;
    for (const auto &entry : map)
        sum += entry.first ^ entry.second;
    return sum;
}

template <auto &map> uint64_t remove(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        map.erase(keys[i]);
    return map.size();
}
} // namespace

void bench_prepare(void)
{
}

void bench_tell(const uint64_t *, size_t)
{
}

const struct bench_case bench_cases[] = {
    {"Vec: push", vec_push},
    {"Deque: push", deque_push},
    {"Deque: at", deque_index},
    {"Deque: pop", deque_pop},
    {"BinaryHeap: push", heap_push},
    {"BinaryHeap: pop", heap_pop},
    {"BTreeMap: insert", insert<tree>},
    {"BTreeMap: lookup", lookup<tree>},
    {"BTreeMap: lookup, absent", lookup_absent<tree>},
    {"BTreeMap: iterate", iterate<tree>},
    {"BTreeMap: remove", remove<tree>},
    {"HashMap: insert", insert<table>},
    {"HashMap: lookup", lookup<table>},
    {"HashMap: lookup, absent", lookup_absent<table>},
    {"HashMap: iterate", iterate<table>},
    {"HashMap: remove", remove<table>},
    {nullptr, nullptr},
};
