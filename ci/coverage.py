#!/usr/bin/env python3
"""Runs the tests in builds that count how often each line runs, and reports on both together.

The host's programs write their figures (.gcda files) themselves. The kernel prints them, a line for
each object, when it switches the machine off (os/test/coverage/dump.c); each test that ends in a panic is
a boot of its own, and the figures of all boots are added up here. gcovr then reads what gcov makes of
both builds: one HTML page, and a line for each folder. Exit status 1 where a folder is below its bar
or a test fails.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import qemu

BARS = {"os/heap": 95, "os/collections": 95}  # % of the lines, at least
OUTPUT = Path("build/coverage")
FIGURES = re.compile(r"^coverage: (\S+) ((?:[0-9a-f]{2})+)$", re.MULTILINE)
GCDA_HEADER = 16  # bytes: magic, version, stamp, checksum
GCDA_COUNTERS = 0x01A10000  # the tag of the counters of lines
BOOT_TIMEOUT = 300.0  # seconds


class Failed(Exception):
    """Why there is no report; one line."""


def run(*command: str | Path) -> str:
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


# The host -----------------------------------------------------------------------------------------


def run_host_tests(build: Path, pool: ThreadPoolExecutor) -> None:
    for figures in build.rglob("*.gcda"):
        figures.unlink()
    programs = sorted(path for path in build.glob("test_*") if path.suffix == "")
    tests = [(program, name) for program in programs for name in run(program).split()]
    for _ in pool.map(lambda test: run(*test), tests):
        pass


# The kernel ---------------------------------------------------------------------------------------


def panic_tests() -> list[str]:
    return [name for source in sorted(Path("os/test").glob("*.c"))
            for name in re.findall(r"^PANIC_TEST\((\w+)\)", source.read_text(), re.MULTILINE)]  # fmt: skip


def boot(build: Path, test: str) -> dict[str, bytes]:
    """Boot for all tests, or for the one that panics: file of figures -> what is in it."""
    append = f"test={test}" if test else ""
    outcome = qemu.run(build / "bosk.elf", smp=2, append=append, timeout=BOOT_TIMEOUT)
    if outcome.word != ("panic" if test else "pass"):
        raise Failed(f"the kernel, {append or 'all tests'}: {outcome.detail}")
    return {name: bytes.fromhex(figures) for name, figures in FIGURES.findall(outcome.output)}


def records(figures: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tag, length and bytes of each record of a .gcda file (gcc/gcov-io.h of GCC 12 and later)."""
    at = GCDA_HEADER
    while at + 8 <= len(figures):
        tag, length = struct.unpack_from("<Ii", figures, at)
        if tag == 0:
            return
        at += 8
        yield tag, length, figures[at : at + max(length, 0)]
        at += max(length, 0)


def counters(length: int, data: bytes) -> list[int]:
    """A record's counters; a negative length stands for as many bytes of zeros."""
    return [0] * (-length // 8) if length < 0 else [count for (count,) in struct.iter_unpack("<q", data)]


def added(one: bytes, other: bytes) -> bytes:
    """The figures of two runs of the same object, added up."""
    total = bytearray(one[:GCDA_HEADER])
    for (tag, length, data), (_, length2, data2) in zip(records(one), records(other), strict=True):
        if tag == GCDA_COUNTERS:
            sums = [sum(pair) for pair in zip(counters(length, data), counters(length2, data2), strict=True)]
            length, data = 8 * len(sums), struct.pack(f"<{len(sums)}q", *sums)
        total += struct.pack("<Ii", tag, length) + data
    return bytes(total + struct.pack("<I", 0))


def run_kernel_tests(build: Path, pool: ThreadPoolExecutor) -> None:
    totals: dict[str, bytes] = {}
    for figures in pool.map(lambda test: boot(build, test), ["", *panic_tests()]):
        for name, of_object in figures.items():
            totals[name] = added(totals[name], of_object) if name in totals else of_object
    for name, total in totals.items():
        Path(name).write_bytes(total)


# The report ---------------------------------------------------------------------------------------

Lines = dict[str, dict[int, int]]  # file -> line -> how often it ran


def gcovr(*arguments: str | Path) -> None:
    run("gcovr", "--root", ".", *arguments)


def figures_of(build: Path, gcov: str, output: Path) -> Path:
    """What gcov says of a build's sources, but for the tests, as a file for gcovr."""
    gcovr("--object-directory", build, "--gcov-executable", gcov, "--filter", "os/", "--exclude", "os/test/",
          "--gcov-ignore-parse-errors", "--json", output, build)  # fmt: skip
    return output


def read_lines(report: Path) -> Lines:
    return {file["file"]: {line["line_number"]: line["count"] for line in file["lines"] if not line["gcovr/noncode"]}
            for file in json.loads(report.read_text())["files"]}  # fmt: skip


def share(lines: Lines, folder: str) -> float:
    """The share of a folder's lines that ran, in %."""
    counts = [count for file, of_file in lines.items() if file.startswith(folder) for count in of_file.values()]
    return 100 * sum(count > 0 for count in counts) / len(counts) if counts else 0


def missed(lines: Lines) -> Iterator[str]:
    """The lines that no test reaches, as runs FILE:FIRST-LAST, in the folders that have a bar."""
    for file, counts in sorted(lines.items()):
        if Path(file).parent.as_posix() not in BARS:
            continue
        first = None
        numbers = sorted(counts)
        for number, following in zip(numbers, [*numbers[1:], None]):
            first = first or number
            if counts[number] > 0:
                first = None
            elif following is None or counts[following] > 0:
                yield f"{file}:{first}" + (f"-{number}" if number > first else "")


def report(reports: dict[str, Path]) -> bool:
    """Print a line for each folder; whether all of them meet their bars."""
    sides = {side: read_lines(path) for side, path in reports.items()}
    print(f"{'folder':16}" + "".join(f"{side:>10}" for side in sides))
    good = True
    for folder in sorted({Path(file).parent.as_posix() for file in sides["both"]}):
        met = share(sides["both"], folder + "/") >= BARS.get(folder, 0)
        bar = f"  at least {BARS[folder]} %: {'met' if met else 'MISSED'}" if folder in BARS else ""
        print(f"{folder:16}" + "".join(f"{share(lines, folder + '/'):8.1f} %" for lines in sides.values()) + bar)
        good &= met
    for lines in missed(sides["both"]):
        print(f"no test reaches {lines}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", type=Path, required=True, help="where the kernel was built")
    parser.add_argument("--host", type=Path, required=True, help="where the host's programs were built")
    parser.add_argument("--gcov", required=True, help="gcov of the kernel's compiler")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if shutil.which("gcovr") is None:
        print("bosk: gcovr is not installed: run make setup-all", file=sys.stderr)
        return 1
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    try:
        with ThreadPoolExecutor(arguments.jobs) as pool:
            run_kernel_tests(arguments.kernel, pool)
            run_host_tests(arguments.host, pool)
        kernel = figures_of(arguments.kernel, arguments.gcov, OUTPUT / "kernel.json")
        host = figures_of(arguments.host, "gcov", OUTPUT / "host.json")
        both = OUTPUT / "both.json"
        gcovr("-a", kernel, "-a", host, "--json", both, "--html-details", OUTPUT / "index.html")
    except Failed as reason:
        print(f"bosk: coverage: {reason}", file=sys.stderr)
        return 1
    good = report({"kernel": kernel, "host": host, "both": both})
    print(f"{OUTPUT}/index.html shows each line")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
