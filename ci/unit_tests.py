#!/usr/bin/env python3
"""Runs a lab's unit tests, on this machine under sanitizers and in the kernel; says what failed and where.

Ends with a line `N passed, N failed`; exit status 1 where a test failed. `make test` builds all that is
run here. On the host each test is a process of its own. The kernel runs all in one boot.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import qemu

TEST = re.compile(r"^TEST\((\w+)\)", re.MULTILINE)
TASK = re.compile(r"/\* TODO (\w+) ([\w-]+)$", re.MULTILINE)
VERDICT = re.compile(r"(not )?ok \d+ (\w+)")
SECONDS = 10.0  # for a test
BOOT_SECONDS = 60.0
SHOWN = 12  # lines of what a test printed


HERE, KERNEL = "on this machine", "in the kernel"


@dataclass(frozen=True)
class Verdict:
    name: str
    where: str
    passed: bool
    output: str = ""


def main() -> int:
    options = parse()
    tests = {source: TEST.findall(source.read_text()) for source in options.tests}
    verdicts = [*on_host(tests), *in_kernel(options.kernel, options.bios, tests)]
    for line in told([verdict for verdict in verdicts if not verdict.passed]):
        print(line)
    for path in options.files:
        report_tasks(path)
    failed = sum(not verdict.passed for verdict in verdicts)
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed else 0


def told(failed: list[Verdict]) -> Iterator[str]:
    """What failed; a test that failed in both places for the same reason is told once."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for verdict in failed:
        by_reason.setdefault((verdict.name, verdict.output.strip()), []).append(verdict.where)
    for (name, output), places in by_reason.items():
        yield f"FAILED {name}, {' and '.join(places)}"
        shown = output.splitlines()
        yield from (f"       {line}" for line in shown[:SHOWN])
        if len(shown) > SHOWN:
            yield f"       ... and {len(shown) - SHOWN} lines more"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", type=Path, required=True, help="the kernel with the tests in it")
    parser.add_argument("--bios", default="", help="an OpenSBI image; empty: found by itself")
    parser.add_argument("--tests", type=Path, nargs="+", required=True, help="sources of the tests")
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="what the student writes")
    return parser.parse_args()


# On the host --------------------------------------------------------------------------------------


def on_host(tests: dict[Path, list[str]]) -> list[Verdict]:
    cases = [(Path("build/host") / source.stem, name) for source, names in tests.items() for name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda case: run_on_host(*case), cases))


def run_on_host(program: Path, name: str) -> Verdict:
    try:
        run = subprocess.run([program, name], text=True, errors="replace", stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Verdict(name, HERE, False, f"it did not end within {SECONDS:.0f} seconds: an endless loop?")
    return Verdict(name, HERE, run.returncode == 0, run.stdout)


# In the kernel ------------------------------------------------------------------------------------


def in_kernel(kernel: Path, bios: str, tests: dict[Path, list[str]]) -> list[Verdict]:
    """All in one boot; what a panic or a hang keeps from being run, in a boot for each."""
    names = [name for of_source in tests.values() for name in of_source]
    verdicts = boot(kernel, bios, "")
    missing = [name for name in names if name not in verdicts]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for alone in pool.map(lambda name: boot(kernel, bios, name), missing):
            verdicts |= alone
    return [verdicts[name] for name in names]


def boot(kernel: Path, bios: str, name: str) -> dict[str, Verdict]:
    """Of all tests, or of the one that is named: that one always has a verdict."""
    outcome = qemu.run(kernel, bios=bios, append=f"test={name}" if name else "",
                       timeout=SECONDS if name else BOOT_SECONDS)  # fmt: skip
    found: dict[str, Verdict] = {}
    notes: list[str] = []
    for line in outcome.output.splitlines():
        match = VERDICT.fullmatch(line)
        if match:
            found[match[2]] = Verdict(match[2], KERNEL, not match[1], "\n".join(notes))
            notes = []
        elif line.startswith("# "):
            notes.append(line[2:])
    if name and name not in found:
        found[name] = Verdict(name, KERNEL, False, outcome.detail + backtrace(outcome.output))
    return found


def backtrace(output: str) -> str:
    start = output.find("\nbacktrace:")
    return output[start:].split("\nbosk:")[0] if start >= 0 else ""


# ---------------------------------------------------------------------------------------------------


def report_tasks(path: Path) -> None:
    """Say which of a file's tasks still have their TODO."""
    left = [name for _, name in TASK.findall(path.read_text())] if path.is_file() else []
    if left:
        print(f"{path}: still marked as TODO: {', '.join(left)}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (qemu.BadRequest, OSError) as error:
        sys.exit(f"bosk: {error}")
