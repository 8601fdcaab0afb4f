"""Random traces: what is asked of an allocator, made up before anything is known of its answers.

A trace is a heap's place and size, and steps. A step names blocks by the number of the step that
asked for them, so that it keeps its meaning when others are left out; steps on blocks that are not
there are skipped by whoever plays the trace. Each kind of trace looks for one family of mistakes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from grader.heap_models import CLASS_SIZES, PTRDIFF_MAX, SIZE_MAX

MARGIN = 4096  # bytes of the arena in front of every heap
OFFSETS = 4096  # a heap begins less than that behind the margin
LARGEST = 64 * 1024  # bytes in a heap

HEAP = -1  # in place of a block: the heap's first byte


@dataclass(frozen=True)
class Step:
    """One thing to be done. Which fields count depends on `verb`:

        alloc      number: of the block that this makes; size, align
        free       block; size 0: free it without its size
        realloc    block; size
        free_at    block, offset, size, align: a free of that address, which may be wrong
        resize_at  block, offset, size, align: a reallocation of that address
        size_at    block, offset
        stats
    """

    verb: str
    block: int = 0
    size: int = 0
    align: int = 1
    offset: int = 0

    def text(self) -> str:
        """As a line of C for a reader, not for a compiler."""
        block = name(self.block) + (f" {'+-'[self.offset < 0]} {abs(self.offset)}" if self.offset else "")
        return {
            "alloc": f"{block} = alloc({self.size}, align {self.align})",
            "free": f"dealloc({block})" if self.size else f"dealloc({block}, layout unknown)",
            "realloc": f"realloc({block}, {self.size})",
            "free_at": f"dealloc({block}, size {self.size}, align {self.align})",
            "resize_at": f"realloc({block}, {self.size})",
            "size_at": f"block_size({block})",
            "stats": "stats()",
        }[self.verb]


def name(block: int) -> str:
    """a, b, ..., z, a1, b1, ..."""
    if block == HEAP:
        return "start"
    return chr(ord("a") + block % 26) + (str(block // 26) if block >= 26 else "")


@dataclass(frozen=True)
class Trace:
    offset: int  # of the heap from the margin on
    size: int  # of the heap
    steps: tuple[Step, ...]

    def lines(self) -> tuple[str, ...]:
        at = f"start % 64 = {self.offset % 64}"
        return f"init(start, {self.size}), {at}", *(step.text() for step in self.steps)

    def renumbered(self) -> Trace:
        """The same with blocks a, b, c, ... in the order in which they are made, and without steps
        on blocks that never are."""
        made = [step.block for step in self.steps if step.verb == "alloc"]
        numbers = {block: number for number, block in enumerate(made)} | {HEAP: HEAP}
        return replace(self, steps=tuple(
            replace(step, block=numbers[step.block]) for step in self.steps if step.block in numbers))


class Writer:
    """Writes a trace. It does as if every request were served, but for its idea of how full the
    heap is."""

    def __init__(self, chance: random.Random, size: int, length: int, offset: int) -> None:
        self.chance, self.size, self.length, self.offset = chance, size, length, offset
        self.steps: list[Step] = []
        self.live: dict[int, tuple[int, int]] = {}  # block: size, align
        self.gone: list[int] = []
        self.used = 0
        self._blocks = 0

    def trace(self) -> Trace:
        return Trace(self.offset, self.size, tuple(self.steps))

    def going(self) -> Iterator[None]:
        """Rounds, until the trace has its length."""
        while len(self.steps) < self.length:
            yield

    def some(self) -> int:
        return self.chance.choice(list(self.live))

    def alloc(self, size: int, align: int = 1) -> None:
        self.live[self._blocks] = size, align
        self.used += max(size, align)
        self.steps.append(Step("alloc", self._blocks, size, align))
        self._blocks += 1

    def ask(self, size: int, align: int) -> None:
        """An allocation that cannot be served."""
        self.steps.append(Step("alloc", self._blocks, size, align))
        self._blocks += 1

    def free(self, block: int, knows_size: bool = True) -> None:
        size, align = self.live.pop(block)
        self.used -= max(size, align)
        self.gone.append(block)
        self.steps.append(Step("free", block, size=1 if knows_size else 0))

    def free_all(self, order: str) -> None:
        blocks = list(self.live)
        if order == "down":
            blocks.reverse()
        elif order == "random":
            self.chance.shuffle(blocks)
        elif order == "every other":
            blocks = blocks[::2] + blocks[1::2]
        for block in blocks:
            self.free(block, self.chance.random() < 0.7)

    def realloc(self, block: int, size: int) -> None:
        old, align = self.live[block]
        if 0 < size <= self.size:
            self.live[block] = size, align
            self.used += size - old
        self.steps.append(Step("realloc", block, size))

    def at(self, verb: str, block: int, offset: int = 0, size: int = 0, align: int = 1) -> None:
        self.steps.append(Step(verb, block, size, align, offset))

    # --- what to ask for ---

    def small(self) -> int:
        return self.chance.randint(1, 64)

    def any_size(self) -> int:
        """From a byte to a quarter of the heap; often at a power of two or beside one."""
        kind = self.chance.random()
        if kind < 0.4:
            return self.small()
        if kind < 0.7:
            power = 1 << self.chance.randint(3, max(4, (self.size // 4).bit_length() - 1))
            return max(1, power + self.chance.choice((-1, 0, 0, 1)))
        return self.chance.randint(1, max(1, self.size // self.chance.choice((4, 16, 64))))

    def any_align(self) -> int:
        most = 5 if self.chance.random() < 0.8 else 10
        return 1 << self.chance.randint(0, most)

    def is_full(self) -> bool:
        return self.used > self.size * self.chance.uniform(0.4, 1.1)


# --- the kinds ---

def few(w: Writer) -> None:
    """Allocations and nothing else."""
    for _ in w.going():
        w.alloc(w.small(), 1 << w.chance.randint(0, 3))


def align(w: Writer) -> None:
    """Alignments of all kinds, in a heap that begins anywhere."""
    for _ in w.going():
        w.alloc(w.small(), 1 << w.chance.randint(0, 9))


def churn(w: Writer) -> None:
    """Blocks come and go."""
    for _ in w.going():
        if w.live and (w.is_full() or w.chance.random() < 0.4):
            w.free(w.some(), w.chance.random() < 0.5)
        else:
            w.alloc(w.any_size(), w.any_align())


def fill(w: Writer) -> None:
    """To the last byte and back, again and again."""
    for _ in w.going():
        size = w.chance.choice((w.small(), 64, 128, 256, w.size // 16 + 1))
        while w.used < 1.3 * w.size and len(w.live) < w.length:
            w.alloc(size if w.chance.random() < 0.7 else w.any_size(), 1 << w.chance.randint(0, 4))
        for small in (512, 64, 16, 8, 1):
            w.alloc(small)
        w.free_all(w.chance.choice(("up", "down", "random", "every other")))
        for share in (1, 2, 4, 8):
            w.alloc(w.size // share - (w.chance.randint(0, 64) if share == 1 else 0))
        w.free_all("random")


def merge(w: Writer) -> None:
    """Equal blocks side by side, freed in some order; then what only joined memory can serve."""
    for _ in w.going():
        size = w.chance.choice((16, 32, 48, 64, 112, 240, 256))
        count = w.chance.randint(2, 16)
        for _ in range(count):
            w.alloc(size)
        w.free_all(w.chance.choice(("up", "down", "random", "every other")))
        w.alloc(size * count)
        if w.chance.random() < 0.5:
            w.alloc(w.size // 2)
        w.free_all("random")


def realloc(w: Writer) -> None:
    """Blocks grow and shrink, in place and elsewhere."""
    for _ in w.going():
        what = w.chance.random()
        if not w.live or (what < 0.25 and not w.is_full()):
            w.alloc(w.any_size(), w.any_align())
        elif what < 0.4 or w.is_full():
            w.free(w.some())
        else:
            block = w.some()
            size = w.live[block][0]
            w.realloc(block, w.chance.choice((
                size + w.small(), max(1, size - w.small()), size * 2, size // 2 + 1, size,
                w.any_size())))


def last(w: Writer) -> None:
    """The block that was made last grows and shrinks."""
    for _ in w.going():
        if not w.live or w.chance.random() < 0.3:
            w.alloc(w.small(), 1 << w.chance.randint(0, 4))
        elif w.is_full():
            w.free_all("random")
        else:
            block = max(w.live) if w.chance.random() < 0.7 else w.some()
            w.realloc(block, w.chance.choice((
                w.small(), w.live[block][0] + w.small(), w.any_size(), w.size // 2, w.size)))


def wrong_free(w: Writer) -> None:
    """Frees that must be refused: double, interior, foreign, misaligned, of another layout."""
    for _ in w.going():
        what = w.chance.random()
        if not w.live or (what < 0.4 and not w.is_full()):
            w.alloc(w.any_size(), 1 << w.chance.randint(0, 4))
        elif what < 0.6:
            w.free(w.some(), w.chance.random() < 0.5)
        else:
            one_wrong_free(w)


def one_wrong_free(w: Writer) -> None:
    block = w.some()
    size, alignment = w.live[block]
    kind = w.chance.choice(("twice", "interior", "odd", "foreign", "layout", "size_at", "resize_at"))
    if kind == "twice" and w.gone:
        gone = w.gone[-1] if w.chance.random() < 0.5 else w.chance.choice(w.gone)
        w.at("free_at", gone)
    elif kind == "interior":
        w.at("free_at", block, w.chance.choice((16, 32, 64, -16, size // 32 * 16)))
    elif kind == "odd":
        w.at("free_at", block, w.chance.randint(-15, size))
    elif kind == "foreign":
        w.at("free_at", HEAP, w.chance.choice((-16, -32, -4096, w.size, w.size + 32, w.size + 4096,
                                               1 << 30, -(1 << 40))))
    elif kind == "layout":
        w.at("free_at", block, 0, w.chance.choice((size + w.small(), size * 2, size * 4 + 1, w.size,
                                                   max(1, size // 2))), alignment)
    elif kind == "size_at":
        w.at("size_at", block, w.chance.choice((0, 0, 16, 1, -16)))
    else:
        target = w.chance.choice(w.gone) if w.gone else block
        w.at("resize_at", target, w.chance.choice((0, 16, 8, 1 << 30)), w.small(), 8)


def layouts(w: Writer) -> None:
    """Requests that no heap serves, among others."""
    huge = (SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 31, PTRDIFF_MAX, PTRDIFF_MAX + 1, 1 << 62, 1 << 32)
    for _ in w.going():
        what = w.chance.random()
        if not w.live or what < 0.3:
            if w.is_full():
                w.free_all("random")
            w.alloc(w.any_size(), w.any_align())
        elif what < 0.45:
            w.free(w.some())
        elif what < 0.6:
            w.ask(0, w.any_align())
        elif what < 0.7:
            w.ask(w.small(), w.chance.choice((0, 3, 6, 12, 24, 48, SIZE_MAX)))
        elif what < 0.85:
            w.ask(w.chance.choice(huge), w.any_align())
        elif what < 0.9:
            w.ask(w.small(), 1 << w.chance.randint(16, 63))
        else:
            w.realloc(w.some(), w.chance.choice((0, *huge)))


def classes(w: Writer) -> None:
    """Sizes at the bounds of classes; few of them, so that freed blocks are used again."""
    bounds = [size + more for size in w.chance.sample(CLASS_SIZES, 3) for more in (-1, 0, 1)]
    for _ in w.going():
        what = w.chance.random()
        if not w.live or (what < 0.45 and not w.is_full()):
            size = w.any_size() if w.chance.random() < 0.1 else w.chance.choice(bounds)
            w.alloc(max(1, size), w.chance.choice((1, 8, 16, 16, 32, 64)))
        elif what < 0.9:
            w.free(w.some(), w.chance.random() < 0.5)
        else:
            w.realloc(w.some(), max(1, w.chance.choice(bounds)))


def stats(w: Writer) -> None:
    """The figures, after all that can change them."""
    for _ in w.going():
        what = w.chance.random()
        if not w.live or (what < 0.4 and not w.is_full()):
            w.alloc(w.any_size(), w.any_align())
        elif what < 0.6:
            w.free(w.some())
        elif what < 0.75:
            w.realloc(w.some(), w.any_size())
        elif what < 0.85:
            one_wrong_free(w)
        elif what < 0.9:
            w.free_all("random")
        else:
            w.ask(w.chance.choice((0, SIZE_MAX)), 1)
        w.at("stats", HEAP)


def mixed(w: Writer) -> None:
    """All of these, one after the other."""
    parts = (align, churn, fill, merge, realloc, last, wrong_free, layouts, classes, stats)
    length = w.length
    while len(w.steps) < length:
        w.length = min(length, len(w.steps) + w.chance.randint(5, 40))
        w.chance.choice(parts)(w)


# What writes the trace, and the sizes of heap that suit it.
KINDS: dict[str, tuple[Callable[[Writer], None], tuple[int, int]]] = {
    "few": (few, (4096, LARGEST)),
    "align": (align, (4096, LARGEST)),
    "churn": (churn, (1024, LARGEST)),
    "fill": (fill, (256, 4096)),
    "merge": (merge, (2048, 8192)),
    "realloc": (realloc, (1024, 16384)),
    "last": (last, (512, 8192)),
    "wrong-free": (wrong_free, (1024, 16384)),
    "layouts": (layouts, (1024, 16384)),
    "classes": (classes, (4096, 32768)),
    "stats": (stats, (1024, 16384)),
    "tiny": (mixed, (1, 512)),
    "mixed": (mixed, (512, LARGEST)),
}


def write(kind: str, chance: random.Random, length: int) -> Trace:
    """A trace of that kind and of about so many steps."""
    writes, (least, most) = KINDS[kind]
    size = int(least * (most / least) ** chance.random())
    if chance.random() < 0.3:
        size = 1 << size.bit_length() - 1 if size > 1 else size
    offset = chance.choice((0, chance.randrange(OFFSETS), 16 * chance.randrange(OFFSETS // 16)))
    writer = Writer(chance, size, length, offset)
    writes(writer)
    return writer.trace()
