#!/usr/bin/env python3
"""Measure Bosk, and compare with the bars that it has to meet.

  boot         time from the start of QEMU to `heap_test passed!`, against an empty kernel that only
               shuts down; both boot in turns, and the medians are compared
  heap         instructions of the buddy system on the host, by callgrind, without lock: a pair of
               alloc and free with sizes from 8 B to 32 KiB (log-uniform) and half the heap live
  comb         instructions of one free with 16, 1,024 and 16,384 free blocks of one size that
               cannot be joined: aside is a free that joins nothing, join one that joins with one
               of them, teardown the mean of freeing all that is live; the largest against the
               smallest
  build        seconds that `make build -j2` takes in a fresh copy of the tree
  text         bytes of the kernel's code, rounded up to pages

Instructions repeat to the digit; times do not: measure on a machine that does nothing else.
Prints a table. Exit status: 0 where no bar is missed, 1 where one is, 2 where measuring failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import boot
import heap

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
BUILD = REPOSITORY / "build" / "bench"

BOOT_LINE = b"heap_test passed!"
COMB_BLOCKS = (16, 1024, 16384)
EMPTY_FLAGS = "-mabi=lp64 -nostdlib -static -Wl,-n,-Ttext=0x80200000 -Wl,--build-id=none".split()

BOOT_BAR = 1.5  # times the empty kernel
PAIR_BAR = 110  # instructions
COMB_BAR = 1.5  # largest / smallest
BUILD_BAR = 10  # seconds
TEXT_BAR = (64 << 10) - 1  # bytes


class MeasuringFailed(Exception):
    """Why a figure could not be had."""


@dataclass
class Figure:
    name: str
    value: str
    bar: str = ""
    met: bool | None = None  # None: there is no bar

    @property
    def verdict(self) -> str:
        return "" if self.met is None else "met" if self.met else "MISSED"


def at_most(name: str, value: float, form: str, bar: float, unit: str) -> Figure:
    return Figure(name, f"{value:{form}} {unit}", f"<= {bar:,} {unit}", value <= bar)


def progress(text: str) -> None:
    print(f"bench: {text} …", file=sys.stderr, flush=True)


def run(command: list[str], directory: Path = REPOSITORY) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeasuringFailed(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def milliseconds(times: list[float]) -> str:
    return f"{median(times) * 1e3:.1f} (least {min(times) * 1e3:.1f}) ms"


def measure_boot(options: argparse.Namespace) -> Iterator[Figure]:
    progress(f"boot: {options.runs} boots of each kernel")
    empty = BUILD / "empty.elf"
    run(options.cc.split() + EMPTY_FLAGS + ["-o", str(empty), str(HERE / "empty.S")])
    kernels = {empty: b"", options.kernel: BOOT_LINE}
    times = boot.boots(boot.firmware(options.bios), kernels, options.runs)
    base = [one.to_exit for one in times[empty]]
    ours = [one.to_line for one in times[options.kernel]]
    ended = [one.to_exit for one in times[options.kernel]]
    yield Figure("boot: an empty kernel, to its end", milliseconds(base))
    yield Figure("boot: Bosk, to its end", milliseconds(ended))
    yield Figure("boot: Bosk, to heap_test passed!", milliseconds(ours))
    ratio = median(ours) / median(base)
    yield at_most("boot: that, to the empty kernel's", ratio, ".2f", BOOT_BAR, "x")


def skipped(name: str) -> Figure:
    return Figure(name, "skipped: valgrind is not installed (make setup-all)")


def measure_heap(options: argparse.Namespace) -> Iterator[Figure]:
    if not heap.have_callgrind():
        yield skipped("buddy: alloc + free, 8 B to 32 KiB")
        return
    progress("heap: log-uniform trace")
    cost = heap.count(heap.build(options.hostcc, BUILD), "buddy", "log-uniform")
    pair = cost.alloc + cost.dealloc
    yield Figure("buddy: alloc, 8 B to 32 KiB", f"{cost.alloc:.1f} instr")
    yield Figure("buddy: free, size not given", f"{cost.dealloc:.1f} instr")
    yield at_most("buddy: alloc + free", pair, ".1f", PAIR_BAR, "instr")


def measure_comb(options: argparse.Namespace) -> Iterator[Figure]:
    if not heap.have_callgrind():
        yield skipped("buddy: one free beside unmergeable blocks")
        return
    program = heap.build(options.hostcc, BUILD)
    for kind in ("aside", "join", "teardown"):
        progress(f"comb: {kind}")
        costs = [heap.count(program, "buddy", f"comb-{kind}", str(n)).dealloc for n in COMB_BLOCKS]
        for blocks, cost in zip(COMB_BLOCKS, costs):
            yield Figure(f"comb {kind}: {blocks:,} free blocks", f"{cost:.1f} instr")
        ratio = max(costs) / min(costs)
        yield at_most(f"comb {kind}: largest to smallest", ratio, ".2f", COMB_BAR, "x")


def measure_build(_: argparse.Namespace) -> Iterator[Figure]:
    progress("build: from clean, in a copy of the tree")
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    with tempfile.TemporaryDirectory(prefix="tree-", dir=BUILD) as name:
        copy = Path(name)
        for file in filter(None, listed.split("\0")):
            if (REPOSITORY / file).is_file():  # not one deleted, but not yet in git
                (copy / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / file, copy / file)
        # What the make that we run in has told us must not reach the make that is measured.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        start = time.perf_counter()
        built = subprocess.run(
            ["make", "-j2", "build"],
            cwd=copy,
            env=clean,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
    if built.returncode != 0:
        raise MeasuringFailed(f"make build in a fresh copy: {built.stderr.strip()}")
    yield at_most("build from clean, -j2", seconds, ".1f", BUILD_BAR, "s")


def section_size(elf: bytes, wanted: bytes) -> int:
    """Size of a section of a 64-bit little-endian ELF file."""
    (table,) = struct.unpack_from("<Q", elf, 0x28)
    entry_size, count, names_index = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", elf, table + i * entry_size) for i in range(count)]
    names = headers[names_index][4]
    for name, _, _, _, _, size in headers:
        start = names + name
        if elf[start : elf.index(b"\0", start)] == wanted:
            return size
    raise MeasuringFailed(f"the kernel has no section {wanted.decode()}")


def measure_text(options: argparse.Namespace) -> Iterator[Figure]:
    size = section_size(options.kernel.read_bytes(), b".text")
    yield at_most("kernel's .text", size, ",", TEXT_BAR, "B")


MEASURES: dict[str, Callable[[argparse.Namespace], Iterator[Figure]]] = {
    "boot": measure_boot,
    "heap": measure_heap,
    "comb": measure_comb,
    "build": measure_build,
    "text": measure_text,
}


def print_table(figures: list[Figure]) -> None:
    rows = [("figure", "value", "bar", "verdict")]
    rows += [(f.name, f.value, f.bar, f.verdict) for f in figures]
    wide = [max(len(r[i]) for r in rows if not r[1].startswith("skipped")) for i in range(3)]
    wide[0] = max(wide[0], *(len(r[0]) for r in rows))
    for name, value, bar, verdict in rows:
        value = value if value.startswith("skipped") else value.rjust(wide[1])
        print(f"{name:{wide[0]}}  {value}  {bar:>{wide[2]}}  {verdict}".rstrip())


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    names = ", ".join(MEASURES)
    kernel = REPOSITORY / "build" / "gcc-demo" / "bosk.elf"
    compiler = "riscv64-unknown-elf-gcc -march=rv64imac_zicsr_zifencei"
    add("what", nargs="*", metavar="WHAT", help=f"of {names}; all where none is named")
    add("--kernel", type=Path, default=kernel, help="the kernel, built (%(default)s)")
    add("--cc", default=compiler, help="compiler for RISC-V, for the empty kernel (%(default)s)")
    add("--hostcc", default="cc", help="compiler for this machine (%(default)s)")
    add("--bios", default="", help="OpenSBI's fw_dynamic, where it is not to be searched for")
    add("--runs", type=int, default=15, help="boots of each kernel (%(default)s)")
    options = parser.parse_args()
    for name in options.what:
        if name not in MEASURES:
            parser.error(f"{name}: say one of {names}")
    if options.runs < 1:
        parser.error("--runs: at least 1")
    if not options.kernel.is_file():
        parser.error(f"{options.kernel} is not there: make build makes it")
    return options


def main() -> int:
    options = parse_arguments()
    BUILD.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    try:
        for name, measure in MEASURES.items():
            if name in (options.what or MEASURES):
                figures += measure(options)
    except (MeasuringFailed, boot.BootFailed, heap.CountFailed, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print_table(figures)
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
