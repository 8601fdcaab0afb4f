"""The bug corpus (ci/corpus.py): a part of it is run again, and must say what the table in docs/ says."""

from __future__ import annotations

import pytest
from common import ROOT  # noqa: F401  (makes ci/ importable)

import corpus  # ci/corpus.py

# `make corpus` runs all modes; here each error is run on the host, and under one of these in turn.
MODES = ("plain", "HEAP_DEBUG", "kasan", "ubsan")
RUNS = [(bug, column) for number, bug in enumerate(corpus.bugs())
        for column in ("host: ASan", MODES[number % len(MODES)])]  # fmt: skip


@pytest.fixture(scope="module")
def table() -> corpus.Verdicts:
    return corpus.read_table()


def test_there_are_thirty_errors_and_more() -> None:
    assert len({bug.name for bug in corpus.bugs()}) == len(corpus.bugs()) >= 30


def test_the_table_has_all_errors_and_their_sentences(table: corpus.Verdicts) -> None:
    written = corpus.CHAPTER.read_text().partition(corpus.BEGIN)[2].partition(corpus.END)[0]
    assert {name for name, _ in table} == {bug.name for bug in corpus.bugs()}, "run make corpus"
    assert corpus.table(table) == written, "run make corpus"


def test_what_address_sanitizer_catches_on_the_host_kasan_catches_in_the_kernel(table: corpus.Verdicts) -> None:
    assert corpus.missed(table) == []
    assert sum(verdict == "asan" for verdict in table.values()) >= 30


@pytest.mark.parametrize(("bug", "column"), [pytest.param(*run, id=f"{run[0].name}-{run[1]}") for run in RUNS])
def test_a_run_says_what_the_table_says(bug: corpus.Bug, column: str, table: corpus.Verdicts) -> None:
    assert corpus.verdict(bug, column) == table[bug.name, column], "run make corpus, and look at what has changed"
