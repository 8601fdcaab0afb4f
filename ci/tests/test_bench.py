"""Tests for ci/bench: the malloc lab's traces, figures and bars, the kernel that measures."""

from __future__ import annotations

import shutil
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "ci" / "bench"))
import bars  # noqa: E402
import bench  # noqa: E402
import chapter  # noqa: E402
import containers  # noqa: E402
import guest  # noqa: E402
import heap  # noqa: E402
import plots  # noqa: E402
import rep  # noqa: E402
import report  # noqa: E402
import suite  # noqa: E402
from figure import at_least, at_most, exit_status  # noqa: E402

EXAMPLE = REPOSITORY / "ci" / "bench" / "example.rep"
GUEST = REPOSITORY / "build" / "gcc-bench" / "bosk.elf"
GOOD = "20000\n2\n3\n1\na 0 512\nr 0 640\nf 0\n"

needs_valgrind = pytest.mark.skipif(not heap.have_callgrind(), reason="valgrind is not installed")
needs_cc = pytest.mark.skipif(
    shutil.which("cc") is None or not heap.have_callgrind(),
    reason="no compiler for this machine, or no valgrind with its headers",
)
needs_guest = pytest.mark.skipif(not GUEST.is_file(), reason="no make build WORKLOAD=bench")


# The malloc lab's traces --------------------------------------------------------------------------


def test_a_rep_file_is_read_operation_by_operation(tmp_path: Path) -> None:
    file = tmp_path / "good.rep"
    file.write_text(GOOD)
    assert rep.read(file) == [
        rep.Operation(rep.ALLOC, 0, 512),
        rep.Operation(rep.REALLOC, 0, 640),
        rep.Operation(rep.FREE, 0, 0),
    ]


def test_freeing_null_and_blank_lines_are_read_as_nothing(tmp_path: Path) -> None:
    file = tmp_path / "null.rep"
    file.write_text("1\n1\n3\n1\n\na 0 8\nf -1\n\nf 0\n")
    assert len(rep.read(file)) == 2


def test_the_example_is_read() -> None:
    assert len(rep.read(EXAMPLE)) == 15


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "ends before the suggested heap size"),
        ("20000\n2\n", 3, "ends before the number of operations"),
        ("20000\ntwo\n1\n1\na 0 8\n", 2, "the number of ids is 'two', not a number"),
        (GOOD.replace("\n2\n", "\n99999999\n"), 2, "not from 0 to"),
        (GOOD.replace("f 0", "x 0"), 7, "'x' is not an operation"),
        (GOOD.replace("a 0 512", "a 0"), 5, "a takes 2 numbers, here are 1"),
        (GOOD.replace("a 0 512", "a 0 0"), 5, "size is 0"),
        (GOOD.replace("a 0 512", "a 0 -8"), 5, "not a number"),
        (GOOD.replace("a 0 512", "a 2 512"), 5, "the id is 2, not from 0 to 1"),
        (GOOD.replace("f 0", "f 1"), 7, "id 1 is not allocated"),
        (GOOD.replace("f 0", "a 0 8"), 7, "id 0 is allocated already"),
        (GOOD + "a 1 8\n", 8, "the file ends after 4 operations, and its head says 3"),
    ],
)
def test_a_malformed_rep_file_gives_one_line_that_names_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, reason: str
) -> None:
    file = tmp_path / "bad.rep"
    file.write_text(text)
    assert bench.main(["--trace", str(file)]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"bench: {file}:{line}: ") and complaint.count("\n") == 1
    assert reason in complaint


@needs_valgrind
@needs_cc
def test_a_rep_file_is_played_on_every_heap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "BUILD", tmp_path)
    assert bench.main(["--trace", str(EXAMPLE)]) == 0
    output = capsys.readouterr().out
    assert "| buddy |" in output and "glibc" in output and "### Utilisation" in output


# Counting -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[heap.HeapBench]:
    yield heap.HeapBench("cc", tmp_path_factory.mktemp("bench"))


@needs_cc
def test_every_heap_but_dummy_is_measured(built: heap.HeapBench) -> None:
    assert set(built.heaps) == set(heap.WANTED)


@needs_valgrind
@needs_cc
def test_counts_repeat_to_the_digit(built: heap.HeapBench) -> None:
    first, second = (built.count("buddy", "comb-teardown", "1024") for _ in range(2))
    assert first is not None and first == second


@needs_valgrind
@needs_cc
def test_the_cost_of_a_call_does_not_hold_the_cost_of_measuring_it(built: heap.HeapBench) -> None:
    costs = built.count("bump", "fifo")
    assert costs is not None
    assert 5 < costs["alloc"].mean < 60  # some comparisons and additions


@needs_cc
def test_a_heap_too_small_for_a_trace_is_told_from_a_broken_one(built: heap.HeapBench) -> None:
    assert built.numbers("waste", "bump", "log-uniform") is None
    with pytest.raises(heap.CountFailed, match="no such trace"):
        built.numbers("waste", "bump", "nonsense")


@needs_cc
def test_the_smallest_arena_is_no_smaller_than_the_peak(built: heap.HeapBench) -> None:
    share = built.utilisation("buddy", "kernel")
    assert share is not None and 0.5 < share < 1


# Bars ---------------------------------------------------------------------------------------------


def test_a_missed_bar_makes_the_exit_status_1() -> None:
    assert exit_status([at_most("cost", 9, ".1f", 10, "instr")]) == 0
    assert exit_status([at_most("cost", 11, ".1f", 10, "instr")]) == 1
    assert exit_status([at_least("share", 9, ".1f", 10, "%")]) == 1


def test_a_missed_bar_makes_bench_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "BUILD", tmp_path)
    monkeypatch.setattr(bench, "section_size", lambda *_: 1000)
    anything = ["text", "--kernel", str(EXAMPLE)]
    assert bench.main(anything) == 0
    monkeypatch.setattr(bench, "TEXT_BAR", 999)
    assert bench.main(anything) == 1
    assert "MISSED" in capsys.readouterr().out


def calls(*costs: int) -> heap.Calls:
    return heap.Calls(list(costs), max(costs))


def made_up(slab_cost: int, slab_share: float) -> suite.Results:
    """Results in which all operations of a heap take the same, and none wastes anything."""
    traces, combs = ["kernel", "small", "boxvec", "boxvec-move", "log-uniform", "realloc"], ["comb"]
    cost_of = {"buddy": 30, "slab": slab_cost}
    results = suite.Results(["buddy", "slab"], ["glibc"], traces, combs)

    def costs(name: str) -> heap.Costs:
        return {verb: calls(cost_of.get(name, 40)) for verb in heap.VERBS}

    results.costs = {(h, t): costs(h) for h in ("buddy", "slab", "glibc") for t in traces}
    results.comb_costs = {
        (h, "comb", n): costs(h) for h in cost_of for n in suite.COMB_BLOCKS
    }
    results.utilisation = {("buddy", t): 0.7 for t in traces}
    results.utilisation |= {("slab", t): slab_share for t in traces}
    results.waste = {(h, t): 0.0 for h in cost_of for t in suite.WASTED}
    return results


def missed(results: suite.Results) -> list[str]:
    return [figure.name for figure in bars.judge(results) if figure.met is False]


def test_a_good_heap_meets_every_bar() -> None:
    assert missed(made_up(20, 0.9)) == []


def test_a_dear_heap_misses_the_bars_of_cost() -> None:
    assert len(missed(made_up(501, 0.9))) == len(bars.PAIR) - 1 + 2  # not buddy's; worst, realloc


def test_a_wasteful_heap_misses_the_bars_of_utilisation() -> None:
    assert len(missed(made_up(20, 0.6))) == len(bars.UTILISATION) + 1


def test_growth_with_the_number_of_free_blocks_misses_its_bar() -> None:
    results = made_up(20, 0.9)
    results.comb_costs["slab", "comb", 1024] = {"free": calls(31)}
    results.comb_costs["slab", "comb", 16] = {"free": calls(20)}
    results.comb_costs["slab", "comb", 16384] = {"free": calls(20)}
    assert missed(results) == ["slab: comb, up to 16,384 free blocks to 16"]


def test_a_trace_without_memory_misses_its_bars_and_breaks_no_table() -> None:
    results = made_up(20, 0.9)
    results.comb_costs["slab", "comb", 16384] = None
    results.costs["buddy", "kernel"] = None
    assert missed(results) == ["slab: comb, up to 16,384 free blocks to 16"]
    assert report.NOTHING in report.document(results, None, [])
    plots.draw(results)


# Collections --------------------------------------------------------------------------------------

needs_cxx = pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler is installed")


@needs_valgrind
@needs_cc
@needs_cxx
def test_both_sides_play_the_same_cases_and_agree(tmp_path: Path) -> None:
    measured = containers.measure("cc", "c++", tmp_path)
    assert "BTreeMap: node fill, random keys" in measured.facts
    costs = measured.by_side
    assert list(costs) == [containers.OURS, containers.ON_SLAB, containers.THEIRS]
    assert len({tuple(one) for one in costs.values()}) == 1
    assert min(min(one.values()) for one in costs.values()) > containers.COUNT


def test_without_a_cxx_compiler_its_figures_say_so() -> None:
    (figure,) = containers.judge(containers.Costs({containers.OURS: {"Vec: push": 1}}))
    assert "not installed" in figure.value and figure.met is None


@pytest.mark.parametrize(("ours", "met"), [(120, True), (121, False)])
def test_collections_are_held_to_a_bar_beside_cxx(ours: int, met: bool) -> None:
    sides = {containers.OURS: {"Vec: push": ours}, containers.THEIRS: {"Vec: push": 100}}
    assert [figure.met for figure in containers.judge(containers.Costs(sides))] == [met]


# Files --------------------------------------------------------------------------------------------


def test_the_figures_are_well_formed_and_heed_a_dark_page() -> None:
    drawn = plots.draw(made_up(20, 0.9))
    assert set(drawn) == {"pair.svg", "utilisation.svg", "comb.svg"}
    for drawing in drawn.values():
        assert ElementTree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme: dark" in drawing


def test_every_table_has_rows_as_wide_as_its_head() -> None:
    text = report.document(made_up(20, 0.9), {}, list(bars.judge(made_up(20, 0.9))))
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1


# The chapter --------------------------------------------------------------------------------------

GUEST_FIGURES = {(h, "kernel", v): guest.GuestCalls(1, 90, 90, 90, 90)
                 for h in ("buddy", "slab") for v in heap.VERBS}


def in_chapter(name: str) -> list[list[str]]:
    """The cells of a measured table of docs/heap.md, row by row."""
    body = chapter.sections(chapter.CHAPTER.read_text(encoding="utf-8"))[name]
    rows = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows]


@needs_cc
@pytest.mark.parametrize("name", heap.WANTED)
def test_the_chapter_has_every_trace_in_the_table_of_every_heap(
    built: heap.HeapBench, name: str
) -> None:
    _, _, *rows = in_chapter(name)
    assert [row[0] for row in rows] == built.traces, "make bench writes the tables"


@needs_cc
@pytest.mark.parametrize("name", ["compared", "kernel", "utilisation"])
def test_the_chapter_compares_all_heaps_on_all_traces(built: heap.HeapBench, name: str) -> None:
    head, _, *rows = in_chapter(name)
    traces = [t for t in built.traces if name != "utilisation" or t not in suite.NOT_FITTED]
    assert set(built.heaps) <= set(head) and {row[0] for row in rows} >= set(traces)
    for row in rows:
        assert len(row) == len(head) and set(row[1:]) != {report.NOTHING}


def test_the_chapters_table_of_promises_is_what_the_suite_promises() -> None:
    found = chapter.sections(chapter.CHAPTER.read_text(encoding="utf-8"))["promises"]
    assert found == chapter.promises_table(), "python3 ci/bench/chapter.py writes it"


def test_the_chapter_shows_every_figure_that_is_drawn_for_it() -> None:
    text = chapter.CHAPTER.read_text(encoding="utf-8")
    for name in chapter.PLOTS:
        assert f"](figures/{name})" in text
        assert (chapter.FIGURES / name).is_file()


def test_tables_are_written_between_their_marks_and_nowhere_else() -> None:
    marks = "a\n<!-- measured: {} (make bench writes this) -->\n\n{}\n<!-- measured: end -->\nb\n"
    before = marks.format("buddy", "old\n") + marks.format("other", "stays\n")
    after = chapter.written(before, {"buddy": "new\n"})
    assert after == marks.format("buddy", "new\n") + marks.format("other", "stays\n")
    assert chapter.sections(after) == {"buddy": "new\n", "other": "stays\n"}


def test_the_chapters_tables_say_what_was_measured() -> None:
    made = chapter.tables(made_up(20, 0.9), GUEST_FIGURES, "")
    assert "| kernel      |          20 |          20 |           20 |         20 |" in made["slab"]
    assert "|       90 / 90 |           90.0 |" in made["slab"]
    assert "| kernel      | 30 / 30 | 20 / 20 | 40 / 40 |" in made["compared"]


COLLECTIONS_FIGURES = containers.Costs({containers.OURS: {"Vec: push": 114_000}}, {"fill": "50 %"})


def test_the_chapter_of_the_collections_has_each_case_and_fact() -> None:
    assert chapter.collections_table(COLLECTIONS_FIGURES).splitlines()[2:] == [
        "| Vec: push | 11.4 |            – |   – |", "", "- fill: 50 %"]


def test_the_chapter_of_the_collections_has_a_place_for_its_table() -> None:
    (body,) = chapter.sections(chapter.COLLECTIONS.read_text(encoding="utf-8")).values()
    assert body.startswith("| ") and "| Vec: push " in body and "- Vec: pushes to a reallocation" in body


@pytest.mark.parametrize("missing", ["results", "guest", "collections", "all wanted"])
def test_a_bench_that_measured_less_than_all_leaves_the_chapter_alone(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def measure(_: object, measured: bench.Measured) -> Iterator[object]:
        measured.results = None if missing == "results" else made_up(20, 0.9)
        measured.guest = None if missing == "guest" else GUEST_FIGURES
        measured.containers = None if missing == "collections" else COLLECTIONS_FIGURES
        yield from ()

    def write_all(*_: object) -> None:
        pytest.fail("the chapter was written")

    monkeypatch.setattr(bench, "BUILD", tmp_path)
    monkeypatch.setattr(bench, "MEASURES", {"heap": measure})
    monkeypatch.setattr(chapter, "write_all", write_all)
    assert bench.main(["heap"] if missing == "all wanted" else []) == 0


# The kernel that measures -------------------------------------------------------------------------


@needs_guest
def test_the_guest_measures_the_same_to_the_digit_each_time() -> None:
    first, second = (guest.measure(GUEST, heap="buddy") for _ in range(2))
    assert first == second and ("buddy", "kernel", "alloc") in first


@needs_guest
def test_a_heap_that_the_guest_does_not_know_is_said() -> None:
    with pytest.raises(guest.GuestFailed, match="cannot run|no heap of that name"):
        guest.measure(GUEST, heap="nonsense")
