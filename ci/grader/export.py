"""The tree that a student gets for a lab: of the reference tree, what is named here and no more.

Of the regions (grader/regions.py), those of labs with a lower number are solved, those of the lab
are tasks. In a starter, which has a lab.mk at its top, the same functions copy the starter's own
tree: there the regions are the student's already.
"""

from __future__ import annotations

import functools
import shutil
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grader.lab import ROOT, BadLab, Lab, load, names
from grader.regions import BadMarkers, Region, check_names, parse, render

# Patterns of files. A lab's own files, tests, description and handout come on top.
ALLOWED = (
    ".clang-format", ".editorconfig", ".gitignore", "LICENSE", "Makefile", "README.md", "lab.mk",
    "linker-qemu.ld", "bootloader/*",
    "os/*.[ch]",
    *(f"os/{folder}/*.[chS]" for folder in ("arch", "collections", "drivers", "guard", "heap", "lib", "mm", "sync")),
    "os/test/fail_alloc.[ch]", "os/test/jump.[hS]", "os/test/runner.c", "os/test/test.h",
    "os/test/pure/*.h", "os/test/exam/*", "os/test/trace/*",
    "ci/bosk.gdb", "ci/find_tool.sh", "ci/help.txt", "ci/lines.awk", "ci/qemu.py", "ci/setup.sh",
    "ci/symbols.awk", "ci/unit_tests.py", "ci/grade", "ci/grader/*.py", "ci/heapviz/heapviz.py",
    "ci/heapviz/model.js", "ci/heapviz/viewer.*",
    "ci/host/examinee*.[ch]", "ci/host/fuzz_panic.c", "ci/host/include/*/*.h", "ci/host/panic_check.h",
    "ci/host/record.c", "ci/host/runner.c",
    "docs/boot.md", "docs/bug-corpus.md", "docs/collections.md", "docs/figures/*", "docs/grading.md", "docs/heap.md",
    "docs/memory-errors.md", "docs/students.md",
)  # fmt: skip
# Of these, what only a course's staff uses, and the stage that needs the reference.
NOT_ALLOWED = tuple(f"ci/grader/{name}.py" for name in (
    "check", "class_*", "package", "policy", "similarity", "student_tests_stage"))  # fmt: skip

OVERLAYS = ROOT / "ci/labs/overlay"
MARKED = (".c", ".h")  # files that may have regions
LAB_MK = """\
# This repository is the starter of a lab. The Makefile reads this file first.
LAB       := {name}
HEAP      ?= {heap}
LAB_FILES := {files}
LAB_TESTS := {tests}
# What needs something that is written in a later lab.
LATER     := {later}
"""
# What a build can be asked for, and the files without whose regions it does not work.
NEEDS = {"heap-debug": "os/guard/*", "kasan": "os/guard/*", "paged": "os/heap/buddy.c"}


def is_starter(root: Path = ROOT) -> bool:
    return (root / "lab.mk").is_file()


def starter(lab: Lab, directory: Path) -> None:
    """Write the lab's starter into `directory`, which is made, or is empty."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in allowed_files(lab):
        copy(path, directory)
    if not is_starter():
        lay_over(OVERLAYS / "starter", directory)
        for overlay in lab.overlay:
            lay_over(ROOT / overlay, directory)
        later = write_regions(lab, directory)
        write_names(lab, later, directory)
    let_all_read(directory)


def allowed_files(lab: Lab) -> Iterator[str]:
    own = (*lab.files, *lab.tests, lab.handout, f"ci/labs/{lab.name}/lab.toml")
    found = {path for pattern in (*ALLOWED, *own) for path in ROOT.glob(pattern)
             if path.is_file() and not path.is_symlink() and not any(map(path.match, NOT_ALLOWED))}
    return (str(path.relative_to(ROOT)) for path in sorted(found))


def copy(path: str, directory: Path) -> None:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / path, target)


def lay_over(overlay: Path, directory: Path) -> None:
    if not overlay.is_dir():
        raise BadLab(f"there is no overlay {overlay}")
    shutil.copytree(overlay, directory, dirs_exist_ok=True)


def let_all_read(directory: Path) -> None:
    """Another user compiles it, also where this tree is for its owner alone."""
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def write_names(lab: Lab, later: Sequence[str], directory: Path) -> None:
    """lab.mk, and the lab's names in the README. `later`: files whose regions are of later labs."""
    not_yet = [word for word, pattern in NEEDS.items() if any(Path(path).match(pattern) for path in later)]
    (directory / "lab.mk").write_text(LAB_MK.format(
        name=lab.name, heap=lab.heap, files=" ".join(lab.files), tests=" ".join(lab.tests),
        later=" ".join(not_yet)))
    hidden = sum(item.points for item in lab.items if item.hidden)
    description = directory / "ci" / "labs" / lab.name / "lab.toml"
    description.write_text(f"hidden_points = {hidden:g}\n{description.read_text()}")
    readme = directory / "README.md"
    readme.write_text(string.Template(readme.read_text()).substitute(
        lab=lab.name, number=lab.number, title=lab.title, handout=lab.handout,
        files="\n".join(f"- `{path}`" for path in lab.files)))


# Regions ------------------------------------------------------------------------------------------


def write_regions(lab: Lab, directory: Path) -> list[str]:
    """Render the regions of all files as the lab's students get them; which are of later labs."""
    later = []
    numbers = {name: load(name).number for name in names()}

    def shown(other: str) -> str:
        if other == lab.name:
            return "task"
        return "solved" if numbers[other] < lab.number else "later"

    for path in sorted(directory.rglob("*")):
        if path.suffix in MARKED:
            name = str(path.relative_to(directory))
            parts = parse_file(path, name)
            path.write_text(render(parts, shown))
            if any(isinstance(part, Region) and shown(part.lab) == "later" for part in parts):
                later.append(name)
    return later


def solved(path: str) -> str:
    """A file of the reference tree with all its regions solved."""
    return render(parse_file(ROOT / path, path), lambda _: "solved")


def parse_file(path: Path, name: str) -> Sequence[str | Region]:
    return parse(path.read_text(), name, files_of_labs())


@functools.cache
def files_of_labs() -> Mapping[str, Sequence[str]]:
    return {name: load(name).files for name in names()}


def all_regions() -> list[Region]:
    """Of the whole reference tree; BadMarkers where two have one name, or the markers are wrong."""
    found = [part for path in sorted(ROOT.glob("os/**/*")) if path.suffix in MARKED
             for part in parse_file(path, str(path.relative_to(ROOT))) if isinstance(part, Region)]
    check_names(found)
    return found


def check_regions() -> None:
    """Every lab has some, and each is known by one name; BadMarkers says what is wrong."""
    with_regions = {region.lab for region in all_regions()}
    for name in names():
        if name not in with_regions:
            raise BadMarkers(f"{load(name).directory / 'lab.toml'}: no region of lab {name} is in its files")


# A student's earlier work -------------------------------------------------------------------------


def carry(lab: Lab, earlier: Path, directory: Path) -> list[str]:
    """Bring a student's own files of earlier labs over into a starter; returns which."""
    carried = []
    for name in names():
        other = load(name)
        if other.number >= lab.number:
            continue
        for path in other.files:
            if (earlier / path).exists() or (earlier / path).is_symlink():
                carry_file(earlier, path, directory)
                carried.append(path)
    if not carried:
        raise BadLab(f"{earlier} has no file of an earlier lab: --carry wants the repository of one")
    return carried


def carry_file(earlier: Path, path: str, directory: Path) -> None:
    source = earlier / path
    if source.is_symlink() or not source.is_file() or not source.resolve().is_relative_to(earlier.resolve()):
        raise BadLab(f"{source} is not a regular file in {earlier}: only such are carried over")
    target = directory / path
    if target.exists():  # a lab's own tests are of that lab alone
        shutil.copyfile(source, target)
