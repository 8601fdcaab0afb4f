"""What each allocator of os/heap promises, as a model outside of it that sees nothing but calls.

A model knows the live blocks, and what follows from them by the contract in the allocator's header;
nothing is taken from its code. It is asked before a call what may come of it, and told after it
what did; an answer that breaks the contract raises Broken, in words for the one who wrote the code.
As another implementation of the same contract must pass, a model takes every answer that is true:
an odd address in free memory may be called a double free or a misaligned one.

    bump    one address can follow from the calls before
    list    the first gap between live blocks that a block fits in with its header
    block   a parked block of the class; where there is none, as list
    bitmap  any gap between live blocks
    buddy   any place in a free block of the smallest order that fits
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

from grader.subject import calls

Free = calls("os/heap/layout.h", "free_result")
PTRDIFF_MAX = 2**63 - 1
SIZE_MAX = 2**64 - 1


class Broken(Exception):
    """A promise that was not kept."""

    def __init__(self, message: str, expected: str, got: str) -> None:
        super().__init__(message)
        self.message, self.expected, self.got = message, expected, got


def align_up(n: int, align: int) -> int:
    return (n + align - 1) & -align


def power_of_two(at_least: int) -> int:
    return 1 << (at_least - 1).bit_length()


@dataclass(frozen=True)
class Layout:
    size: int
    align: int

    @property
    def is_valid(self) -> bool:
        """layout_is_valid of os/heap/layout.h."""
        return (self.size > 0 and self.align > 0 and self.align & (self.align - 1) == 0
                and self.size <= PTRDIFF_MAX - (self.align - 1))


@dataclass
class Block:
    name: str
    address: int
    layout: Layout

    @property
    def end(self) -> int:
        return self.address + self.layout.size


class Pieces:
    """Which parts of [start, end) are taken: pieces that do not overlap."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self._starts: list[int] = []
        self._ends: dict[int, int] = {}

    def take(self, start: int, end: int) -> None:
        bisect.insort(self._starts, start)
        self._ends[start] = end

    def give(self, start: int) -> None:
        del self._starts[bisect.bisect_left(self._starts, start)]
        del self._ends[start]

    def meets(self, start: int, end: int) -> int | None:
        """A piece that has bytes of [start, end): its start."""
        index = bisect.bisect_left(self._starts, end) - 1
        if index >= 0 and self._ends[self._starts[index]] > start:
            return self._starts[index]
        return None

    def is_free(self, start: int, end: int) -> bool:
        return self.start <= start and end <= self.end and self.meets(start, end) is None

    def gaps(self) -> Iterator[tuple[int, int]]:
        at = self.start
        for start in self._starts:
            if start > at:
                yield at, start
            at = self._ends[start]
        if self.end > at:
            yield at, self.end


class Model:
    """What is true of every allocator; the five below add what their headers promise."""

    wants_total = False  # whether X_stats must say how much of the memory blocks can be made of
    granule = 1  # bytes

    def __init__(self, start: int, size: int, total: int = 0) -> None:
        self.origin = start  # what a student knows as start
        self.start, self.end = start, start + size  # where blocks can lie
        self.total = size
        self.live: dict[int, Block] = {}
        self._blocks = Pieces(start, start + size)  # as they were asked for
        self.peak = [0, 0]  # at least and at most

    # --- what a design says of itself ---

    @classmethod
    def may_init(cls, start: int, size: int) -> set[bool]:
        """What X_init may answer."""
        return {size > 0}

    def room(self, layout: Layout) -> str:
        """Words for the memory that must serve a valid layout; "" where there is none."""
        raise NotImplementedError

    def take(self, block: Block) -> None:
        """A block that lies in the heap, aligned, apart from all others; Broken if elsewhere than
        the design says."""
        raise NotImplementedError

    def give(self, block: Block) -> None:
        raise NotImplementedError

    def stays(self, block: Block, layout: Layout) -> str:
        """Why the block must get its new size where it is; "" where it cannot."""
        raise NotImplementedError

    def resize(self, block: Block, layout: Layout) -> None:
        """It has got it."""
        raise NotImplementedError

    def moves(self, block: Block, layout: Layout) -> bool:
        """Whether a block that cannot stay is served elsewhere, if there is room."""
        return True

    def free_answers(self, address: int, layout: Layout) -> set[int]:
        """What a free may answer. Where FREE_OK is among them, nothing else is promised."""
        raise NotImplementedError

    def block_sizes(self, address: int) -> range:
        """What X_block_size may answer."""
        raise NotImplementedError

    def taken(self) -> int:
        """Bytes that count as allocated."""
        raise NotImplementedError

    def taken_for(self, layout: Layout) -> int:
        """Bytes that a new block of this layout takes, where that is known."""
        raise NotImplementedError

    def free_sizes(self) -> list[int]:
        """The sizes of all free blocks, in bytes."""
        raise NotImplementedError

    def order_of(self, size: int) -> int | None:
        """The order that a free block counts as in the figures; None: they are not by order."""
        return (size // self.granule).bit_length() - 1

    # --- calls that were made ---

    def name(self, address: int) -> str:
        """An address in a student's words."""
        if address == 0:
            return "NULL"
        return f"start - {self.origin - address:#x}" if address < self.origin \
            else f"start + {address - self.origin:#x}"

    def at(self, address: int) -> Block | None:
        """The live block with this byte."""
        start = self._blocks.meets(address, address + 1)
        return self.live[start] if start is not None else None

    def served(self, name: str, layout: Layout, address: int) -> Block | None:
        """An allocation was answered."""
        if not layout.is_valid:
            if address != 0:
                raise Broken("a layout that is not valid was served", "NULL", self.name(address))
            return None
        room = self.room(layout)
        if address == 0:
            if room:
                raise Broken("alloc answered NULL, but there is memory for the block",
                             f"a block, as {room}", "NULL")
            return None
        block = Block(name, address, layout)
        self._check_place(block)
        if not room:
            raise Broken("there is no memory for this block", "NULL", self.name(address))
        self._add(block)
        return block

    def resized(self, block: Block, new_size: int, address: int) -> bool:
        """A reallocation of a live block was answered; whether it was done."""
        layout = Layout(new_size, block.layout.align)
        if not layout.is_valid:
            if address != 0:
                raise Broken("a size that is not possible was served", "NULL", self.name(address))
            return False
        stays = self.stays(block, layout)
        if stays and address != block.address:
            raise Broken("the block had to stay where it was",
                         f"{self.name(block.address)}: {stays}", self.name(address))
        if stays:
            self._remove(block)
            self.resize(block, layout)
            block.layout = layout
            self.live[address] = block
            self._blocks.take(address, block.end)
            self._count(self.taken())
            return True
        if address == block.address:
            raise Broken("the block could not grow where it was",
                         "another address, or NULL", self.name(address))
        room = self.room(layout) if self.moves(block, layout) else ""
        if address == 0:
            if room:
                raise Broken("realloc answered NULL, but there is memory for the block",
                             f"a block of {new_size} bytes, as {room}", "NULL")
            return False
        moved = Block(block.name, address, layout)
        self._check_place(moved)
        if not room:
            raise Broken("there is no memory for this block", "NULL", self.name(address))
        before = self.peak[0]
        self._add(moved)
        self.freed(block)
        self.peak[0] = max(before, self.taken())  # both at once is not promised
        block.address, block.layout = moved.address, moved.layout
        self.live[address] = block
        return True

    def freed(self, block: Block) -> None:
        """A free was answered with FREE_OK."""
        self._remove(block)
        self.give(block)

    def _check_place(self, block: Block) -> None:
        got = f"{self.name(block.address)}"
        if block.address % block.layout.align:
            raise Broken("the block is not aligned",
                         f"a multiple of {block.layout.align}",
                         f"{got}, which is {block.address % block.layout.align} above one")
        if block.address < self.start or block.end > self.end:
            raise Broken("the block lies outside the heap",
                         f"a block between {self.name(self.start)} and {self.name(self.end)}",
                         f"{got} to {self.name(block.end)}")
        start = self._blocks.meets(block.address, block.end)
        if start is not None:
            other = self.live[start]
            raise Broken("the block overlaps a live one",
                         "memory that no live block has",
                         f"{got} to {self.name(block.end)}; {other.name} has "
                         f"{self.name(start)} to {self.name(other.end)}")

    def _add(self, block: Block) -> None:
        self.take(block)
        self.live[block.address] = block
        self._blocks.take(block.address, block.end)
        self._count(self.taken())

    def _remove(self, block: Block) -> None:
        del self.live[block.address]
        self._blocks.give(block.address)

    def _count(self, taken: int) -> None:
        self.peak = [max(known, taken) for known in self.peak]

    # --- figures ---

    def check_figures(self, figures: dict[str, int], free_blocks: list[int]) -> None:
        """What X_stats said."""
        free = self.free_sizes()
        known = {"total": (self.total, self.total), "live": (len(self.live),) * 2,
                 "allocated": (self.taken(),) * 2, "peak": tuple(self.peak),
                 "largest_free": (max(free, default=0),) * 2}
        for name, (least, most) in known.items():
            if not least <= figures[name] <= most:
                raise Broken(f"X_stats gives a wrong figure: {name}",
                             f"{least}" if least == most else f"{least} to {most}",
                             f"{figures[name]}")
        orders = [self.order_of(size) for size in free]
        for order, count in enumerate(free_blocks):
            if None not in orders and count != orders.count(order):
                raise Broken(f"there are other free blocks of order {order} than there should be",
                             f"{orders.count(order)} of {self.granule << order} bytes or more",
                             f"{count}")


class Bump(Model):
    def __init__(self, start: int, size: int, total: int = 0) -> None:
        super().__init__(start, size)
        self._next = start

    def _place(self, layout: Layout) -> int:
        return align_up(self._next, layout.align)

    def room(self, layout: Layout) -> str:
        place = self._place(layout)
        return f"there is room from {self.name(place)} on" if \
            place + layout.size <= self.end else ""

    def take(self, block: Block) -> None:
        place = self._place(block.layout)
        if block.address != place:
            raise Broken("the block does not begin at the first aligned byte from `next` on",
                         self.name(place), self.name(block.address))
        self._next = block.end

    def give(self, block: Block) -> None:
        if not self.live:
            self._next = self.start

    def stays(self, block: Block, layout: Layout) -> str:
        if block.end == self._next:
            return "it is the last one, and there is room" \
                if layout.size <= self.end - block.address else ""
        return "it does not grow" if layout.size <= block.layout.size else ""

    def moves(self, block: Block, layout: Layout) -> bool:
        return block.end != self._next

    def resize(self, block: Block, layout: Layout) -> None:
        if block.end == self._next:
            self._next = block.address + layout.size

    def free_answers(self, address: int, layout: Layout) -> set[int]:
        if not self.start <= address < self.end:
            return {Free.FREE_FOREIGN}
        answers = {Free.FREE_MISALIGNED} if address % layout.align else set()
        if not self.live or address >= self._next:
            return answers | {Free.FREE_TWICE}
        if layout.size > self._next - address:
            answers |= {Free.FREE_WRONG_LAYOUT}
        return answers or {Free.FREE_OK}

    def block_sizes(self, address: int) -> range:
        return range(0, 1)

    def taken(self) -> int:
        return self._next - self.start

    def free_sizes(self) -> list[int]:
        return [self.end - self._next]

    def order_of(self, size: int) -> int | None:
        return None


class Spans(Model):
    """Blocks that take a span of granules each, whose place tells all."""

    header = 0  # bytes in front of a block that count as its own

    def __init__(self, start: int, size: int, total: int = 0) -> None:
        super().__init__(start, size)
        self.start = align_up(start, self.granule)
        self._set_end((start + size) & -self.granule)

    def _set_end(self, end: int) -> None:
        self.end, self.total = end, end - self.start
        self.pieces = Pieces(self.start, end)

    def asked(self, layout: Layout) -> int:
        """What the layout of a free must have the same of."""
        raise NotImplementedError

    def span_of(self, block: Block) -> tuple[int, int]:
        start = block.address - self.header
        return start, start + self.taken_for(block.layout)

    def fitting_gaps(self, layout: Layout) -> Iterator[tuple[int, int]]:
        span = self.taken_for(layout)
        for start, end in self.pieces.gaps():
            place = align_up(start + self.header, max(layout.align, self.granule)) - self.header
            if place + span <= end:
                yield start, end

    def room(self, layout: Layout) -> str:
        for start, end in self.fitting_gaps(layout):
            return f"{self.name(start)} to {self.name(end)} is free"
        return ""

    def take(self, block: Block) -> None:
        start, end = self.span_of(block)
        if start % self.granule:
            raise Broken("the block is not aligned", f"a multiple of {self.granule}",
                         self.name(block.address))
        if not self.pieces.is_free(start, end):
            raise Broken("the block is too near to what lies beside it",
                         f"{self.name(start)} to {self.name(end)} to be free", "it is not")
        self.pieces.take(start, end)

    def give(self, block: Block) -> None:
        self.pieces.give(self.span_of(block)[0])

    def stays(self, block: Block, layout: Layout) -> str:
        start, end = self.span_of(block)
        wanted = start + self.taken_for(layout)
        if wanted <= end:
            return "it does not grow"
        return "the memory behind it is free" if self.pieces.is_free(end, wanted) else ""

    def resize(self, block: Block, layout: Layout) -> None:
        start, _ = self.span_of(block)
        self.pieces.give(start)
        self.pieces.take(start, start + self.taken_for(layout))

    def free_answers(self, address: int, layout: Layout) -> set[int]:
        if not self.start <= address < self.end:
            return {Free.FREE_FOREIGN}
        block = self.live.get(address)
        if block is not None:
            known = layout.size == 0 or self.asked(layout) == self.asked(block.layout)
            return {Free.FREE_OK} if known else {Free.FREE_WRONG_LAYOUT}
        answers = {Free.FREE_MISALIGNED} if address % self.granule else set()
        is_live = self.live_span_at(address)
        return answers | {Free.FREE_INTERIOR if is_live else Free.FREE_TWICE}

    def live_span_at(self, address: int) -> bool:
        return self.pieces.meets(address, address + 1) is not None

    def block_sizes(self, address: int) -> range:
        block = self.live.get(address)
        size = self.asked(block.layout) if block is not None else 0
        return range(size, size + 1)

    def taken(self) -> int:
        return sum(self.taken_for(block.layout) for block in self.live.values())

    def free_sizes(self) -> list[int]:
        return [end - start for start, end in self.pieces.gaps()]


class List(Spans):
    granule, header = 16, 16

    @classmethod
    def may_init(cls, start: int, size: int) -> set[bool]:
        first, end = align_up(start, cls.granule), (start + size) & -cls.granule
        return {end >= first + cls.header + cls.granule}

    def asked(self, layout: Layout) -> int:
        return layout.size

    def taken_for(self, layout: Layout) -> int:
        return self.header + align_up(self.asked(layout), self.granule)

    def take(self, block: Block) -> None:
        start, end = self.span_of(block)
        first = next(self.fitting_gaps(block.layout))
        if not (first[0] <= start and end <= first[1]):
            raise Broken("the block is not in the first region in which it fits",
                         f"a place between {self.name(first[0])} and {self.name(first[1])}",
                         f"{self.name(block.address)}, its header at {self.name(start)}")
        super().take(block)


CLASS_SIZES = tuple(8 << k for k in range(9))  # of os/heap/block.h


class Classes(List):
    """block.h; a parked block is a piece that no live block has."""

    def __init__(self, start: int, size: int, total: int = 0) -> None:
        super().__init__(start, size)
        self._parked: dict[int, set[int]] = {size: set() for size in CLASS_SIZES}  # addresses

    def has_class(self, layout: Layout) -> bool:
        return layout.size <= CLASS_SIZES[-1] and layout.align <= self.granule

    def asked(self, layout: Layout) -> int:
        """Of the fallback: a class's size for a block of a class, and for no other."""
        if self.has_class(layout):
            return max(power_of_two(layout.size), CLASS_SIZES[0])
        return layout.size + (layout.size in CLASS_SIZES)

    def room(self, layout: Layout) -> str:
        if self.has_class(layout) and self._parked[self.asked(layout)]:
            return f"the list of blocks of {self.asked(layout)} bytes is not empty"
        return super().room(layout)

    def take(self, block: Block) -> None:
        parked = self._parked[self.asked(block.layout)] if self.has_class(block.layout) else set()
        if not parked:
            super().take(block)
        elif block.address in parked:
            parked.remove(block.address)
        else:
            raise Broken(f"there are free blocks of {self.asked(block.layout)} bytes in their list",
                         "one of " + ", ".join(map(self.name, sorted(parked))),
                         self.name(block.address))

    def give(self, block: Block) -> None:
        size = self.asked(block.layout)
        if size in CLASS_SIZES:
            self._parked[size].add(block.address)
        else:
            super().give(block)

    def live_span_at(self, address: int) -> bool:
        start = self.pieces.meets(address, address + 1)
        return start is not None and start + self.header in self.live

    def block_sizes(self, address: int) -> range:
        block = self.live.get(address)
        if block is None or self.has_class(block.layout) or block.layout.size not in CLASS_SIZES:
            return super().block_sizes(address)
        return range(block.layout.size + 1, block.layout.size + self.granule + 1)

    def free_sizes(self) -> list[int]:
        parked = [self.header + size for size, some in self._parked.items() for _ in some]
        return super().free_sizes() + parked

    def order_of(self, size: int) -> int | None:
        return None  # classes and regions count in the same orders


class Bitmap(Spans):
    granule = 16
    wants_total = True

    def __init__(self, start: int, size: int, total: int = 0) -> None:
        super().__init__(start, size)
        granules, room = total // self.granule, self.end - self.start
        most = room * 4 // 65  # granules of 16 bytes, and 16 bytes of maps for 64 of them
        if total % self.granule or granules < most - 64 \
                or granules * self.granule + 2 * ((granules + 7) // 8) > room:
            raise Broken("X_stats gives a wrong figure: total",
                         f"about {most * self.granule}, as the maps take 1/65 of it", f"{total}")
        self._set_end(self.start + total)

    @classmethod
    def may_init(cls, start: int, size: int) -> set[bool]:
        room = size - (align_up(start, cls.granule) - start)
        return {True} if room >= 32 else {False} if room < 18 else {True, False}

    def asked(self, layout: Layout) -> int:
        return align_up(layout.size, self.granule) if layout.is_valid else SIZE_MAX

    def taken_for(self, layout: Layout) -> int:
        return align_up(layout.size, self.granule)


class Buddy(Spans):
    granule = 32
    wants_total = True

    def __init__(self, start: int, size: int, total: int = 0) -> None:
        super().__init__(start, size)
        room = start + size - self.start
        most = room // (self.granule + 1)
        if total % self.granule or not most - 2 <= total // self.granule <= most:
            raise Broken("X_stats gives a wrong figure: total",
                         f"{most * self.granule}, as the map takes 1/33 of it", f"{total}")
        self._set_end(self.start + total)
        self._granules = total // self.granule
        self._free: list[set[int]] = [set() for _ in range(self._granules.bit_length())]
        at = 0
        while at < self._granules:
            order = self._top(at)
            self._free[order].add(at)
            at += 1 << order

    @classmethod
    def may_init(cls, start: int, size: int) -> set[bool]:
        room = size - (align_up(start, cls.granule) - start)
        return {True} if room >= 64 else {False} if room < 33 else {True, False}

    def asked(self, layout: Layout) -> int:
        return self.taken_for(layout)

    def taken_for(self, layout: Layout) -> int:
        return max(power_of_two(layout.size), layout.align, self.granule)

    def _top(self, granule: int) -> int:
        """The order of the top block that a granule lies in."""
        return (granule ^ self._granules).bit_length() - 1

    def _order(self, layout: Layout) -> int:
        return (self.taken_for(layout) // self.granule).bit_length() - 1

    def _found(self, layout: Layout) -> int | None:
        """The smallest order that fits and has a free block."""
        if layout.align > self.start & -self.start:
            return None
        return next((k for k in range(self._order(layout), len(self._free)) if self._free[k]), None)

    def room(self, layout: Layout) -> str:
        order = self._found(layout)
        if order is None:
            return ""
        return f"{self.name(self._address(min(self._free[order])))} is a free block of " \
               f"{self.granule << order} bytes"

    def _address(self, granule: int) -> int:
        return self.start + granule * self.granule

    def take(self, block: Block) -> None:
        order, found = self._order(block.layout), self._found(block.layout)
        assert found is not None
        offset = block.address - self.start
        size = self.granule << order
        if offset % size:
            raise Broken(f"a block of {size} bytes does not lie at a multiple of its size",
                         f"a multiple of {size:#x} above {self.name(self.start)}",
                         self.name(block.address))
        granule = offset // self.granule
        head = granule >> found << found
        if head not in self._free[found]:
            raise Broken("the block was not taken from a smallest free block that fits",
                         f"one of {self.granule << found} bytes, such as "
                         f"{self.name(self._address(min(self._free[found])))}",
                         self.name(block.address))
        self._free[found].remove(head)
        while found > order:  # the other halves are free
            found -= 1
            upper = head + (1 << found)
            self._free[found].add(head if granule >= upper else upper)
            head = upper if granule >= upper else head
        super().take(block)

    def give(self, block: Block) -> None:
        super().give(block)
        self._join((block.address - self.start) // self.granule, self._order(block.layout))

    def _join(self, granule: int, order: int) -> None:
        while order < self._top(granule) and granule ^ 1 << order in self._free[order]:
            self._free[order].remove(granule ^ 1 << order)
            granule &= ~(1 << order)
            order += 1
        self._free[order].add(granule)

    def stays(self, block: Block, layout: Layout) -> str:
        granule = (block.address - self.start) // self.granule
        order, wanted = self._order(block.layout), self._order(layout)
        if wanted <= order:
            return "the block is large enough"
        if wanted > self._top(granule) or granule & (1 << wanted) - 1:
            return ""
        if all(granule + (1 << k) in self._free[k] for k in range(order, wanted)):
            return "the buddies above it are free"
        return ""

    def resize(self, block: Block, layout: Layout) -> None:
        granule = (block.address - self.start) // self.granule
        order, wanted = self._order(block.layout), self._order(layout)
        for k in range(order, wanted):
            self._free[k].remove(granule + (1 << k))
        for k in range(wanted, order):
            self._free[k].add(granule + (1 << k))
        super().resize(block, layout)

    def free_answers(self, address: int, layout: Layout) -> set[int]:
        answers = super().free_answers(address, layout)
        block = self.live.get(address)
        if block is not None and layout.size != 0 and layout != block.layout:
            answers.add(Free.FREE_WRONG_LAYOUT)  # may be told from another of the same order
        return answers

    def free_sizes(self) -> list[int]:
        return [self.granule << order for order, some in enumerate(self._free) for _ in some]


MODELS: dict[str, type[Model]] = {
    "bump": Bump, "list": List, "block": Classes, "bitmap": Bitmap, "buddy": Buddy,
}
