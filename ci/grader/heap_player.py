"""Plays a trace on an allocator, step by step beside a model of it, and says what is wrong first.

Every live block holds bytes that only the examiner knows, written and read from outside; they are
looked at after every step, and so is the memory around the heap.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from grader.heap_models import SIZE_MAX, Block, Broken, Free, Layout, Model
from grader.subject import Ended, Subject, calls
from grader.traces import HEAP, MARGIN, Step, Trace, name

Call = calls("os/test/exam/heap_calls.h", "heap_call")

# struct heap_stats of os/heap/layout.h: words before free_blocks, and those.
FIGURES = ("total", "user", "allocated", "peak", "live", "largest_free")
HEAP_ORDERS = 40
STATS_SIZE = 8 * (len(FIGURES) + HEAP_ORDERS + 1)

PATTERN = random.Random("what blocks hold").randbytes(256 * 1024)


@dataclass(frozen=True)
class Failure:
    word: str  # one of results.WORDS
    message: str
    expected: str = ""
    got: str = ""
    output: str = ""
    trace: Trace | None = None  # up to the step that failed


def play(subject: Subject, design: type[Model], trace: Trace) -> Failure | None:
    """One trace, in a subject that is fresh."""
    trace = trace.renumbered()
    done: list[Step] = []
    try:
        player = Player.begin(subject, design, trace)
        if player is None:
            return None
        for step in trace.steps:
            done.append(step)
            if not player.do(step):
                done.pop()
        return None
    except Broken as broken:
        word, message, more = "fail", broken.message, (broken.expected, broken.got, "")
    except Ended as ended:
        word, message, more = ended.word, ended.message, ("", "", ended.output)
    return Failure(word, message, *more, Trace(trace.offset, trace.size, tuple(done)))


def contents(number: int, size: int) -> bytes:
    """What the n-th block holds."""
    at = number * 4099 % (len(PATTERN) // 2)
    end = at + size
    pattern = PATTERN if end <= len(PATTERN) else PATTERN * (end // len(PATTERN) + 1)
    return pattern[at:end]


class Player:
    """A heap, what must be true of it, and what its blocks hold."""

    def __init__(self, subject: Subject, model: Model, stats_at: int = 0) -> None:
        """Of a heap that is empty. stats_at: where figures can be written, outside the heap."""
        self._subject, self._model, self._stats_at = subject, model, stats_at
        self._blocks: dict[int, Block] = {}  # live ones, by their number in the trace
        self._held: dict[int, bytes] = {}
        self._seen: dict[int, int] = {}  # where a block was last
        self._filled = 0
        self._around: list[tuple[int, bytes]] = []

    @staticmethod
    def begin(subject: Subject, design: type[Model], trace: Trace) -> Player | None:
        """Have the trace's heap made; None where it must not be."""
        start, size = subject.start + MARGIN + trace.offset, trace.size
        stats_at = subject.start + subject.size - STATS_SIZE
        around = [(at, bytes(subject.memory(at, end - at)))
                  for at, end in ((subject.start, start), (start + size, stats_at))]
        allowed = design.may_init(start, size)
        answer = bool(subject.call(Call.HEAP_INIT, start, size))
        if answer not in allowed:
            raise Broken("X_init was wrong about whether a heap fits there",
                         str(not answer).lower(), str(answer).lower())
        if not answer:
            return None
        total = 0
        if design.wants_total:
            subject.call(Call.HEAP_STATS, stats_at)
            total = int.from_bytes(subject.memory(stats_at, 8), "little")
        player = Player(subject, design(start, size, total), stats_at)
        player._around = around
        player.look()
        return player

    def do(self, step: Step) -> bool:
        """One step, and a look at all memory; False where there was nothing to do."""
        is_done = getattr(self, f"_{step.verb}")(step)
        if is_done:
            self.look()
        return bool(is_done)

    def look(self) -> None:
        """Live blocks hold what they held, and nothing was written outside of the heap."""
        memory = self._subject.memory
        for number, held in self._held.items():
            block = self._blocks[number]
            now = bytes(memory(block.address, len(held)))
            if now != held:
                raise harmed(f"live block {block.name}", held, now)
        for at, before in self._around:
            now = bytes(memory(at, len(before)))
            if now != before:
                wrong = [i for i, byte in enumerate(before) if now[i] != byte]
                where = "behind" if at > self._subject.start else "in front of"
                raise Broken(f"{len(wrong)} bytes were changed {where} the heap's memory",
                             "the heap to keep to the memory that it was given",
                             f"the first at {self._model.name(at + wrong[0])}, the last at "
                             f"{self._model.name(at + wrong[-1])}")

    # --- steps ---

    def _alloc(self, step: Step) -> bool:
        layout = Layout(step.size, step.align)
        address = self._subject.call(Call.HEAP_ALLOC, *self._words(layout))
        block = self._model.served(name(step.block), layout, address)
        if block is not None:
            self._blocks[step.block] = block
            self._fill(step.block)
        return True

    def _free(self, step: Step) -> bool:
        block = self._blocks.get(step.block)
        if block is None:
            return False
        layout = block.layout if step.size else Layout(0, 1)
        self._fill(step.block)  # as a caller may write to it up to the end
        answer = self._subject.call(Call.HEAP_DEALLOC, block.address, *self._words(layout))
        if answer != Free.FREE_OK:
            raise Broken(f"the free of a live block was refused: {block.name}",
                         Free.FREE_OK.name, free_name(answer))
        self._model.freed(block)
        del self._blocks[step.block], self._held[step.block]
        return True

    def _realloc(self, step: Step) -> bool:
        block = self._blocks.get(step.block)
        if block is None:
            return False
        held = self._held[step.block]
        address = self._subject.call(Call.HEAP_REALLOC, block.address, *self._words(block.layout),
                                     step.size)
        if not self._model.resized(block, step.size, address):
            return True
        kept = held[:step.size]
        now = bytes(self._subject.memory(block.address, len(kept)))
        if now != kept:
            raise harmed(f"{block.name}, which realloc was to keep,", kept, now)
        self._fill(step.block)
        return True

    def wrong_free(self, step: Step) -> tuple[int, Layout, set[int]]:
        """The address and layout of a step's free, and what may be answered; nothing, where it is
        not sure to be wrong."""
        address = self._address(step)
        layout = Layout(step.size, step.align)
        expected = self._model.free_answers(address, layout) if address is not None else set()
        return address or 0, layout, expected if Free.FREE_OK not in expected else set()

    def _free_at(self, step: Step) -> bool:
        address, layout, expected = self.wrong_free(step)
        if not expected:
            return False
        for call, verb in ((Call.HEAP_CHECK, "X_check"), (Call.HEAP_DEALLOC, "X_dealloc")):
            answer = self._subject.call(call, address, *self._words(layout))
            if answer not in expected:
                raise Broken(f"{verb} gives a wrong answer to a wrong free",
                             " or ".join(Free(one).name for one in sorted(expected)),
                             free_name(answer))
        return True

    def _resize_at(self, step: Step) -> bool:
        address = self._address(step)
        layout = Layout(step.size, step.align)
        if address is None or Free.FREE_OK in self._model.free_answers(address, layout):
            return False
        answer = self._subject.call(Call.HEAP_REALLOC, address, *self._words(layout), step.size)
        if answer != 0:
            raise Broken("realloc of what is no live block", "NULL", self._model.name(answer))
        return True

    def _size_at(self, step: Step) -> bool:
        address = self._address(step)
        if address is None:
            return False
        sizes = self._model.block_sizes(address)
        answer = self._subject.call(Call.HEAP_BLOCK_SIZE, address)
        if answer not in sizes:
            raise Broken("X_block_size is wrong", f"{sizes[0]}", f"{answer}")
        return True

    def _stats(self, step: Step) -> bool:
        self._subject.call(Call.HEAP_STATS, self._stats_at)
        words = self._subject.memory(self._stats_at, STATS_SIZE).cast("Q")
        figures = dict(zip(FIGURES, words))
        self._model.check_figures(figures, list(words[len(FIGURES):-1]))
        return True

    # --- what they are made of ---

    def _words(self, layout: Layout) -> tuple[int, int]:
        return layout.size & SIZE_MAX, layout.align & SIZE_MAX

    def _address(self, step: Step) -> int | None:
        """Where a step points to, if that is known."""
        if step.block == HEAP:
            return (self._model.origin + step.offset) & SIZE_MAX
        at = self._seen.get(step.block)
        return None if at is None else at + step.offset

    def _fill(self, number: int) -> None:
        """Let a block hold something new."""
        block = self._blocks[number]
        self._filled += 1
        held = contents(self._filled, block.layout.size)
        self._subject.memory(block.address, len(held))[:] = held
        self._held[number] = held
        self._seen[number] = block.address


def harmed(what: str, held: bytes, now: bytes) -> Broken:
    at = next(i for i in range(len(held)) if held[i] != now[i])
    return Broken(f"the contents of {what} were changed",
                  f"byte {at} to be {held[at]:#04x}, as it was written", f"{now[at]:#04x}")


def free_name(answer: int) -> str:
    return Free(answer).name if answer in list(Free) else f"{answer}, which is no free_result"
