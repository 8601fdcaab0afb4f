"""The collections: what must not compile.

Each file in collections_misuse/ is a program with marked lines, and each marked line a case:

    *box = "text"; /* error: a string is stored in a box of int */

Without its marked lines the program compiles. With one of them, and no other, it does not, and there
is an error on that line: so a case cannot pass for another reason.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from common import ROOT, kernel, need

MARK = re.compile(r"/\* error: (.*?) \*/")
COMPILERS = ("gcc", "clang", "host")


def programs() -> list[Path]:
    return sorted(ROOT.glob("ci/tests/collections_misuse/*.c"))


def cases() -> list[object]:
    """Every marked line: the program, the line's number from 0, and what is wrong with it."""
    return [
        pytest.param(program, number, id=f"{program.stem}-{mark[1]}")
        for program in programs()
        for number, line in enumerate(program.read_text().splitlines())
        if (mark := MARK.search(line))
    ]


def command(compiler: str) -> list[str]:
    """The kernel's compiler and flags, or the host's compiler with the kernel's warnings."""
    kernel("demo", "clang" if compiler == "clang" else "gcc")
    flags = shlex.split((ROOT / f"build/{'clang' if compiler == 'clang' else 'gcc'}-demo/flags").read_text())
    if compiler == "host":
        need("cc")
        kept = [flag for flag in flags if flag.startswith(("-std", "-W", "-D")) and not flag.startswith("-Wl,")]
        return ["cc", *kept, "-Ici/host/include", "-Ios"]
    return [flag for flag in flags if not flag.startswith("-fcallgraph-info")]  # which writes a file


def errors(compiler: str, program: Path, kept: int | None) -> list[str]:
    """Compile the program without its marked lines but one, on standard input; what is said of it."""
    lines = [
        "" if MARK.search(line) and number != kept else line
        for number, line in enumerate(program.read_text().splitlines())
    ]
    # An error within a macro is to be told where the macro is used.
    plainly = ["-Qunused-arguments"] if compiler == "clang" else ["-ftrack-macro-expansion=0"]
    run = subprocess.run(
        [*command(compiler), *plainly, "-fsyntax-only", "-x", "c", "-"], cwd=ROOT, input="\n".join(lines) + "\n",
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    found = [line for line in run.stdout.splitlines() if re.search(r": (fatal )?error: ", line)]
    assert (run.returncode != 0) == bool(found), run.stdout
    return found


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("program", programs(), ids=lambda program: program.stem)
def test_a_program_without_its_errors_compiles(program: Path, compiler: str) -> None:
    assert MARK.search(program.read_text()), "no line of this program is marked"
    assert errors(compiler, program, None) == []


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(("program", "number"), cases())
def test_a_misuse_does_not_compile(program: Path, number: int, compiler: str) -> None:
    found = errors(compiler, program, number)
    assert any(error.startswith(f"<stdin>:{number + 1}:") for error in found), found


def test_a_guarded_value_is_reached_through_its_guard_alone() -> None:
    """C has no private members; so nobody else names those of a RefCell, a Mutex and a Weak."""
    private = re.compile(r"\b(guarded_|rc_|arc_)\b(?!\()")
    allowed = ("ref_cell.h", "mutex.h", "rc.h", "arc.h", "test_rc.c", "test_arc.c")
    sources = [path for top in ("os", "ci", "user") for path in ROOT.glob(f"{top}/**/*.[ch]")]
    assert [path for path in sources if path.name not in allowed and private.search(path.read_text())] == []


def run_program(source: Path, built: Path, sanitizer: str) -> subprocess.CompletedProcess[str]:
    """Build a program of the host with the collections on malloc, and run it."""
    parts = [source, ROOT / "ci/tests/collections_programs/malloc.c"]
    flags = [flag for flag in command("host") if not flag.startswith("-DKERNEL_")]
    build = subprocess.run(
        [*flags, "-O1", "-g", f"-fsanitize={sanitizer}", "-pthread", "-o", built, *parts,
         *sorted(ROOT.glob("os/collections/*.c"))],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    assert build.returncode == 0, build.stdout
    return subprocess.run([built], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)


PROGRAMS = {
    "user": ("address,undefined", "3 3 3 3\n"),
    "threads": ("thread", "40 values were dropped\n"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_uses_the_collections_on_its_malloc(name: str, tmp_path: Path) -> None:
    sanitizer, output = PROGRAMS[name]
    run = run_program(ROOT / f"ci/tests/collections_programs/{name}.c", tmp_path / name, sanitizer)
    assert (run.returncode, run.stdout) == (0, output)
