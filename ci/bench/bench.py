#!/usr/bin/env python3
"""Measure Bosk, and compare with the bars that it has to meet.

  boot         time from the start of QEMU to `heap_test passed!`, against an empty kernel that only
               shuts down; both boot in turns, and the medians are compared
  heap         every heap on every trace of os/test/bench/traces.h, on this machine, without lock:
               instructions by callgrind, each operation by itself; utilisation, which is the peak
               of live bytes to the smallest arena that serves the trace, to 1 %; and the C
               library's malloc, with jemalloc and mimalloc where they are installed, for comparison
  collections  Bosk's collections beside C++'s containers: instructions of the same work, both on
               the C library's malloc; needs a C++ compiler
  guest        the same traces in the kernel, by the counter of retired instructions
  guards       instructions of heap_test in kernels with guards, against the plain one
  build        seconds that `make build -j2` takes in a fresh copy of the tree
  text         bytes of the kernel's code, rounded up to pages

Prints tables, and writes them to build/bench/heaps.md, and figures to build/bench/*.svg. Where all
of it was measured, the tables and figures of docs/heap.md, docs/collections.md and docs/memory-errors.md are
written anew, too.
Instructions repeat to the digit; times do not: measure on a machine that does nothing else.

With --trace FILE, a trace of the CS:APP malloc lab (.rep), only that one is played, on all heaps.

Exit status: 0 where no bar is missed, 1 where one is, 2 where measuring failed.
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
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import bars
import boot
import chapter
import containers
import guards
import guest
import heap
import plots
import rep
import report
import suite
from figure import Figure, at_most, exit_status

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
BUILD = REPOSITORY / "build" / "bench"

BOOT_LINE = b"heap_test passed!"
EMPTY_FLAGS = "-mabi=lp64 -nostdlib -static -Wl,-n,-Ttext=0x80200000 -Wl,--build-id=none".split()

BOOT_BAR = 1.5  # times the empty kernel
BUILD_BAR = 10  # seconds
TEXT_BAR = (64 << 10) - 1  # bytes


class MeasuringFailed(Exception):
    """Why a figure could not be had."""


@dataclass
class Measured:
    """What the tables are made of; None where it was not measured."""

    results: suite.Results | None = None
    guest: guest.GuestCosts | None = None
    guards: dict[str, int] = field(default_factory=dict)  # instructions of heap_test
    containers: containers.Costs | None = None


def progress(text: str) -> None:
    print(f"bench: {text} …", file=sys.stderr, flush=True)


def run(command: list[str], directory: Path = REPOSITORY) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeasuringFailed(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def milliseconds(times: list[float]) -> str:
    return f"{median(times) * 1e3:.1f} (least {min(times) * 1e3:.1f}) ms"


def measure_boot(options: argparse.Namespace, _: Measured) -> Iterator[Figure]:
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


def measure_heap(options: argparse.Namespace, measured: Measured) -> Iterator[Figure]:
    if not heap.have_callgrind():
        yield Figure("heaps on this machine", "skipped: valgrind is not installed (make setup-all)")
        return
    measured.results = suite.measure(heap.HeapBench(options.hostcc, BUILD), progress)
    plots.write(measured.results, BUILD)
    yield from bars.judge(measured.results)


def measure_guest(options: argparse.Namespace, measured: Measured) -> Iterator[Figure]:
    if not options.guest.is_file():
        yield Figure("heaps in the kernel",
                     f"skipped: {options.guest} is not there (make build WORKLOAD=bench)")
        return
    progress("guest: the traces in the kernel")
    measured.guest = guest.measure(options.guest, options.bios)


def measure_collections(options: argparse.Namespace, measured: Measured) -> Iterator[Figure]:
    if not heap.have_callgrind():
        yield Figure("collections", "skipped: valgrind is not installed (make setup-all)")
        return
    progress("collections: beside C++'s containers")
    measured.containers = containers.measure(options.hostcc, options.hostcxx, BUILD)
    yield from containers.judge(measured.containers)


def measure_guards(options: argparse.Namespace, measured: Measured) -> Iterator[Figure]:
    progress("guards: heap_test in kernels with guards")
    yield from guards.measure(options.kernel, options.bios, measured.guards)


def measure_build(_: argparse.Namespace, __: Measured) -> Iterator[Figure]:
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


def measure_text(options: argparse.Namespace, _: Measured) -> Iterator[Figure]:
    size = section_size(options.kernel.read_bytes(), b".text")
    yield at_most("kernel's .text", size, ",", TEXT_BAR, "B")


MEASURES: dict[str, Callable[[argparse.Namespace, Measured], Iterator[Figure]]] = {
    "boot": measure_boot,
    "heap": measure_heap,
    "guest": measure_guest,
    "guards": measure_guards,
    "collections": measure_collections,
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


def play_file(options: argparse.Namespace) -> str:
    """The tables for a trace of the malloc lab."""
    operations = rep.read(options.trace)
    if not heap.have_callgrind():
        raise MeasuringFailed("a trace needs valgrind, which is not installed: make setup-all")
    bench = heap.HeapBench(options.hostcc, BUILD)
    name = options.trace.stem
    hosted = heap.libraries()
    progress(f"{options.trace}: {len(operations):,} operations")
    with tempfile.NamedTemporaryFile(prefix="trace-", dir=BUILD) as file:
        file.write(rep.pack(operations))
        file.flush()
        costs = {(h, name): bench.count(h, "file", file.name) for h in bench.heaps}
        costs |= {(h, name): bench.count("malloc", "file", file.name, hosted[h]) for h in hosted}
        shares = {h: bench.utilisation(h, "file", file.name) for h in bench.heaps}
    tables = report.costs_tables([name], [*bench.heaps, *hosted], costs)
    tables.append(report.grid("Utilisation in %", [name], bench.heaps,
                              lambda _, one: report.percent(shares[one])))
    return "\n".join(tables)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    names = ", ".join(MEASURES)
    kernel = REPOSITORY / "build" / "gcc-demo" / "bosk.elf"
    bench = REPOSITORY / "build" / "gcc-bench" / "bosk.elf"
    compiler = "riscv64-unknown-elf-gcc -march=rv64imac_zicsr_zifencei"
    add("what", nargs="*", metavar="WHAT", help=f"of {names}; all where none is named")
    add("--trace", type=Path, metavar="FILE", help="play this trace instead")
    add("--kernel", type=Path, default=kernel, help="the kernel, built (%(default)s)")
    add("--guest", type=Path, default=bench, help="the kernel that measures heaps (%(default)s)")
    add("--cc", default=compiler, help="compiler for RISC-V, for the empty kernel (%(default)s)")
    add("--hostcc", default="cc", help="compiler for this machine (%(default)s)")
    add("--hostcxx", default="c++", help="C++ compiler for this machine (%(default)s)")
    add("--bios", default="", help="OpenSBI's fw_dynamic, where it is not to be searched for")
    add("--runs", type=int, default=15, help="boots of each kernel (%(default)s)")
    options = parser.parse_args(arguments)
    for name in options.what:
        if name not in MEASURES:
            parser.error(f"{name}: say one of {names}")
    if options.runs < 1:
        parser.error("--runs: at least 1")
    needed = {"boot", "text"} & set(options.what or MEASURES)
    if needed and not options.trace and not options.kernel.is_file():
        parser.error(f"{options.kernel} is not there: make build makes it")
    return options


def report_all(measured: Measured, figures: list[Figure]) -> None:
    tables = report.heap_tables(measured.results) if measured.results else []
    tables += report.guest_tables(measured.guest) if measured.guest else []
    for table in tables:
        print(table)
    if measured.containers:
        print(containers.table(measured.containers))
    if tables:
        heaps = [f for f in figures if not f.name.startswith(("boot", "build", "collections", "guards", "kernel's"))]
        text = report.document(measured.results, measured.guest, heaps)
        (BUILD / "heaps.md").write_text(text, encoding="utf-8")
        progress(f"written: {BUILD / 'heaps.md'} and *.svg")
    if figures:
        print_table(figures)


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    BUILD.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    measured = Measured()
    failed = False
    try:
        if options.trace:
            print(play_file(options))
        else:
            for name in options.what or MEASURES:
                figures += MEASURES[name](options, measured)
    except (MeasuringFailed, boot.BootFailed, guards.NoFigure, guest.GuestFailed, heap.CountFailed, rep.BadTrace,
            OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        failed = True
    report_all(measured, figures)
    if not failed and not options.what and measured.results and measured.guest and measured.containers:
        chapter.write_all(measured.results, measured.guest, measured.containers, options.cc, options.hostcc)
        chapter.write({"guards": chapter.guards_table(measured.guards)}, chapter.GUARDS)
        progress(f"written: {chapter.CHAPTER}, {chapter.COLLECTIONS}, {chapter.GUARDS} and their figures")
    return 2 if failed else exit_status(figures)


if __name__ == "__main__":
    sys.exit(main())
