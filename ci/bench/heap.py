"""Builds heap_bench.c and runs it: costs by callgrind, utilisation, waste."""

from __future__ import annotations

import ctypes.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
HEAPS = REPOSITORY / "os" / "heap"
BENCH = REPOSITORY / "os" / "test" / "bench"
CFLAGS = "-std=gnu11 -O2 -Wall -Wextra -Werror -Wl,-z,now".split()
WANTED = ("bump", "list", "block", "bitmap", "buddy", "slab")  # dummy serves nothing
VERBS = ("alloc", "free", "realloc")
NO_MEMORY = 3  # heap_bench's exit status

# Callgrind counts each byte that `rep movsb` copies as an instruction: let memcpy do without.
COPY_BY_WORDS = "glibc.cpu.x86_rep_movsb_threshold=1000000000"

PART = "desc: Trigger: Client Request: "
TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)
# A function that copies, called by one that does not: its cost, with all that it calls itself.
COPYING = re.compile(r"^cfn=\S*mem(?:cpy|move)\S*\ncalls=.*\n\S+ (\d+)$", re.MULTILINE)


class CountFailed(Exception):
    """Why there is no count."""


class NoMemory(Exception):
    """The heap cannot serve the trace."""


@dataclass
class Calls:
    """What each call of one verb took, in instructions."""

    costs: list[int] = field(default_factory=list)
    worst_without_copying: int = 0

    def add(self, cost: int, copying: int = 0) -> None:
        self.costs.append(cost)
        self.worst_without_copying = max(self.worst_without_copying, cost - copying)

    @property
    def mean(self) -> float:
        return sum(self.costs) / len(self.costs)

    def percentile(self, percent: int) -> int:
        return sorted(self.costs)[(len(self.costs) - 1) * percent // 100]


Costs = dict[str, Calls]  # by verb; a verb that was not called is not there


def have_callgrind() -> bool:
    return shutil.which("valgrind") is not None


def run(command: list[str], preload: str = "") -> str:
    """What the command says; CountFailed where it fails, NoMemory where the heap was too small."""
    environment = {**os.environ, "GLIBC_TUNABLES": COPY_BY_WORDS}
    if preload:
        environment["LD_PRELOAD"] = preload
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode == NO_MEMORY:
        raise NoMemory
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise CountFailed(f"{' '.join(command[-4:])} ended with {done.returncode}: {last}")
    return done.stdout


def libraries() -> dict[str, str]:
    """The C library's malloc and what is installed that can take its place: LD_PRELOAD by name."""
    found = {"glibc": ""}
    for name in ("jemalloc", "mimalloc"):
        library = ctypes.util.find_library(name)
        if library:
            found[name] = library
    return found


class HeapBench:
    """heap_bench, built without locks in a directory of its own."""

    def __init__(self, compiler: str, directory: Path) -> None:
        self.directory = directory
        self.program = directory / "heap_bench"
        directory.mkdir(parents=True, exist_ok=True)
        sources = [HERE / "heap_bench.c"]
        sources += [BENCH / f"{name}.c" for name in ("traces", "replay")]
        sources += [file for file in sorted(HEAPS.glob("*.c")) if file.name != "heap.c"]
        sources += [REPOSITORY / "ci" / "host" / "fuzz_panic.c"]
        include = ["-I", str(REPOSITORY / "ci" / "host" / "include"), "-I", str(REPOSITORY / "os")]
        run(compiler.split() + CFLAGS + include + ["-o", str(self.program), *map(str, sources)])
        listed = dict(line.split(" ", 1) for line in run([str(self.program), "list"]).splitlines())
        self.heaps = listed["heaps"].split()
        self.traces = listed["traces"].split()
        self.combs = listed["combs"].split()

    def count(self, heap: str, trace: str, argument: str = "0", preload: str = "") -> Costs | None:
        """What each operation behind the warm-up took; None where the heap ran out of memory."""
        profile = self.directory / f"callgrind.{heap}.{preload}.{trace}.{Path(argument).name}"
        command = [
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            "--toggle-collect=counted*",
            "--combine-dumps=yes",
            "--compress-strings=no",
            "--compress-pos=no",
            f"--callgrind-out-file={profile}",
            *(str(self.program), "count", heap, trace, argument),
        ]
        try:
            run(command, preload)
            return costs_of(profile.read_text())
        except NoMemory:
            return None
        except CountFailed:
            if heap != "malloc":
                raise
            return None  # a realloc of the C library keeps no alignment above its own
        finally:
            profile.unlink(missing_ok=True)

    def numbers(self, what: str, heap: str, trace: str, argument: str = "0") -> list[int] | None:
        """The numbers that `heap_bench what` prints; None where the heap ran out of memory."""
        try:
            said = run([str(self.program), what, heap, trace, argument])
        except NoMemory:
            return None
        return [int(number) for number in re.findall(r"\d+", said)]

    def utilisation(self, heap: str, trace: str, argument: str = "0") -> float | None:
        """Most bytes asked for at a time, to bytes of the smallest arena that serves the trace."""
        peak_and_arena = self.numbers("fit", heap, trace, argument)
        return peak_and_arena and peak_and_arena[0] / peak_and_arena[1]

    def waste(self, heap: str, trace: str) -> float | None:
        """Share of the bytes in live blocks that nobody asked for, when the warm-up ends."""
        asked_and_taken = self.numbers("waste", heap, trace)
        return asked_and_taken and 1 - asked_and_taken[0] / asked_and_taken[1]


def costs_of(profile: str) -> Costs:
    """The costs in a profile with a dump for each operation. The first three are calls of nothing:
    what they take more than the 1 of their return is no cost of a heap."""
    costs: Costs = {}
    overhead: dict[str, int] = {}
    for part in profile.split(PART)[1:]:
        verb = part[: part.index("\n")]
        total = TOTALS.search(part)
        if verb not in VERBS or total is None:
            continue  # the end of the program is dumped, too
        if verb not in overhead:
            overhead[verb] = int(total[1]) - 1
            continue
        copying = sum(map(int, COPYING.findall(part))) if verb == "realloc" else 0
        costs.setdefault(verb, Calls()).add(int(total[1]) - overhead[verb], copying)
    if len(overhead) != len(VERBS):
        raise CountFailed("callgrind dumped no counters: were counted_alloc and others inlined?")
    return costs
