"""Stage "student-tests": tests that a student wrote, tried on bugs that the course has sown.

    tests = "os/test/pure/test_mine.c"
    bugs = ["rc-drops-too-early", ...]      mutants of the lab, of os/collections alone

The tests are compiled once, with the starter's headers and without any solution in sight, and then
linked and run with the reference, where all must pass, and with each bug. A bug is found where a
test fails, crashes or hangs. The points are shared out evenly among the bugs.

What is linked with is compiled outside of the sandbox, once, from the grader's own tree, into
build/grade. Each run is in a sandbox of its own, in a folder whose name says nothing, and the tests
are told nothing; but a test that reads the code of what it tests could tell one from another.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.check import write_mutant, write_reference
from grader.grade import CACHE, locked
from grader.lab import ROOT, Item, Lab
from grader.results import ItemResult
from grader.sandbox import MIB, Limits, Sandbox
from grader.stages import Run, stage

REFERENCE = "reference"
RC = "os/collections/rc.h"

# What is the same for all, beside what is tested.
COMMON = ("ci/host/runner.c", "os/test/fail_alloc.c", "os/collections/counted.c",
          "os/collections/element.c", "os/collections/heap_order.c", "os/heap/heap.c",
          "os/heap/layout.c", "os/heap/slab.c", "os/heap/runs.c", "os/heap/buddy.c")
WRAPPED = ("heap_alloc", "heap_alloc_zeroed", "heap_realloc", "kmalloc")
FLAGS = ("-std=gnu11", "-O1", "-w", "-fno-pie", "-DKERNEL_HEAP=moving",
         '-DKERNEL_HEAP_HEADER="heap/moving.h"')

# The functions of rc.h are inline. A test calls them, so that it need not be compiled with them.
INLINE = re.compile(r"^static inline ([^\n{;]*\))\n\{\n.*?^\}\n", re.DOTALL | re.MULTILINE)
RC_FUNCTIONS = """\
#include "collections/counted.h"
#define static
#define inline
#include "collections/rc.h"
"""

COMPILE_SECONDS, RUN_SECONDS = 60.0, 10.0  # on the clock; the processor's time is limited long before
COMPILE_LIMITS = Limits(cpu_seconds=10, file_size=8 * MIB)
RUN_LIMITS = Limits(cpu_seconds=1, file_size=8 * MIB)
OUTPUT_SHOWN = 4096  # bytes
LINK_FAILED, STOPPED = 98, -1

# Each test in a process of its own; the first that fails ends the run.
SCRIPT = f"""\
cc -no-pie -o tests mine.o box.o vec.o rc.o common.o {' '.join(f'-Wl,--wrap={name}' for name in WRAPPED)} || exit {LINK_FAILED}
names=$(./tests) || exit 1
for name in $names; do
    ./tests "$name" || {{ status=$?; echo "in the test $name"; exit $status; }}
done
"""


@dataclass(frozen=True)
class Ran:
    status: int  # an exit status; STOPPED: it took too long
    output: str

    @property
    def word(self) -> str:
        if self.status in (STOPPED, 128 + signal.SIGXCPU, 128 + signal.SIGKILL):
            return "hang"
        return "flood" if self.status == 128 + signal.SIGXFSZ else "fail"


@stage("student-tests")
def judge(run: Run, item: Item) -> ItemResult:
    bugs = item.options["bugs"]
    kept = prepared(run.lab, bugs)
    with scratch() as folder:
        compiled = compile_tests(run, item.options["tests"], kept, folder)
        if compiled.status != 0:
            return run.result(item, "build-error", message="your tests do not compile",
                              output=compiled.output)
        tests = folder / "mine.o"
        reference = try_on(run.sandbox, tests, kept, REFERENCE)
        if reference.status != 0:
            return refused(run, item, reference)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda bug: try_on(run.sandbox, tests, kept, bug).status != 0, bugs))
    return scored(run, item, dict(zip(bugs, found)))


def refused(run: Run, item: Item, reference: Ran) -> ItemResult:
    if "__start_tests" in reference.output:  # the linker looks for the list of tests in vain
        return run.result(item, "fail", message="there are no tests in the file")
    if reference.status == LINK_FAILED:
        return run.result(item, "build-error", output=reference.output,
                          message="your tests cannot be linked: they define or use what is not theirs")
    return run.result(item, reference.word, output=reference.output,
                      message="a test does not pass with a right Box, Vec and Rc, so none counts")


def scored(run: Run, item: Item, found: dict[str, bool]) -> ItemResult:
    count = sum(found.values())
    lines = [f"{'found' if is_found else 'not found'}: {what_is_wrong(run.lab, bug)}"
             for bug, is_found in found.items()]
    more = {"message": f"your tests find {count} of {len(found)} bugs", "rate": f"{count} of {len(found)}",
            "output": "\n".join(lines)}
    if count == len(found):
        return run.result(item, "pass", **more)
    return run.result(item, "fail", item.points * count / len(found),
                      expected=f"{len(found)} bugs are found", got=str(count), **more)


# --- the student's part, in the sandbox -----------------------------------------------------------


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder, to be given to the sandbox."""
    with tempfile.TemporaryDirectory(prefix="bosk-tests-") as name:
        folder = Path(name) / "work"
        os.chmod(name, 0o755)  # another user compiles
        folder.mkdir()
        yield folder


def compile_tests(run: Run, tests: str, kept: Path, folder: Path) -> Ran:
    shutil.copytree(kept / "declared", folder / "declared")
    run.sandbox.give(folder)
    command = compiler(Path(tests), folder / "mine.o", folder / "declared")
    return ran(run.sandbox, command, run.tree, [run.tree], folder, COMPILE_LIMITS, COMPILE_SECONDS)


def try_on(sandbox: Sandbox, tests: Path, kept: Path, variant: str) -> Ran:
    """Link with the reference or with a bug, and run."""
    with scratch() as folder:
        for path in (tests, kept / "common.o", *(kept / variant).glob("*.o")):
            shutil.copyfile(path, folder / path.name)
        sandbox.give(folder)
        return ran(sandbox, ["sh", "-c", SCRIPT], folder, [], folder, RUN_LIMITS, RUN_SECONDS)


def ran(sandbox: Sandbox, command: Sequence[str | Path], directory: Path, readable: Sequence[Path],
        writable: Path, limits: Limits, seconds: float) -> Ran:
    with tempfile.TemporaryFile() as output:
        process = sandbox.start(command, directory=directory, readable=readable, writable=[writable],
                                limits=limits, stdout=output)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = STOPPED
        finally:
            sandbox.kill(process)
        output.seek(0)
        text = output.read(OUTPUT_SHOWN).decode("utf-8", "replace").replace(f"{directory}/", "")
    return Ran(status, "".join(c for c in text if c in "\n\t" or c.isprintable()))


# --- the grader's part ----------------------------------------------------------------------------


def patch_of(lab: Lab, bug: str) -> Path:
    return lab.directory / "mutants" / f"{bug}.patch"


def what_is_wrong(lab: Lab, bug: str) -> str:
    """The second line of the bug's patch."""
    text = patch_of(lab, bug).read_text()
    return text.splitlines()[1].removeprefix("# what: ")


def prepared(lab: Lab, bugs: Sequence[str]) -> Path:
    """A folder with common.o, the header to compile with, and a folder of objects for the reference
    and for each bug."""
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / f"{lab.name}-student-tests-{fingerprint(lab, bugs)}"
    with locked(CACHE / f"{lab.name}-student-tests.lock"):
        if not kept.is_dir():
            for old in CACHE.glob(f"{lab.name}-student-tests-*"):
                shutil.rmtree(old)
            with tempfile.TemporaryDirectory(dir=CACHE) as name:
                made = Path(name) / "made"
                prepare(lab, bugs, made)
                made.rename(kept)
    return kept


def fingerprint(lab: Lab, bugs: Sequence[str]) -> str:
    """Of all that the objects are made of."""
    digest = hashlib.sha256(repr((FLAGS, SCRIPT, RC_FUNCTIONS)).encode())
    for path in (*sorted(ROOT.glob("os/**/*.[ch]")), *ROOT.glob("ci/host/**/*.[ch]"), *(patch_of(lab, bug) for bug in bugs)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def prepare(lab: Lab, bugs: Sequence[str], made: Path) -> None:
    (made / "declared/collections").mkdir(parents=True)
    header = INLINE.sub(r"\1;\n", (ROOT / RC).read_text())
    (made / "declared/collections/rc.h").write_text(header)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(lambda path: compiled(path, made), COMMON))
        subprocess.run(["ld", "-r", "-o", made / "common.o", *objects], check=True)
        for path in objects:
            path.unlink()
        list(pool.map(lambda variant: prepare_variant(lab, variant, made), [REFERENCE, *bugs]))


def compiled(path: str, made: Path) -> Path:
    target = made / (Path(path).stem + "-common.o")
    compile_one(ROOT / path, target, ROOT / "os")
    return target


def prepare_variant(lab: Lab, variant: str, made: Path) -> None:
    folder = made / variant
    folder.mkdir()
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        if variant == REFERENCE:
            write_reference(lab, tree)
        else:
            write_mutant(lab, patch_of(lab, variant), tree)
        (tree / "rc.c").write_text(RC_FUNCTIONS)
        for source in (tree / "os/collections/box.c", tree / "os/collections/vec.c", tree / "rc.c"):
            compile_one(source, folder / f"{source.stem}.o", tree / "os")


def compile_one(source: Path, target: Path, first: Path) -> None:
    subprocess.run(compiler(source, target, first), cwd=ROOT, check=True)


def compiler(source: Path, target: Path, first: Path) -> list[str | Path]:
    """`first`: where the tree's headers are looked for before they are in the tree."""
    return ["cc", *FLAGS, "-I", "ci/host/include", "-I", first, "-I", "os", "-c", "-o", target, source]
