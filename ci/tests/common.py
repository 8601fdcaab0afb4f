"""What the tests share: where things are, what is built, and how a kernel is booted."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ci"))

import qemu  # noqa: E402  (ci/qemu.py)


def need(*tools: str) -> None:
    """Skip the test by name where a tool is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (make setup-all)")


def make(*arguments: str, directory: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make at the top, or at that of a copy, as a user would. What the outer make passes down is not passed on."""
    outer = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "SMP", "MEM", "BIOS", "CROSS", "LLVM",
             "HEAP", "HEAP_BACKING", "SANITIZE", "HEAP_DEBUG", "BOSK_IS_PARALLEL")
    env = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(
        ["make", *arguments], cwd=directory, env=env | environment, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
    )  # fmt: skip


@functools.cache
def kernel(workload: str, compiler: str = "gcc", guards: str = "") -> Path:
    """The kernel that `make test` has built; skips where its compiler is missing. Guards are as in
    the folder's name, such as "-heap-debug"."""
    if compiler == "clang":
        need("clang", "ld.lld", "llvm-nm")
    path = ROOT / "build" / f"{compiler}-{workload}{guards}" / "bosk.elf"
    assert path.exists(), f"{path} is missing: run make test, which builds it"
    return path


def boot(path: Path, **options: object) -> qemu.Outcome:
    """Boot a kernel with the distribution's firmware."""
    return qemu.run(path, **options)
