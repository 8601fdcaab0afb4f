"""Which submissions of a class have code in common.

Lines that a submission shares with the lab's starter do not count: they are taken out first, whatever
was renamed, reindented or commented in them. What remains of each submission goes to sim_c, of Debian's
similarity-tester, which compares runs of C's tokens: names, comments and layout make no difference.

A percentage is a reason to read the two side by side, and no proof: a short lab has few solutions.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import export
from grader.extract import collect, entries_of
from grader.lab import Lab
from grader.sandbox import Limits, limiter

SHORTEST_RUN = 24  # tokens; sim_c's own default
LEAST = 20  # percent; less is chance
LEAST_TOKENS = 60  # of a submission's own code; less says nothing
MOST_LINES = 5000  # of a submission; a solution has a tenth
MOST_OWN = 24 << 10  # bytes of a submission's own code; sim_c takes quadratic time for repetitions
LIMITS = Limits(cpu_seconds=600)

# The parts of C that matter here: comments and strings must be told from code. What is not closed ends
# with the text or the line, so that the time is linear for any text.
PARTS = re.compile(r"""(?P<comment>/\*.*?(?:\*/|\Z)|//[^\n]*)"""
                   r"""|(?P<text>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)"""
                   r"""|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)""", re.DOTALL)
KEPT = frozenset("if else for while do switch case default break continue return goto sizeof struct union enum "
                 "static const void char short int long unsigned signed bool typedef".split())


@dataclass(frozen=True)
class Pair:
    """Two submissions, and how many percent of each one's own code is in the other."""

    first: str
    second: str
    first_percent: int
    second_percent: int

    @property
    def percent(self) -> int:
        return max(self.first_percent, self.second_percent)


@dataclass(frozen=True)
class Comparison:
    pairs: tuple[Pair, ...]  # the most alike first
    compared: int  # submissions that have enough code of their own
    why_not: str = ""  # where nothing could be compared

    @property
    def usual(self) -> float:
        """What two submissions of this class have in common, in the middle: the measure for a pair."""
        possible = self.compared * (self.compared - 1) // 2
        found = [pair.percent for pair in self.pairs][:possible]
        return statistics.median(found + [0] * (possible - len(found))) if possible else 0


def compare(submissions: Mapping[str, Path], lab: Lab) -> Comparison:
    if shutil.which("sim_c") is None:
        return Comparison((), 0, "sim_c is not installed: run make setup-all")
    with tempfile.TemporaryDirectory(prefix="bosk-starter-") as name:
        export.starter(lab, Path(name))
        starter = code_in(Path(name), lab)
    own = {student: text for student, path in submissions.items()
           if (text := own_code(code_in(path, lab), starter))}
    return run_sim(own)


def code_in(submission: Path, lab: Lab) -> str:
    """The lab's files in it, one after the other; nothing where they cannot be taken."""
    try:
        files, _ = collect(entries_of(submission, lab.files), lab.files)
    except Exception:  # noqa: BLE001 (grading it says what is wrong with it)
        return ""
    return "\n".join(files[name].decode("utf-8", "replace") for name in lab.files if name in files)


def own_code(text: str, starter: str) -> str:
    """The lines that are not the starter's."""
    lines, given = lines_of(text)[:MOST_LINES], lines_of(starter)
    alike = difflib.SequenceMatcher(None, [line.shape for line in lines], [line.shape for line in given],
                                    autojunk=False)
    own = [line.code for tag, first, last, _, _ in alike.get_opcodes() if tag != "equal"
           for line in lines[first:last]]
    return "\n".join(own)[:MOST_OWN]


@dataclass(frozen=True)
class Line:
    code: str  # without comments
    shape: str  # the same, whatever its names, numbers and blanks are


def lines_of(text: str) -> list[Line]:
    bare = PARTS.sub(lambda part: "\n" * part[0].count("\n") or " " if part["comment"] else part[0],
                     text.replace("\0", ""))
    return [Line(line, shape) for line in bare.split("\n") if (shape := shape_of(line))]


def shape_of(line: str) -> str:
    def token(part: re.Match[str]) -> str:
        if part["name"]:
            return f" {part[0]} " if part["name"] in KEPT else " n "
        return " t " if part["text"] else " 0 "

    return "".join(PARTS.sub(token, line).split())


def run_sim(own: Mapping[str, str]) -> Comparison:
    """Files are named by number: a student's name may be anything."""
    students = list(own)
    with tempfile.TemporaryDirectory(prefix="bosk-sim-") as name:
        for index, text in enumerate(own.values()):
            Path(name, f"{index}.c").write_text(text + "\n", encoding="utf-8")
        try:
            done = subprocess.run(["sim_c", "-e", "-a", "-s", "-p", f"-r{SHORTEST_RUN}", f"-t{LEAST}", "-i"],
                                  cwd=name, input="".join(f"{index}.c\n" for index in range(len(own))),
                                  capture_output=True, text=True, timeout=2 * LIMITS.cpu_seconds,
                                  preexec_fn=limiter(LIMITS), check=False)
        except subprocess.TimeoutExpired:
            return Comparison((), 0, "sim_c took too long")
    if done.returncode != 0:
        return Comparison((), 0, f"sim_c failed: {done.stderr.strip()[:200]}")
    tokens = [int(count) for count in re.findall(r"^File \d+\.c: (\d+) tokens?", done.stdout, re.MULTILINE)]
    enough = [count >= LEAST_TOKENS for count in tokens]
    shares = {(int(first), int(second)): int(percent) for first, percent, second in re.findall(
        r"^(\d+)\.c consists for (\d+) % of (\d+)\.c material", done.stdout, re.MULTILINE)}
    pairs = [Pair(students[first], students[second], shares.get((first, second), 0),
                  shares.get((second, first), 0))
             for first, second in sorted({(min(pair), max(pair)) for pair in shares})
             if enough[first] and enough[second]]
    return Comparison(tuple(sorted(pairs, key=lambda pair: -pair.percent)), sum(enough))


def as_csv(pairs: Sequence[Pair]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["percent", "first", "second", "of_first_in_second", "of_second_in_first"])
    table.writerows([pair.percent, pair.first, pair.second, pair.first_percent, pair.second_percent]
                    for pair in pairs)
    return text.getvalue()
