"""What `make coverage` does with the figures it has gathered (ci/coverage.py)."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from common import ROOT  # noqa: F401  (makes ci/ importable)

import coverage  # ci/coverage.py

HEADER = b"adcg*22Bstamcsum"
FUNCTION = struct.pack("<Ii3I", 0x01000000, 12, 1, 2, 3)
END = struct.pack("<I", 0)


def figures(*counters: int) -> bytes:
    """A .gcda file of one function."""
    counts = struct.pack(f"<Ii{len(counters)}q", coverage.GCDA_COUNTERS, 8 * len(counters), *counters)
    return HEADER + FUNCTION + counts + END


def zeros(count: int) -> bytes:
    """The same, where all counters are 0: then they are not written."""
    return HEADER + FUNCTION + struct.pack("<Ii", coverage.GCDA_COUNTERS, -8 * count) + END


def test_the_figures_of_two_boots_are_added_up() -> None:
    assert coverage.added(figures(1, 0, 2**40), figures(5, 0, 1)) == figures(6, 0, 2**40 + 1)


def test_counters_that_are_all_zero_are_added_up() -> None:
    assert coverage.added(zeros(2), figures(3, 4)) == figures(3, 4)
    assert coverage.added(figures(3, 4), zeros(2)) == figures(3, 4)
    assert coverage.added(zeros(2), zeros(2)) == figures(0, 0)


def report(tmp_path: Path, reached: int, lines: int) -> bool:
    """What is said of a heap of which so many lines were reached."""
    counts = [{"line_number": n, "count": int(n <= reached), "gcovr/noncode": False} for n in range(1, lines + 1)]
    file = tmp_path / "both.json"
    file.write_text(json.dumps({"files": [{"file": "os/heap/buddy.c", "lines": counts}]}))
    return coverage.report({"both": file})


@pytest.mark.parametrize(("reached", "met"), [(95, True), (94, False)])
def test_a_folder_below_its_bar_fails(reached: int, met: bool, tmp_path: Path) -> None:
    assert report(tmp_path, reached, 100) is met


def test_lines_that_no_test_reaches_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(tmp_path, 97, 100)
    assert "no test reaches os/heap/buddy.c:98-100\n" in capsys.readouterr().out
