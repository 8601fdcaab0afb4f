"""What guards cost: the instructions of heap_test, in kernels that differ in nothing else."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from figure import Figure, at_most

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import qemu  # noqa: E402

BARS = {"-heap-debug": ("HEAP_DEBUG=1", 3), "-kasan": ("SANITIZE=kasan", 6)}  # times the plain kernel
TOOK = re.compile(r"heap_test took (\d+) instructions")


class NoFigure(Exception):
    """Why there is none."""


def instructions(kernel: Path, bios: str = "") -> int:
    """What heap_test takes. It repeats to the digit."""
    try:
        outcome = qemu.run(kernel, bios=bios or None, icount=True, append="log=debug")
    except qemu.BadRequest as error:
        raise NoFigure(str(error)) from error
    match = TOOK.search(outcome.output)
    if not outcome.ok or match is None:
        raise NoFigure(f"{kernel}: {outcome.detail}")
    return int(match[1])


def measure(plain: Path, bios: str, costs: dict[str, int]) -> Iterator[Figure]:
    """Figures of the kernels beside the plain one that were built; their instructions go into costs."""
    base = costs["no guards"] = instructions(plain, bios)
    yield Figure("guards: heap_test without any", f"{base:,} instr")
    for suffix, (name, bar) in BARS.items():
        kernel = plain.parent.with_name(plain.parent.name + suffix) / plain.name
        if not kernel.is_file():
            yield Figure(f"guards: {name}", f"skipped: {kernel} is not there (make build {name})")
            continue
        costs[name] = instructions(kernel, bios)
        yield at_most(f"guards: heap_test with {name}", costs[name] / base, ".2f", bar, "x")
