#!/usr/bin/env python3
"""Runs the bug corpus, and says which way of building a kernel catches which error.

Each routine in os/test/corpus/ has one error. The kernel runs it alone, in a boot of its own, under
each mode; the host runs it with malloc for the heap, under AddressSanitizer and under
UndefinedBehaviorSanitizer, as the yardstick: what AddressSanitizer catches, KASAN must catch. All
verdicts come from what a run printed; none is written down anywhere but in the table made of them.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import qemu

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "os/test/corpus"
CHAPTER = ROOT / "docs/bug-corpus.md"
BEGIN, END = "<!-- made by make corpus -->\n", "<!-- end -->\n"
TIMEOUT = 20.0  # seconds

NOT_CAUGHT = "–"
# A column's name -> the kernel's folder in build/, without the compiler.
KERNELS = {
    "plain": "corpus",
    "HEAP_DEBUG": "corpus-heap-debug",
    "kasan": "corpus-kasan",
    "ubsan": "corpus-ubsan",
    "kasan, ubsan": "corpus-kasan-ubsan",
}
HOST = {"host: ASan": "address", "host: UBSan": "undefined"}
COLUMNS = [*KERNELS, *HOST]

# What the kernel's panic begins with -> the verdict.
PANICS = {
    "heap: ": "heap",
    "kasan: ": "kasan",
    "ubsan: ": "ubsan",
    "stack smashed ": "stack guard",
    "trap: ": "trap",
}
# What the host's program says -> the verdict. Signals that AddressSanitizer reports are the
# processor's doing, as traps in the kernel are. What the host's malloc says is none of ours.
REPORTS = {
    "address": {
        r"LeakSanitizer: ": "leak",
        r"AddressSanitizer: (SEGV|FPE|BUS|ILL|stack-overflow)": "trap",
        r"AddressSanitizer: ": "asan",
    },
    "undefined": {r": runtime error: ": "ubsan"},
}


@dataclass(frozen=True)
class Bug:
    name: str
    kind: str  # what the errors of its file have in common
    what: str  # the sentence above it


def bugs() -> list[Bug]:
    found = []
    for source in sorted(SOURCES.glob("*.c")):
        text = source.read_text()
        kind = re.match(rf"/\* {source.name} - (.*?)\.? \*/", text)
        assert kind, f"{source} does not begin with what it is about"
        for what, name in re.findall(r"^/\* ((?:(?!\*/).)*?) \*/\nBUG\((\w+)\)", text, re.MULTILINE | re.DOTALL):
            found.append(Bug(name, kind[1], re.sub(r"\s*\n \* ", " ", what)))
    return found


# Verdicts -----------------------------------------------------------------------------------------


def judge_kernel(outcome: qemu.Outcome) -> str:
    if outcome.word == "pass":
        return "leak" if re.search(r"^leak: ", outcome.output, re.MULTILINE) else NOT_CAUGHT
    panic = re.search(r"^panic: (.*)", outcome.output, re.MULTILINE)
    if panic is None:
        return outcome.word
    return next((verdict for start, verdict in PANICS.items() if panic[1].startswith(start)), "panic")


def judge_host(sanitizer: str, said: str) -> str:
    return next((verdict for pattern, verdict in REPORTS[sanitizer].items() if re.search(pattern, said)), NOT_CAUGHT)


def run_kernel(bug: Bug, column: str) -> str:
    kernel = ROOT / "build" / f"gcc-{KERNELS[column]}" / "bosk.elf"
    return judge_kernel(qemu.run(kernel, append=f"test={bug.name}", timeout=TIMEOUT))


def run_host(bug: Bug, column: str) -> str:
    done = subprocess.run([ROOT / "build/corpus" / HOST[column], bug.name], text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)  # fmt: skip
    return judge_host(HOST[column], done.stdout)


def verdict(bug: Bug, column: str) -> str:
    return run_kernel(bug, column) if column in KERNELS else run_host(bug, column)


Verdicts = dict[tuple[str, str], str]  # by the bug's name and the column


def run(wanted: list[tuple[Bug, str]], jobs: int) -> Verdicts:
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda one: verdict(*one), wanted)
        return {(bug.name, column): one for (bug, column), one in zip(wanted, found)}


# The table ----------------------------------------------------------------------------------------


def rows(verdicts: Verdicts) -> Iterator[str]:
    kind = None
    yield f"| error | {' | '.join(COLUMNS)} |"
    yield "|---" + "|:-:" * len(COLUMNS) + "|"
    for bug in bugs():
        if bug.kind != kind:
            kind = bug.kind
            yield f"| **{kind}** |" + " |" * len(COLUMNS)
        yield f"| `{bug.name}`: {bug.what} | {' | '.join(verdicts[bug.name, column] for column in COLUMNS)} |"
    caught = [sum(verdicts[bug.name, column] != NOT_CAUGHT for bug in bugs()) for column in COLUMNS]
    yield f"| **caught, of {len(bugs())}** | {' | '.join(map(str, caught))} |"


def table(verdicts: Verdicts) -> str:
    return "".join(f"{row}\n" for row in rows(verdicts))


def read_table() -> Verdicts:
    """The verdicts that the chapter has."""
    text = CHAPTER.read_text().partition(BEGIN)[2].partition(END)[0]
    return {(name, column): one for name, cells in re.findall(rf"^\| `(\w+)`: .*?((?: \| [^|]+){{{len(COLUMNS)}}}) \|$", text, re.MULTILINE)
            for column, one in zip(COLUMNS, cells.removeprefix(" | ").split(" | "))}  # fmt: skip


def write_table(verdicts: Verdicts) -> None:
    before, _, rest = CHAPTER.read_text().partition(BEGIN)
    CHAPTER.write_text(before + BEGIN + table(verdicts) + END + rest.partition(END)[2])


def missed(verdicts: Verdicts) -> list[str]:
    """The errors that AddressSanitizer catches on the host, and KASAN does not in the kernel."""
    return [bug.name for bug in bugs()
            if verdicts[bug.name, "host: ASan"] == "asan" and verdicts[bug.name, "kasan"] != "kasan"]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    verdicts = run([(bug, column) for bug in bugs() for column in COLUMNS], arguments.jobs)
    write_table(verdicts)
    print(f"{CHAPTER.relative_to(ROOT)} has the verdicts on {len(bugs())} errors")
    for name in missed(verdicts):
        print(f"bosk: corpus: {name}: AddressSanitizer catches it on the host, KASAN does not", file=sys.stderr)
    return 1 if missed(verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
