"""Every lab holds: the reference gets all points, the starter none, and each mutant loses its item."""

from __future__ import annotations

import subprocess
import sys

import pytest
from common import ROOT

from grader.lab import load, names


@pytest.mark.parametrize("name", names())
def test_a_lab_holds(name: str) -> None:
    done = subprocess.run([sys.executable, ROOT / "ci/lab", "check", name], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=900, check=False)  # fmt: skip
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if "] ok " not in line)
    assert done.stdout.endswith(f"lab: all {len(load(name).mutants) + 2} hold: {name}\n"), done.stdout
