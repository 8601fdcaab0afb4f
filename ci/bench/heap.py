"""Counts the instructions of an allocator with callgrind: builds heap_bench.c and runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
CFLAGS = "-std=gnu11 -O2 -Wall -Wextra -Werror".split()
SOURCES = (HERE / "heap_bench.c", REPOSITORY / "os" / "heap" / "buddy.c")


class CountFailed(Exception):
    """Why there is no count."""


@dataclass
class Cost:
    """Mean instructions of a call; 0 where there was none."""

    alloc: float
    dealloc: float


def have_callgrind() -> bool:
    return shutil.which("valgrind") is not None


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise CountFailed(f"{Path(command[0]).name} ended with {done.returncode}: {last}")
    return done.stdout


def build(compiler: str, directory: Path) -> Path:
    """Build the driver with the allocators, without lock; returns the program."""
    program = directory / "heap_bench"
    include = ["-I", str(REPOSITORY / "os")]
    sources = [str(source) for source in SOURCES]
    run(compiler.split() + CFLAGS + include + ["-o", str(program)] + sources + ["-lm"])
    return program


def calls_cost(profile: Iterable[str], function: str) -> int:
    """Sum of what all calls of a function took, with all that it called, in a profile whose names
    are not compressed. There a call is a line `cfn=NAME`, then `calls=…`, then `LINE COST`."""
    callee, cost, lines = "", 0, iter(profile)
    for line in lines:
        if line.startswith("cfn="):
            callee = line[len("cfn=") :].strip()
        elif line.startswith("calls=") and callee == function:
            cost += int(next(lines).split()[1])
    return cost


def count(program: Path, allocator: str, *trace: str) -> Cost:
    """Replay a trace of heap_bench; what its warm-up takes is not counted."""
    profile = program.with_name("callgrind.out")
    output = run(
        ["valgrind", "--tool=callgrind", "--toggle-collect=measure*", "--compress-strings=no"]
        + ["--compress-pos=no", f"--callgrind-out-file={profile}", str(program), allocator, *trace]
    )
    done = re.fullmatch(r"allocs=(\d+) frees=(\d+)\n", output)
    if done is None:
        raise CountFailed(f"heap_bench said {output!r}")
    allocs, frees = int(done[1]), int(done[2])
    lines = profile.read_text().splitlines()
    alloc, dealloc = (calls_cost(lines, f"{allocator}_{verb}") for verb in ("alloc", "dealloc"))
    if (alloc == 0) != (allocs == 0) or (dealloc == 0) != (frees == 0):
        raise CountFailed(f"no cost of {allocator}'s verbs in {profile}: were they inlined?")
    return Cost(alloc / max(allocs, 1), dealloc / max(frees, 1))
