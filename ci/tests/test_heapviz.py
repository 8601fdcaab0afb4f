"""Traces of a heap: how they are read, and the page that shows them."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from common import ROOT, boot, kernel, need

sys.path.insert(0, str(ROOT / "ci" / "heapviz"))
import heapviz  # noqa: E402

BASE, GRANULE = 0xFFFFFFC080400000, 32
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome")
                 if (path := shutil.which(name))), None)


class BuddyModel:
    """A buddy system that writes a trace as the kernel's recorder does."""

    def __init__(self, top: int) -> None:
        self.top, self.time = top, 1000
        self.free = {order: set() for order in range(top + 1)}
        self.free[top].add(0)
        self.live: dict[int, tuple[int, int]] = {}  # offset: size, order
        self.lines: list[str] = []
        self.user = self.allocated = self.peak = 0

    def say(self, kind: str, rest: str) -> None:
        self.time += 17
        self.lines.append(f"{kind} {self.time} {rest}")

    def done(self, kind: str, offset: int, size: int, order: int, functions: str) -> None:
        sign = 1 if kind == "A" else -1
        self.user += sign * size
        self.allocated += sign * (GRANULE << order)
        self.peak = max(self.peak, self.allocated)
        self.say(kind, f"{BASE + offset:#x} {size} {GRANULE << order} {self.user} "
                       f"{self.allocated} {self.largest()} {functions}")

    def largest(self) -> int:
        return max((GRANULE << order for order, blocks in self.free.items() if blocks), default=0)

    def alloc(self, size: int, functions: str = "heap_alloc,box_of,main") -> int | None:
        wanted = max(0, (max(size, 1) - 1).bit_length() - 5)
        order = next((o for o in range(wanted, self.top + 1) if self.free[o]), None)
        if order is None:
            self.say("X", f"{size} {functions}")
            return None
        offset = self.free[order].pop()
        while order > wanted:
            self.say("S", f"{BASE + offset:#x} {order}")
            order -= 1
            self.free[order].add(offset + (GRANULE << order))
        self.live[offset] = (size, order)
        self.done("A", offset, size, order, functions)
        return offset

    def dealloc(self, offset: int, functions: str = "heap_dealloc,box_end,main") -> None:
        size, order = self.live.pop(offset)
        head, joined = offset, order
        while joined < self.top and head ^ (GRANULE << joined) in self.free[joined]:
            self.free[joined].remove(head ^ (GRANULE << joined))
            head &= ~(GRANULE << joined)
            joined += 1
            self.say("M", f"{BASE + head:#x} {joined}")
        self.free[joined].add(head)
        self.done("F", offset, size, order, functions)

    def text(self, dropped: int = 0) -> str:
        """The trace without its first `dropped` events."""
        header = (f"heap-trace 1 allocator=buddy base={BASE:#x} size={GRANULE << self.top} "
                  f"granule={GRANULE} time=instructions dropped={dropped}")
        blocks = [f"B {BASE + offset:#x} {order}" for order, offsets in self.free.items()
                  for offset in sorted(offsets)]
        free = ",".join(f"o{order}:{len(offsets)}" for order, offsets in self.free.items() if offsets)
        stats = (f"stats total={GRANULE << self.top} user={self.user} allocated={self.allocated} "
                 f"peak={self.peak} live={len(self.live)} largest_free={self.largest()} "
                 f"free={free or 'none'}")
        events = self.lines[dropped:]
        return "\n".join(["Bosk, booting", header, *events, *blocks, stats,
                          f"heap-trace-end events={len(events)}", "bosk: shutting down", ""])


def random_model(events: int, live: int = 400, seed: int = 1, top: int = 17) -> BuddyModel:
    model, dice = BuddyModel(top), random.Random(seed)
    offsets: list[int] = []
    while len(model.lines) < events:
        if len(offsets) < live and dice.random() < 0.6:
            size = int(2 ** dice.uniform(0, 11))
            offset = model.alloc(size, f"kmalloc,site_{dice.randrange(12)},main")
            if offset is not None:
                offsets.append(offset)
        elif offsets:
            offsets[dice.randrange(len(offsets))], offsets[-1] = (
                offsets[-1], offsets[dice.randrange(len(offsets))])
            model.dealloc(offsets.pop()) if offsets[-1] in model.live else offsets.pop()
    return model


def small_model() -> BuddyModel:
    model = BuddyModel(4)
    first, second = model.alloc(20), model.alloc(100)
    assert first is not None and second is not None
    model.dealloc(first)
    return model


# Reading ------------------------------------------------------------------------------------------


def test_a_trace_is_read_with_the_heap_before_its_first_event() -> None:
    trace = heapviz.read(small_model().text())
    assert (trace.allocator, trace.size, trace.granule) == ("buddy", 512, 32)
    assert trace.free == {BASE: 4}
    assert "".join(event.kind for event in trace.events) == "SSSSAAFMM"
    assert trace.events[4].figures == (20, 32, 256)
    assert trace.events[4].stack == "heap_alloc,box_of,main"


def test_a_free_stands_before_its_merges_and_time_still_goes_forward() -> None:
    model = BuddyModel(2)
    model.dealloc(model.alloc(1) or 0)
    trace = heapviz.read(model.text())
    assert "".join(event.kind for event in trace.events) == "SSAFMM"
    times = [event.time for event in trace.events]
    assert times == sorted(times)


@pytest.mark.parametrize("dropped", [0, 1, 10, 137, 1999])
def test_dropped_events_leave_the_free_blocks_known(dropped: int) -> None:
    model = random_model(2000, live=60)
    whole, part = heapviz.read(model.text()), heapviz.read(model.text(dropped))
    assert part.dropped == dropped and len(part.events) == len(whole.events) - dropped
    assert whole.free == {BASE: 17}
    begun = {event.line: event.address for event in whole.events if event.kind == "A"}
    assert {address for address, _, _ in part.live} <= set(begun.values())


def test_an_empty_trace_is_a_heap_at_rest() -> None:
    trace = heapviz.read(BuddyModel(3).text())
    assert trace.events == [] and trace.free == {BASE: 3}
    assert heapviz.page_data(trace, "empty")["count"] == 0


LINES = """heap-trace 1 allocator=slab base=0x10000 size=32768 granule=4096 time=ticks dropped=0
S 10 0x10000 3
S 11 0x10000 2
S 12 0x10000 1
T 13 0x10000 4096 48
A 14 0x10000 40 48 40 48 16384 kmalloc,f,main
A 15 0x14000 9000 16384 9040 16432 12288 kmalloc,g,main
T 16 0x14000 16384 0
F 17 0x14000 9000 16384 40 48 8192 kfree,g,main
U 18 0x14000 16384
R 19 0x10000 40 48 0x14000 10000 16384 10000 16384 16384 heap_realloc,main
M 20 0x10000 1
M 21 0x10000 2
U 22 0x10000 4096
X 23 99999 kmalloc,main
B 0x10000 2
stats total=32768 user=10000 allocated=16384 peak=16432 live=1 largest_free=16384 free=o2:1
heap-trace-end events=14
""".splitlines()


def test_slabs_and_kept_blocks_are_neither_live_nor_free() -> None:
    trace = heapviz.read("\n".join(LINES))
    assert trace.free == {0x10000: 3} and trace.slabs == trace.apart == []
    assert "".join(event.kind for event in trace.events) == "SSSTAAFTURUMMX"
    assert [event.flags for event in trace.events if event.kind in "AFR"] == [1, 0, 0, 2]


CUT = """heap-trace 1 allocator=slab base=0x10000 size=131072 granule=65536 time=ticks dropped=0
S 10 0x10000 1
T 11 0x10000 65536 0
T 12 0x10000 4096 48
A 13 0x10000 40 48 40 48 65536 kmalloc,f,main
A 14 0x11000 5000 5120 5040 5168 65536 kmalloc,g,main
U 15 0x10000 4096
F 16 0x10000 40 48 5000 5120 65536 kfree,f,main
T 17 0x12400 4096 96
A 18 0x12460 90 96 5090 5216 65536 kmalloc,f,main
B 0x20000 0
K 0x10000 65536 0
K 0x12400 4096 96
stats total=131072 user=5090 allocated=5216 peak=5216 live=2 largest_free=65536 free=o0:1
heap-trace-end events=9
""".splitlines()


def test_slabs_lie_in_blocks_that_are_set_apart() -> None:
    trace = heapviz.read("\n".join(CUT))
    assert trace.free == {0x10000: 1} and trace.slabs == trace.apart == []
    inside = [(event.kind, event.flags) for event in trace.events if event.kind in "TUAF"]
    assert inside == [("T", 0), *[(kind, 1) for kind in "TAAFUTA"]]


def test_a_slab_that_is_older_than_the_trace_is_there_from_its_start() -> None:
    header, _, _, _, _, *lines = CUT
    trace = heapviz.read("\n".join([header.replace("dropped=0", "dropped=4"), *lines[:-1],
                                    "heap-trace-end events=5"]))
    assert trace.apart == [(0x10000, 65536, 0)] and trace.slabs == [(0x10000, 4096, 0)]
    assert trace.live == [(0x10000, 40, 48)]


def test_a_heap_without_orders_has_no_free_blocks_to_tell() -> None:
    lines = [LINES[0], "A 1 0x10008 8 24 8 24 100 -", "F 2 0x10008 8 24 0 0 100 -",
             re.sub(" free=.*", " free=-", LINES[-2]), "heap-trace-end events=2"]
    assert heapviz.page_data(heapviz.read("\n".join(lines)), "list")["freeBlocks"] is None


def test_a_full_heap_still_has_orders() -> None:
    model = BuddyModel(2)
    model.alloc(GRANULE << 2)
    trace = heapviz.read(model.text())
    assert trace.free_blocks == {} and trace.free == {BASE: 2}


def test_a_region_that_the_heap_grew_by_is_free_from_then_on() -> None:
    lines = [LINES[0], "G 5 0x20000 8192", "A 6 0x20000 8192 8192 8192 8192 32768 -",
             "B 0x10000 3", LINES[-2].replace("o2:1", "o3:1"), "heap-trace-end events=2"]
    trace = heapviz.read("\n".join(lines))
    assert trace.grown == {0: [(0x20000, 1)]} and trace.free == {0x10000: 3}


@pytest.mark.parametrize(("place", "line", "complaint"), [
    (0, "heap-trace 2 allocator=x", "line 1: not the first line of a trace of version 1"),
    (0, LINES[0].replace("granule=4096", "granule=48"), "line 1: size must be"),
    (0, "something else", "no line begins with `heap-trace`"),
    (1, "Z 10 0x10000 3", "line 2: `Z 10 0x10000 3` is no item of a trace"),
    (1, "S 10 0x10000", "line 2: S has 2 fields and needs 3"),
    (1, "S ten 0x10000 3", "line 2: `ten` is not a time"),
    (1, "S 10 0x1000g 3", "line 2: `0x1000g` is not an address"),
    (1, "S 10 0x10000 -3", "line 2: `-3` is not a number"),
    (1, "S 10 0x10000 0", "line 2: order 0 cannot be"),
    (1, "S 10 0x90000 3", "line 2: 0x90000 lies outside of the heap"),
    (2, "S 9 0x10000 2", "line 3: time 9 is before 10"),
    (2, "", "line 3: `` is no item of a trace"),
    (3, "S 12 0x12000 1", "line 4: by what follows, there is no free block of order 0 at 0x12000"),
    (5, "A 14 0x10000 40 48 40 48 16384", "line 6: A has 7 fields and needs 8"),
    (6, "A 15 0x10000 9000 16384 9040 16432 12288 kmalloc,g,main",
     "line 7: a block is live at 0x10000 already"),
    (8, "F 17 0x14000 9000 8192 40 48 8192 kfree,g,main", "line 9: the block at 0x14000 has 16384"),
    (8, "F 17 0x15000 9000 16384 40 48 8192 kfree,g,main", "line 9: no block is live at 0x15000"),
    (15, "B 0x10000 two", "line 16: `two` is not a number"),
    (16, "stats total=1 user=2", "line 17: stats must have"),
    (16, LINES[-2].replace("o2:1", "o2:x"), "line 17: a figure of stats is not a number"),
    (16, "B 0x14000 2", "line 18: the trace ends without a line of stats"),
    (17, "heap-trace-end events=15", "line 18: 14 events were read"),
    (17, "", "line 18: `` is no item of a trace"),
])  # fmt: skip
def test_a_malformed_trace_is_named_by_its_line(place: int, line: str, complaint: str) -> None:
    lines = [*LINES]
    lines[place] = line
    with pytest.raises(heapviz.Malformed) as caught:
        heapviz.read("\n".join(lines))
    assert str(caught.value).startswith(complaint)


def test_a_trace_that_breaks_off_has_no_end() -> None:
    with pytest.raises(heapviz.Malformed, match="has no end"):
        heapviz.read("\n".join(LINES[:9]))


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.trace").write_text("\n".join([LINES[0], "Q"]))
    done = run_heapviz(tmp_path, "bad.trace")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("heapviz: bad.trace: line 2: ")


def run_heapviz(folder: Path, *arguments: str, page: str = "page.html") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ROOT / "ci/heapviz/heapviz.py"), *arguments, "-o", page],
                          cwd=folder, text=True, capture_output=True, timeout=120, check=False)


def operations(text: str) -> list[list[str]]:
    """The events without times and callers, addresses counted from the heap's base."""
    base = int(re.search(r" base=(0x[0-9a-f]+) ", text)[1], 16)  # type: ignore[index]
    lines = [line.split(" ") for line in text.splitlines() if re.match(r"[AFRXSM] \d", line)]
    return [[f"+{int(word, 16) - base:#x}" if word.startswith("0x") else word
             for word in [kind, *(words if kind in "SM" else words[:-1])]]
            for kind, _, *words in lines]


def test_a_trace_recorded_on_this_machine_is_the_kernels() -> None:
    recorder = ROOT / "build/host/record-buddy"
    assert recorder.exists(), f"{recorder} is missing: run make test, which builds it"
    here = subprocess.run([recorder], text=True, capture_output=True, timeout=60, check=True).stdout
    there = boot(kernel("trace-buddy"), icount=True, timeout=60.0).output
    assert len(operations(here)) > 3000
    assert operations(here) == operations(there)
    assert heapviz.read(here).stats == heapviz.read(there).stats
    for name in ("random_mix", "growing_vectors", "main"):
        assert re.search(rf"^A .*\b{name}\b", here, re.MULTILINE), f"{name} is on the stack"


def test_a_kernel_without_tracing_has_nothing_of_the_recorder() -> None:
    def functions(workload: str) -> list[str]:
        return re.findall(r'asciz "(\w+)', (kernel(workload).parent / "symbols.S").read_text())

    assert "trace_record" in functions("trace")
    assert [name for name in functions("demo") if name.startswith("trace_")] == []


# The page -----------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.trace").write_text(small_model().text().replace("box_of", "</script>"))
    done = run_heapviz(tmp_path, "a.trace", "a.trace")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text()
    assert not re.search(r"https?:|src=|@import|fetch\(|url\(", page)
    assert page.count("</script>") == 2


def playwright() -> Path:
    """The folder with playwright-core, put into build/ when it is not there."""
    need("node", "npm")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (make setup-all)")
    wanted = json.loads((ROOT / "ci/heapviz/package.json").read_text())["dependencies"]
    folder = ROOT / "build" / "node_modules" / "playwright-core"
    version = wanted["playwright-core"]
    found = folder / "package.json"
    if not found.exists() or json.loads(found.read_text())["version"] != version:
        done = subprocess.run(
            ["npm", "install", "--prefix", str(ROOT / "build"), "--no-save", "--no-audit", "--no-fund",
             "--no-package-lock", f"playwright-core@{version}"],
            text=True, capture_output=True, timeout=300, check=False)  # fmt: skip
        if done.returncode != 0:
            pytest.skip("npm could not install playwright-core: is there a network?")
    return folder


def in_browser(folder: Path, *arguments: str, page: str = "page.html") -> dict[str, object]:
    done = subprocess.run(
        ["node", str(ROOT / "ci/tests/heapviz.spec.mjs"), str(playwright()), str(CHROMIUM),
         str(folder / page), *arguments],
        text=True, capture_output=True, timeout=180, check=False)  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_in_a_browser_the_viewer_does_what_it_says(tmp_path: Path) -> None:
    playwright()
    (tmp_path / "a.trace").write_text(random_model(3000).text())
    assert run_heapviz(tmp_path, "a.trace").returncode == 0
    in_browser(tmp_path, "one")


def test_in_a_browser_two_traces_move_together_or_apart(tmp_path: Path) -> None:
    playwright()
    (tmp_path / "a.trace").write_text(random_model(3000).text())
    (tmp_path / "b.trace").write_text("\n".join(LINES))
    assert run_heapviz(tmp_path, "a.trace", "b.trace").returncode == 0
    in_browser(tmp_path, "two")


def test_in_a_browser_a_seek_in_100000_events_replays_less_than_a_checkpoint(tmp_path: Path) -> None:
    playwright()
    (tmp_path / "a.trace").write_text(random_model(100_000, live=3000).text())
    assert run_heapviz(tmp_path, "a.trace").returncode == 0
    work = in_browser(tmp_path, "large")
    assert work["mostReplayed"] < 1000 <= work["events"] / 100
    assert work["stepRows"] <= 8, "a step draws only the rows that it changes"
    assert work["mostReplayedInDrag"] < 1000, "nor does a seek of a slider that is dragged"
    assert work["draws"] <= work["frames"] and work["seeks"] <= work["frames"] < work["moves"]
    assert work["mostRows"] <= 32 and work["mostPiecesPerBlock"] <= 3


def record(folder: Path, heap: str) -> str:
    """Boot the traced kernel with this heap, and draw its trace; returns its stats."""
    outcome = boot(kernel("trace" if heap == "slab" else f"trace-{heap}"), icount=True, timeout=60.0)
    assert outcome.ok, outcome.detail
    (folder / f"{heap}.trace").write_text(outcome.output)
    done = run_heapviz(folder, f"{heap}.trace", page=f"{heap}.html")
    assert done.returncode == 0, done.stderr
    return re.search(r"^stats .*$", outcome.output, re.MULTILINE)[0]  # type: ignore[index]


def test_in_a_browser_the_kernels_trace_ends_with_the_kernels_figures(tmp_path: Path) -> None:
    playwright()
    stats = record(tmp_path, "buddy")
    in_browser(tmp_path, "kernel", stats, page="buddy.html")


def test_in_a_browser_heaps_without_orders_are_drawn_and_end_with_their_figures(tmp_path: Path) -> None:
    playwright()
    stats = {heap: record(tmp_path, heap) for heap in ("bump", "list", "block", "bitmap")}
    in_browser(tmp_path, "plain", json.dumps(stats), page=".")


def test_in_a_browser_slabs_have_the_colour_of_their_objects(tmp_path: Path) -> None:
    playwright()
    in_browser(tmp_path, "slab", record(tmp_path, "slab"), page="slab.html")


def test_in_a_browser_two_heaps_stand_side_by_side_at_the_same_operation(tmp_path: Path) -> None:
    playwright()
    stats = [record(tmp_path, heap) for heap in ("buddy", "list")]
    assert run_heapviz(tmp_path, "buddy.trace", "list.trace").returncode == 0
    in_browser(tmp_path, "beside", json.dumps(stats))
