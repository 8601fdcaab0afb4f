"""The bars that the heaps have to meet, and whether they do."""

from __future__ import annotations

from collections.abc import Iterator

from figure import Figure, at_least, at_most
from suite import COMB_BLOCKS, Results

# Mean instructions of an alloc and a free together, at most, by heap and trace.
PAIR = {
    ("slab", "kernel"): 70,
    ("slab", "small"): 75,
    ("slab", "boxvec"): 60,
    ("slab", "boxvec-move"): 60,
    ("slab", "log-uniform"): 120,
    ("buddy", "log-uniform"): 110,
}
WORST = 500  # instructions of any one operation of slab, but for what a realloc copies
REALLOC = 150  # mean instructions of slab's realloc on the trace `realloc`, copying included
COMB = 1.5  # cost with more free blocks, to that with the fewest
UTILISATION = {"kernel": 75, "small": 87, "log-uniform": 71}  # slab, at least, in %
BESIDE_BUDDY = 0.99  # slab's utilisation to buddy's, on any trace; both are measured to 1 %
WASTE = 12.5  # slab on small sizes, at most, in %


def pairs(results: Results) -> Iterator[Figure]:
    for (heap, trace), bar in PAIR.items():
        pair = results.pair(heap, trace)
        if pair is not None:
            yield at_most(f"{heap}: alloc + free, {trace}", pair, ".1f", bar, "instr")


def worst(results: Results, heap: str) -> tuple[int, str]:
    """The dearest operation on all traces and combs, less what a realloc copies, and where."""
    costs = [(key[1], one) for key, one in results.costs.items() if key[0] == heap and one]
    costs += [(f"{key[1]} {key[2]:,}", one) for key, one in results.comb_costs.items()
              if key[0] == heap and one]
    return max((calls.worst_without_copying, f"{verb}, {trace}")
               for trace, one in costs for verb, calls in one.items())


def growth(results: Results, heap: str, comb: str) -> float:
    """How much dearer an operation is with more free blocks than with the fewest."""
    few, *more = (results.comb_costs[heap, comb, n] for n in COMB_BLOCKS)
    if not few or not all(more):
        return float("inf")
    return max(many[verb].mean / calls.mean for verb, calls in few.items() for many in more if many)


def utilisation(results: Results) -> Iterator[Figure]:
    for trace, bar in UTILISATION.items():
        share = results.utilisation["slab", trace] or 0
        yield at_least(f"slab: utilisation, {trace}", share * 100, ".1f", bar, "%")
    beside = [((results.utilisation["slab", trace] or 0) / share, trace) for trace in results.fitted
              if (share := results.utilisation["buddy", trace])]
    least, trace = min(beside)
    yield at_least(f"slab: utilisation to buddy's, least ({trace})", least, ".3f", BESIDE_BUDDY,
                   "x")
    waste = results.waste["slab", "small"]
    yield at_most("slab: internal fragmentation, small", (1 if waste is None else waste) * 100,
                  ".1f", WASTE, "%")


def judge(results: Results) -> Iterator[Figure]:
    yield from pairs(results)
    for heap in ("buddy", "slab"):
        cost, where = worst(results, heap)
        name = f"{heap}: worst operation ({where})"
        yield (at_most(name, cost, ",", WORST, "instr") if heap == "slab"
               else Figure(name, f"{cost:,} instr"))
        for comb in results.combs:
            name = f"{heap}: {comb}, up to {COMB_BLOCKS[-1]:,} free blocks to {COMB_BLOCKS[0]}"
            yield at_most(name, growth(results, heap, comb), ".2f", COMB, "x")
    if "slab" in results.heaps:
        costs = results.costs["slab", "realloc"]
        mean = costs["realloc"].mean if costs else float("inf")
        yield at_most("slab: realloc, malloc lab's pattern", mean, ".1f", REALLOC, "instr")
    if {"slab", "buddy"} <= set(results.heaps):
        yield from utilisation(results)
