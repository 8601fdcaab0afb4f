"""Level 1: the pure modules on the host, under ASan and UBSan. One test a process."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from common import ROOT, need


def programs() -> list[Path]:
    sources = [*ROOT.glob("ci/host/test_*.c"), *ROOT.glob("os/test/pure/test_*.c")]
    return sorted(ROOT / "build/host" / source.stem for source in sources)


def cases() -> list[object]:
    """Every test of every program, as the programs list them."""
    found = []
    for program in programs():
        names = subprocess.run([program], text=True, stdout=subprocess.PIPE, check=True).stdout.split()
        found += [pytest.param(program, name, id=f"{program.name}-{name}") for name in names]
    return found


@pytest.mark.parametrize(("program", "name"), cases())
def test_host(program: Path, name: str) -> None:
    run = subprocess.run(
        [program, name], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout


FUZZERS = sorted(path.stem for path in ROOT.glob("ci/host/fuzz_*.c") if path.stem != "fuzz_panic")


@pytest.mark.parametrize("target", FUZZERS)
def test_fuzz(target: str, tmp_path: Path) -> None:
    """A bounded run of each fuzz target; `make fuzz` runs them for longer."""
    need("clang")
    corpus = ROOT / "ci/host" / target.replace("fuzz_", "corpus_")
    run = subprocess.run(
        [ROOT / "build/fuzz" / target, "-seed=1", "-runs=20000", "-max_total_time=20", "-print_final_stats=1",
         tmp_path, *([corpus] if corpus.is_dir() else [])],
        cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-4000:]
