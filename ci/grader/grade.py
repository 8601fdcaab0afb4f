"""Grade one submission: take its files, build them, and have each item judged.

The tree that is built is the lab's starter with the submission's files in it. The starter is kept
built in build/grade/LAB, so that only what the submission brings is compiled. Whatever goes wrong
in the grader itself is told apart from what the submission does: it is the word grader-error.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import filecmp
import importlib
import importlib.util
import os
import select
import shlex
import shutil
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from grader.export import starter
from grader.extract import BadSubmission, extract
from grader.lab import ROOT, BadLab, Item, Lab
from grader.results import ItemResult, Report
from grader.sandbox import Limits, Sandbox
from grader.stages import MAKES, STAGES, Run

STAGE_FILES = ("host_stage", "guest_stage", "collections_stage", "detector_stage", "student_tests_stage")
CACHE = ROOT / "build" / "grade"

BUILD_LIMITS = Limits(cpu_seconds=20, memory=1 << 30, file_size=64 << 20, processes=128)
BUILD_SECONDS = 180.0  # on the clock: the compiler's processor time is limited long before
OUTPUT_LIMIT = 4 << 20  # bytes that a compiler may print
OUTPUT_KEPT = 16 << 10  # bytes of it that are shown

Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Refused:
    """A submission that got no further than its build."""

    message: str
    output: str = ""


def grade(submission: Path, lab: Lab, seed: int, sandbox: Sandbox,
          items: Collection[str] | None = None, progress: Progress = lambda line: None) -> Report:
    """What the submission is worth. `items` names those to be graded; all without it. `progress`
    gets a line when something has been done."""
    chosen = chosen_items(lab, items)
    command = f"ci/grade {shlex.quote(str(submission))} --lab {lab.name} --seed {seed}"
    notes = elsewhere(lab) if items is None else ()
    results: list[ItemResult] = []
    with tempfile.TemporaryDirectory(prefix="bosk-grade-") as name:
        os.chmod(name, 0o755)  # another user compiles
        run = Run(lab, seed, Path(name) / "tree", sandbox, command)
        try:
            load_stages()
            copy_starter(lab, sandbox, run.tree)
            notes += extract(submission, lab.files, run.tree)
            refused = build(run, chosen)
        except BadSubmission as error:
            refused = Refused(f"the submission cannot be graded: {error}")
        except Exception:
            return Report(lab.name, str(submission), seed,
                          tuple(grader_error(run, item) for item in chosen), notes)
        if refused:
            progress(f"build: {refused.message}")
            results = refusals(run, chosen, refused)
        else:
            progress("build: done")
            for item in chosen:
                results.append(judge(run, item))
                progress(summary(results[-1]))
    return Report(lab.name, str(submission), seed, tuple(results), notes)


def elsewhere(lab: Lab) -> tuple[str, ...]:
    """What is said of the items that are not here."""
    if not lab.hidden_points:
        return ()
    return (f"{lab.hidden_points:g} points more are for hidden items, which your course's grader has",)


def chosen_items(lab: Lab, names: Collection[str] | None) -> list[Item]:
    known = [item.name for item in lab.items]
    for name in names or ():
        if name not in known:
            raise BadLab(f"lab {lab.name} has no item {name}: its items are {', '.join(known)}")
    return [item for item in lab.items if names is None or item.name in names]


def load_stages() -> None:
    for name in STAGE_FILES:
        if importlib.util.find_spec(f"grader.{name}"):
            importlib.import_module(f"grader.{name}")


def judge(run: Run, item: Item) -> ItemResult:
    """The item's result. One with `repeat` depends on which hart comes first: it is judged so often,
    and is worth the share of its points that passes."""
    results = [judge_once(run, item) for _ in range(item.options.get("repeat", 1))]
    if len(results) == 1:
        return results[0]
    passed = [result for result in results if result.word == "pass"]
    shown = next((result for result in results if result.word != "pass"), results[0])
    return dataclasses.replace(shown, points=round(item.points * len(passed) / len(results), 2),
                               rate=f"{len(passed)} of {len(results)}")


def judge_once(run: Run, item: Item) -> ItemResult:
    """The item's result, whatever its stage does."""
    try:
        if item.stage not in STAGES:
            raise BadLab(f"item {item.name} names the stage {item.stage}, which there is not")
        result = STAGES[item.stage](run, item)
        return dataclasses.replace(result, message=plain(result.message), got=plain(result.got),
                                   output=plain(result.output.replace(f"{run.tree}/", "")))
    except Exception:
        return grader_error(run, item)


def plain(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())


def grader_error(run: Run, item: Item) -> ItemResult:
    return run.result(item, "grader-error", message="the grader failed, not the submission: "
                      "tell the course's staff", output=traceback.format_exc())


def summary(result: ItemResult) -> str:
    figure = f" ({result.figure:g} {result.unit})" if result.figure is not None else ""
    return f"{result.name}: {result.word}, {result.points:g} of {result.max_points:g}{figure}"


# --- the starter ----------------------------------------------------------------------------------


def copy_starter(lab: Lab, sandbox: Sandbox, tree: Path) -> None:
    """A copy of the lab's starter, built."""
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / lab.name
    with locked(CACHE / f"{lab.name}.lock"):
        with tempfile.TemporaryDirectory(prefix="bosk-starter-") as name:
            fresh = Path(name) / "tree"
            starter(lab, fresh)
            changed = update(kept, fresh, lab.files)
        is_built = kept / "build" / "is-built"
        commands = makes_of(lab, lab.items)
        if changed or not is_built.exists() or is_built.read_text() != repr(commands):
            is_built.unlink(missing_ok=True)
            with tempfile.TemporaryDirectory(prefix="bosk-starter-") as name:
                os.chmod(name, 0o755)
                tree_there = Path(name) / "tree"
                shutil.copytree(kept, tree_there)
                for command in commands:  # stubs may not even compile
                    make(tree_there, sandbox, [*command, "-k"])
                shutil.rmtree(kept / "build", ignore_errors=True)
                shutil.copytree(tree_there / "build", kept / "build")
            is_built.write_text(repr(commands))
        shutil.copytree(kept, tree)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def update(kept: Path, fresh: Path, lab_files: Sequence[str]) -> bool:
    """Make `kept` what `fresh` is, but for `build` and for the lab's files, which are replaced in
    each copy anyway. Whether something changed; what did not keeps its time."""
    wanted = {str(path.relative_to(fresh)) for path in files_below(fresh)}
    there = {str(path.relative_to(kept)) for path in files_below(kept)}
    changed = bool(there - wanted)
    for name in there - wanted:
        (kept / name).unlink()
    for name in sorted(wanted):
        old, new = kept / name, fresh / name
        if name in there and (name in lab_files or filecmp.cmp(old, new, shallow=False)):
            continue
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(new, old)
        changed = True
    return changed


def files_below(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder):
        if Path(name) == folder:
            folders[:] = [entry for entry in folders if entry not in ("build", ".git")]
        yield from (Path(name) / file for file in files)


# --- building -------------------------------------------------------------------------------------


def makes_of(lab: Lab, items: Sequence[Item]) -> list[tuple[str, ...]]:
    """What make is called with for these items, each once."""
    arguments = [MAKES[item.stage](lab, item) for item in items if item.stage in MAKES]
    return list(dict.fromkeys(entry for entry in arguments if entry))


def build(run: Run, items: Sequence[Item]) -> Refused | None:
    for arguments in makes_of(run.lab, items):
        status, output = make(run.tree, run.sandbox, arguments)
        if status != 0:
            return Refused(build_message(status, output), output)
    return None


def build_message(status: int | None, output: str) -> str:
    if status is None:
        return "the build was stopped: it took too long or printed too much"
    errors = [line for line in output.splitlines() if "error: " in line or "undefined reference" in line
              or "multiple definition" in line]
    return f"it does not build: {errors[0].strip()}" if errors else "it does not build"


def make(tree: Path, sandbox: Sandbox, arguments: Sequence[str]) -> tuple[int | None, str]:
    """Its exit status and what it printed. The status is None where it had to be stopped."""
    writable = tree / "build"
    writable.mkdir(exist_ok=True)
    sandbox.give(writable)
    process = sandbox.start(["make", "--no-print-directory", *arguments], directory=tree,
                            readable=[tree], writable=[writable], limits=BUILD_LIMITS)
    try:
        data, stopped = read_all(process, BUILD_SECONDS)
        status = None if stopped else process.wait(10)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        sandbox.kill(process)
    return status, shortened(data, tree)


def read_all(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bool]:
    """What it prints, as far as it is shown; and whether that was too much or took too long."""
    assert process.stdout is not None
    kept, size, end = b"", 0, time.monotonic() + seconds
    while size <= OUTPUT_LIMIT:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return kept, True
        data = os.read(process.stdout.fileno(), 1 << 16)
        if not data:
            return kept, False
        kept = (kept + data)[:OUTPUT_KEPT]
        size += len(data)
    return kept, True


def shortened(data: bytes, tree: Path) -> str:
    """What was printed, with paths as the student knows them."""
    text = plain(data.decode("utf-8", "replace").replace(f"{tree}/", ""))
    return text if len(data) < OUTPUT_KEPT else text[:text.rfind("\n") + 1] + "...\n"


def refusals(run: Run, items: Sequence[Item], refused: Refused) -> list[ItemResult]:
    """Every item failed, and the compiler's words are with the first."""
    return [run.result(item, "build-error", message=refused.message,
                       output=refused.output if item is items[0] else "") for item in items]
