"""The host stage: a process that is not believed, models of each allocator, traces that are made short."""

from __future__ import annotations

import fcntl
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from common import ROOT, make
from grader import host_subject
from grader.heap_models import MODELS, SIZE_MAX, Block, Broken, Free, Layout, Model, align_up
from grader.heap_player import FIGURES, HEAP_ORDERS, Call, Failure, play
from grader.host_stage import heap_of, judge
from grader.host_subject import ARENA_SIZE, ARENA_START, FRESH, Examinee
from grader.lab import Item, Lab, load
from grader.sandbox import NoSandbox
from grader.shrink import shrink
from grader.stages import Run
from grader.subject import Ended, calls
from grader.traces import HEAP, KINDS, LARGEST, MARGIN, OFFSETS, Step, Trace, name, write

LABS = ("bump", "list", "blocks", "buddy")
SEEDS, SHARE = 4, 6  # so many seeds, each with a part of an item's runs


# --- the reference ---


def host_items(lab: Lab) -> list[Item]:
    return [item for item in lab.items if item.stage == "heap-trace"]


@pytest.mark.parametrize("lab_name", LABS)
def test_the_reference_passes_every_item_with_any_seed(lab_name: str) -> None:
    lab = load(lab_name)
    for heap in {heap_of(lab, item) for item in host_items(lab)}:
        done = make(f"HEAP={heap}", f"build/examinee/{heap}/examinee")
        assert done.returncode == 0, done.stdout
    for item in host_items(lab):
        part = replace(item, options={**item.options, "runs": item.options["runs"] // SHARE})
        for seed in range(SEEDS):
            result = judge(Run(lab, seed, ROOT, NoSandbox(), "grade"), part)
            assert (result.word, result.points) == ("pass", item.points), (seed, result)


@pytest.mark.parametrize("lab_name", LABS)
def test_the_host_stage_has_seventy_points_and_some_are_hidden(lab_name: str) -> None:
    items = host_items(load(lab_name))
    assert sum(item.points for item in items) == 70
    assert sum(item.hidden for item in items) >= 2
    assert {item.options["kind"] for item in items} <= set(KINDS)


# --- traces ---


@pytest.mark.parametrize("kind", KINDS)
def test_a_trace_follows_from_its_seed_and_fits_the_arena(kind: str) -> None:
    for seed in range(20):
        trace = write(kind, random.Random(seed), 50)
        assert trace == write(kind, random.Random(seed), 50)
        assert trace == trace.renumbered() and len(trace.steps) >= 50
        assert 0 < trace.size <= LARGEST and 0 <= trace.offset < OFFSETS
        assert MARGIN + OFFSETS + LARGEST < ARENA_SIZE
        assert any(step.verb == "alloc" and 0 < step.size <= trace.size for step in trace.steps)


def test_blocks_have_short_names() -> None:
    assert [name(block) for block in (HEAP, 0, 25, 26)] == ["start", "a", "z", "a1"]


def test_steps_on_blocks_that_are_left_out_go_with_them() -> None:
    steps = (Step("alloc", 0, 8), Step("alloc", 3, 8), Step("free", 1, 1), Step("free", 3, 1))
    assert Trace(0, 64, steps).renumbered().lines()[1:] == (
        "a = alloc(8, align 1)", "b = alloc(8, align 1)", "dealloc(b)")


# --- what each model takes, and what it does not ---

START = 0x10000
SIZES = {"bump": 1024, "list": 1024, "block": 1024, "bitmap": 1040, "buddy": 33 * 32}
TOTALS = {"bitmap": 1024, "buddy": 1024}


class Answers:
    """A model that is told what an allocator has answered."""

    def __init__(self, heap: str) -> None:
        self.model: Model = MODELS[heap](START, SIZES[heap], TOTALS.get(heap, 0))
        self.blocks: dict[str, Block] = {}

    def alloc(self, size: int, at: int | None, align: int = 1) -> Answers:
        block = self.model.served(name(len(self.blocks)), Layout(size, align),
                                  0 if at is None else START + at)
        if block is not None:
            self.blocks[block.name] = block
        return self

    def realloc(self, block: str, size: int, at: int | None) -> Answers:
        self.model.resized(self.blocks[block], size, 0 if at is None else START + at)
        return self

    def free(self, block: str) -> Answers:
        self.model.freed(self.blocks[block])
        return self

    def says(self, at: int, size: int = 0, align: int = 1) -> set[str]:
        return {Free(one).name for one in self.model.free_answers(START + at, Layout(size, align))}


HONEST: list[tuple[str, Callable[[Answers], object]]] = [
    ("bump", lambda h: h.alloc(3, 0).alloc(8, 8, 8).free("a").alloc(1, 16).free("b").free("c").alloc(9, 0)),
    ("bump", lambda h: h.alloc(1000, 0).alloc(24, 1000).alloc(1, None)),
    ("bump", lambda h: h.alloc(8, 0).realloc("a", 1024, 0).realloc("a", 1025, None).realloc("a", 1, 0)),
    ("bump", lambda h: h.alloc(8, 0).alloc(8, 8).realloc("a", 9, 16).realloc("b", 8, 8)),
    ("list", lambda h: h.alloc(16, 16).alloc(992 - 32, 48).alloc(1, None).free("a").alloc(16, 16)),
    # Where in the first region a block lies is not promised.
    ("list", lambda h: h.alloc(16, 1024 - 16).alloc(16, 16)),
    ("list", lambda h: h.alloc(16, 16).realloc("a", 1008, 16).realloc("a", 1, 16).alloc(960, 48)),
    ("block", lambda h: h.alloc(9, 16).alloc(16, 48).free("a").free("b").alloc(12, 16).alloc(10, 48)),
    ("block", lambda h: h.alloc(16, 32, 32).free("a").alloc(16, 16)),
    ("bitmap", lambda h: h.alloc(17, 512).alloc(512, 0).alloc(480, 544).alloc(1, None)),
    ("bitmap", lambda h: h.alloc(16, 0).alloc(16, 32).realloc("a", 32, 0).realloc("b", 64, 32)),
    # A block may be any part of the free block that is split.
    ("buddy", lambda h: h.alloc(32, 992).alloc(32, 960).alloc(64, 896).free("a").free("b").alloc(64, 960)),
    ("buddy", lambda h: h.alloc(33, 0).realloc("a", 65, 0).realloc("a", 1, 0).alloc(32, 32).realloc("a", 33, 64)),
    ("buddy", lambda h: h.alloc(1024, 0).alloc(1, None).free("a").alloc(513, 0)),
]


@pytest.mark.parametrize(("heap", "story"), HONEST)
def test_a_model_takes_what_the_contract_allows(heap: str, story: Callable[[Answers], object]) -> None:
    story(Answers(heap))


BROKEN: list[tuple[str, str, Callable[[Answers], object]]] = [
    ("bump", "not aligned", lambda h: h.alloc(1, 0).alloc(8, 1, 8)),
    ("bump", "overlaps", lambda h: h.alloc(8, 0).alloc(1, 7)),
    ("bump", "outside the heap", lambda h: h.alloc(1000, 0).alloc(25, 1000)),
    ("bump", "answered NULL", lambda h: h.alloc(1000, 0).alloc(24, None)),
    ("bump", "from `next` on", lambda h: h.alloc(8, 0).alloc(8, 8).free("b").alloc(8, 9)),
    ("bump", "from `next` on", lambda h: h.alloc(8, 0).free("a").alloc(8, 8)),
    ("bump", "had to stay", lambda h: h.alloc(8, 0).realloc("a", 9, 8)),
    ("bump", "could not grow", lambda h: h.alloc(8, 0).alloc(8, 8).realloc("a", 9, 0)),
    ("bump", "not valid was served", lambda h: h.alloc(0, 0)),
    ("bump", "not valid was served", lambda h: h.alloc(8, 0, 3)),
    ("bump", "not possible was served", lambda h: h.alloc(8, 0).realloc("a", SIZE_MAX, 0)),
    ("list", "first region", lambda h: h.alloc(16, 16).alloc(16, 48).free("a").alloc(16, 80)),
    ("list", "not aligned", lambda h: h.alloc(16, 24)),
    ("list", "too near|first region", lambda h: h.alloc(16, 0)),
    ("list", "answered NULL", lambda h: h.alloc(480, 16).alloc(480, 512).free("a").free("b").alloc(1008, None)),
    ("list", "no memory", lambda h: h.alloc(977, 16).alloc(1, 1008)),
    ("list", "had to stay", lambda h: h.alloc(16, 16).realloc("a", 17, 48)),
    ("block", "in their list", lambda h: h.alloc(16, 16).free("a").alloc(9, 48)),
    ("block", "overlaps|first region", lambda h: h.alloc(16, 16).free("a").alloc(17, 16)),
    ("bitmap", "not aligned", lambda h: h.alloc(16, 8)),
    ("bitmap", "answered NULL", lambda h: h.alloc(1008, 0).alloc(16, None)),
    ("bitmap", "outside the heap", lambda h: h.alloc(16, 1024)),
    ("buddy", "multiple of its size", lambda h: h.alloc(64, 32)),
    ("buddy", "smallest free block", lambda h: h.alloc(32, 0).alloc(32, 64)),
    ("buddy", "answered NULL", lambda h: h.alloc(32, 0).alloc(32, 32).free("a").free("b").alloc(1024, None)),
    ("buddy", "had to stay", lambda h: h.alloc(32, 0).realloc("a", 512, 512)),
    ("buddy", "could not grow", lambda h: h.alloc(32, 0).alloc(32, 32).realloc("a", 33, 0)),
    ("buddy", "not aligned|no memory", lambda h: h.alloc(1, 0, 1 << 17)),
]  # fmt: skip


@pytest.mark.parametrize(("heap", "words", "story"), BROKEN)
def test_a_model_does_not_take_what_breaks_the_contract(heap: str, words: str,
                                                        story: Callable[[Answers], object]) -> None:
    with pytest.raises(Broken, match=words):
        story(Answers(heap))


FREES: list[tuple[str, int, int, set[str]]] = [  # after alloc(48) at header or 0, and alloc(48), freed
    ("bump", 0, 48, {"FREE_OK"}),
    ("bump", -1, 0, {"FREE_FOREIGN"}), ("bump", 1024, 0, {"FREE_FOREIGN"}), ("bump", 96, 0, {"FREE_TWICE"}),
    ("bump", 0, 97, {"FREE_WRONG_LAYOUT"}),
    ("list", 16, 48, {"FREE_OK"}), ("list", 16, 0, {"FREE_OK"}), ("list", 16, 47, {"FREE_WRONG_LAYOUT"}),
    ("list", 32, 0, {"FREE_INTERIOR"}), ("list", 0, 0, {"FREE_INTERIOR"}), ("list", 80, 0, {"FREE_TWICE"}),
    ("list", 17, 0, {"FREE_MISALIGNED", "FREE_INTERIOR"}), ("list", 1024, 0, {"FREE_FOREIGN"}),
    ("block", 16, 33, {"FREE_OK"}), ("block", 16, 32, {"FREE_WRONG_LAYOUT"}), ("block", 96, 0, {"FREE_TWICE"}),
    ("bitmap", 0, 33, {"FREE_OK"}), ("bitmap", 0, 32, {"FREE_WRONG_LAYOUT"}), ("bitmap", 16, 0, {"FREE_INTERIOR"}),
    ("bitmap", 48, 0, {"FREE_TWICE"}), ("bitmap", 1024, 0, {"FREE_FOREIGN"}),
    ("buddy", 0, 0, {"FREE_OK"}), ("buddy", 0, 65, {"FREE_WRONG_LAYOUT"}), ("buddy", 32, 0, {"FREE_INTERIOR"}),
    ("buddy", 64, 0, {"FREE_TWICE"}), ("buddy", 33, 0, {"FREE_MISALIGNED", "FREE_INTERIOR"}),
]  # fmt: skip
SECOND = {"bump": 48, "list": 80, "block": 96, "bitmap": 48, "buddy": 64}


@pytest.mark.parametrize(("heap", "at", "size", "answers"), FREES)
def test_a_model_knows_what_a_free_must_say(heap: str, at: int, size: int, answers: set[str]) -> None:
    heap_of_two = Answers(heap).alloc(48, MODELS[heap].header if heap in ("list", "block") else 0)
    heap_of_two.alloc(48, SECOND[heap]).free("b")
    assert heap_of_two.says(at, size) - ({"FREE_WRONG_LAYOUT"} if "FREE_OK" in answers else set()) == answers


def test_figures_are_compared_with_the_live_blocks() -> None:
    model = Answers("buddy").alloc(32, 0).alloc(64, 64).free("a").model
    right = dict(total=1024, live=1, allocated=64, peak=96, largest_free=512)
    free = [0, 1, 1, 1, 1] + [0] * (HEAP_ORDERS - 5)
    model.check_figures(right, free)
    for figure in right:
        with pytest.raises(Broken, match=figure):
            model.check_figures(right | {figure: right[figure] + 1}, free)
    with pytest.raises(Broken, match="of order 1"):
        model.check_figures(right, [0, 2, *free[2:]])


@pytest.mark.parametrize(("heap", "total"), [("bitmap", 0), ("bitmap", 1040), ("bitmap", 1025), ("buddy", 1056),
                                             ("buddy", 512)])
def test_a_heap_does_not_say_that_it_has_more_or_much_less_than_it_was_given(heap: str, total: int) -> None:
    with pytest.raises(Broken, match="total"):
        MODELS[heap](START, SIZES[heap] if heap == "buddy" else 4096 if total == 0 else SIZES[heap], total)


# --- playing and shrinking, on a bump allocator in Python ---


class FakeBump:
    """A subject that keeps bump.h's contract, but for one fault."""

    start, size = ARENA_START, ARENA_SIZE

    def __init__(self, fault: str = "") -> None:
        self._memory = memoryview(bytearray(FRESH * ARENA_SIZE))
        self.fault = fault

    def memory(self, address: int, size: int) -> memoryview:
        return self._memory[address - self.start:address - self.start + size]

    def close(self) -> None:
        pass

    def call(self, call: int, *arguments: int) -> int:
        verb = Call(call).name.removeprefix("HEAP_").lower()
        return int(getattr(self, verb)(*arguments))

    def init(self, start: int, size: int) -> int:
        self.first = self.next = start
        self.end = start + size
        self.live = self.peak = 0
        if self.fault == "behind":
            self.memory(self.end, 3)[:] = b"map"
        return size > 0

    def alloc(self, size: int, align: int) -> int:
        if not Layout(size, align).is_valid:
            return 0
        at = align_up(self.next, align)
        if at + size > self.end:
            return 0
        self.move(at + size)
        self.live += 1
        if self.fault == "harms" and at > self.first:
            self.memory(self.first, 1)[0] ^= 1
        if self.fault == "dies" and self.live == 3:
            raise Ended("panic", "out of luck", "a backtrace")
        return at

    def move(self, at: int) -> None:
        self.next = at
        self.peak = max(self.peak, at - self.first)

    def check(self, address: int, size: int, align: int) -> int:
        if not self.first <= address < self.end:
            return Free.FREE_FOREIGN
        if not self.live or address >= self.next:
            return Free.FREE_TWICE
        if address % align:
            return Free.FREE_MISALIGNED
        return Free.FREE_WRONG_LAYOUT if size > self.next - address else Free.FREE_OK

    def dealloc(self, address: int, size: int, align: int) -> int:
        answer = self.check(address, size, align)
        if self.fault == "refuses" and self.live == 2:
            return Free.FREE_TWICE
        if answer == Free.FREE_OK or self.fault == "any-free":
            self.live -= 1
            if not self.live and self.fault != "never-reset":
                self.next = self.first
        return 17 if self.fault == "nonsense" else answer

    def realloc(self, address: int, size: int, align: int, new_size: int) -> int:
        if not Layout(new_size, align).is_valid or self.check(address, size, align) != Free.FREE_OK:
            return 0
        if address + size == self.next:
            if address + new_size > self.end:
                return 0
            self.move(address + new_size)
            return address
        if new_size <= size:
            return address
        copy = self.alloc(new_size, align)
        if copy:
            kept = size // 8 * 8 if self.fault == "loses-tail" else size
            self.memory(copy, kept)[:] = self.memory(address, kept)
            self.dealloc(address, size, align)
        return copy

    def block_size(self, address: int) -> int:
        return 5 if self.fault == "block-size" else 0

    def stats(self, at: int) -> int:
        figures = dict(total=self.end - self.first, user=0, allocated=self.next - self.first, peak=self.peak,
                       live=self.live + (self.fault == "figures"), largest_free=self.end - self.next)
        for index, figure in enumerate(FIGURES):
            self.memory(at + 8 * index, 8)[:] = figures[figure].to_bytes(8, "little")
        self.memory(at + 8 * len(FIGURES), 8 * HEAP_ORDERS)[:] = bytes(8 * HEAP_ORDERS)
        return 0


def first_failure(fault: str, kind: str) -> Failure | None:
    for seed in range(40):
        failure = play(FakeBump(fault), MODELS["bump"], write(kind, random.Random(seed), 60))
        if failure is not None:
            return failure
    return None


def test_the_fake_keeps_the_contract() -> None:
    for kind in KINDS:
        assert first_failure("", kind) is None


FAULTS = [  # what is wrong, the kind of trace that finds it, in which words, and lines that tell it
    ("behind", "few", "3 bytes were changed behind the heap's memory", 1),
    ("harms", "few", "the contents of live block a were changed", 3),
    ("never-reset", "churn", "first aligned byte from `next` on", 4),
    ("loses-tail", "last", "which realloc was to keep", 4),
    ("refuses", "churn", "the free of a live block was refused", 4),
    ("nonsense", "churn", "the free of a live block was refused", 3),
    ("any-free", "wrong-free", "from `next` on|was refused|overlaps", 4),
    ("block-size", "wrong-free", "bump_block_size|X_block_size", 3),
    ("figures", "stats", "wrong figure: live", 2),
    ("dies", "few", "out of luck", 4),
]


@pytest.mark.parametrize(("fault", "kind", "words", "lines"), FAULTS)
def test_a_fault_is_found_and_its_trace_is_short(fault: str, kind: str, words: str, lines: int) -> None:
    failure = first_failure(fault, kind)
    assert failure is not None

    def again(trace: Trace) -> Failure | None:
        return play(FakeBump(fault), MODELS["bump"], trace)

    short = shrink(failure, again)
    assert short.word == ("panic" if fault == "dies" else "fail") and short.trace is not None
    assert any(word in short.message for word in words.split("|")), short.message
    assert len(short.trace.lines()) <= lines, short.trace.lines()
    assert again(short.trace) == short  # the trace that is shown is the one that fails
    assert shrink(failure, again) == short  # and it comes out the same each time


class Liar(FakeBump):
    """Answers anything."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)

    def call(self, call: int, *arguments: int) -> int:
        if call == Call.HEAP_STATS:
            at, figures = arguments[0], self.chance.choice((bytes(376), self.chance.randbytes(376)))
            self.memory(at, 376)[:] = figures
            self.memory(at, 8)[:] = self.chance.choice((992, 992, 992, 4096)).to_bytes(8, "little")
        if call == Call.HEAP_INIT:
            self.init(*arguments)
            return 1
        return self.chance.choice((0, 0, 1, 2, SIZE_MAX, self.chance.getrandbits(64), self.first, self.end,
                                   *(self.first + 16 * self.chance.randrange(64) for _ in range(12))))


@pytest.mark.parametrize("heap", MODELS)
def test_no_answer_is_an_error_of_the_grader(heap: str) -> None:
    ends = set()
    for seed in range(300):
        trace = replace(write("mixed", random.Random(seed), 40), size=1024, offset=32 * (seed % 3))
        failure = play(Liar(seed), MODELS[heap], trace)
        ends.add(failure.message if failure else "")
    assert len(ends) > 5, ends


def test_shrinking_stops_after_so_many_runs_and_soon_where_they_hang() -> None:
    trace = Trace(0, 4096, tuple(Step("alloc", block, 8) for block in range(100)))
    for word, most in (("fail", 50), ("hang", 1)):
        runs: list[Trace] = []

        def fails(trace: Trace) -> Failure:
            runs.append(trace)
            return Failure(word, "always", trace=trace)  # noqa: B023

        shrink(Failure(word, "always", trace=trace), fails, 50)
        assert len(runs) <= most


# --- a process that is not believed ---

Hostile = calls("ci/tests/judge_hostile.c", "hostile_call")


@pytest.fixture(scope="module")
def hostile_program() -> Path:
    program = ROOT / "build/examinee/hostile/examinee"  # where the user nobody can read it
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", "-I", ROOT / "os", "-o", program, ROOT / "ci/host/examinee.c",
                    ROOT / "ci/tests/judge_hostile.c"], check=True)  # fmt: skip
    return program


@pytest.fixture
def hostile(hostile_program: Path) -> Iterator[Examinee]:
    with Examinee([hostile_program], NoSandbox()) as examinee:
        yield examinee


DEEDS = [
    (Hostile.EXIT, "early-exit", "ended the process", ""),
    (Hostile.PRINT_AND_EXIT, "early-exit", "ended the process", "score: 100"),
    (Hostile.KILL_PARENT, "early-exit", "without an answer", ""),
    (Hostile.LOOP, "hang", "endless loop", ""),
    (Hostile.FLOOD, "flood", "printed without end", "all tests passed"),
    (Hostile.WRITE_ON_ALL_FILES, "fail", "wrote on its pipe", ""),
    (Hostile.READ_FREED_MEMORY, "fail", "heap-use-after-free", "judge_hostile.c"),
    (Hostile.OVERFLOW_AN_INT, "fail", "signed integer overflow", "judge_hostile.c"),
    (Hostile.CALL_NULL, "fail", "null pointer|SEGV", ""),
    (Hostile.RECURSE, "fail", "stack-overflow", ""),
    (Hostile.TAKE_ALL_MEMORY, "fail", "abort|AddressSanitizer", ""),
]


@pytest.mark.parametrize(("deed", "word", "message", "output"), DEEDS)
def test_an_end_has_its_word_and_the_next_life_is_fresh(hostile: Examinee, deed: int, word: str, message: str,
                                                        output: str) -> None:
    life = hostile.begin()
    assert life.call(Hostile.ANSWER, 42) == 42
    life.memory(ARENA_START, 1)[0] = 1
    with pytest.raises(Ended, match=message) as ended:
        life.call(deed)
        life.call(Hostile.ANSWER, 42)
    assert ended.value.word == word, ended.value.message
    assert output in ended.value.output and len(ended.value.output) <= host_subject.OUTPUT_SHOWN
    life.close()
    life = hostile.begin()
    assert life.call(Hostile.ANSWER, 43) == 43 and bytes(life.memory(ARENA_START, 1)) == FRESH
    life.close()


def test_code_that_waits_is_not_waited_for(hostile_program: Path) -> None:
    with Examinee([hostile_program], NoSandbox(), answer_seconds=0.3) as examinee:
        with pytest.raises(Ended, match="waits for something") as ended:
            examinee.begin().call(Hostile.WAIT)
    assert ended.value.word == "hang"


def test_a_program_that_is_no_examinee_ends_early() -> None:
    with Examinee(["true"], NoSandbox()) as examinee:
        with pytest.raises(Ended) as ended:
            examinee.begin()
    assert ended.value.word == "early-exit"


def test_the_arena_cannot_be_made_shorter_under_the_examiner(hostile: Examinee) -> None:
    seals = fcntl.fcntl(hostile._arena, fcntl.F_GET_SEALS)
    assert seals & fcntl.F_SEAL_SHRINK and seals & fcntl.F_SEAL_SEAL
    with pytest.raises(PermissionError):
        os.ftruncate(hostile._arena, 0)
