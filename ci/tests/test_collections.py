"""The collections: what must not compile.

Each file in collections_misuse/ is a program with marked lines, and each marked line a case:

    *box = "text"; /* error: a string is stored in a box of int */

Without its marked lines the program compiles. With one of them, and no other, it does not, and there
is an error on that line: so a case cannot pass for another reason. The other compilers get all marked
lines at once, which is quicker, and must find an error on each.
"""

from __future__ import annotations

import atexit
import functools
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path

import pytest
from common import ROOT, kernel, need

MARK = re.compile(r"/\* error: (.*?) \*/")
COMPILERS = ("gcc", "clang", "host")


def programs() -> list[Path]:
    return sorted(ROOT.glob("ci/tests/collections_misuse/*.c"))


def marked(program: Path) -> dict[int, str]:
    """The marked lines: a line's number from 1, and what is wrong with it."""
    lines = enumerate(program.read_text().splitlines(), 1)
    return {number: mark[1] for number, line in lines if (mark := MARK.search(line))}


def cases() -> list[object]:
    return [
        pytest.param(program, number, id=f"{program.stem}-{wrong}")
        for program in programs()
        for number, wrong in marked(program).items()
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


def errors(compiler: str, program: Path, kept: Collection[int]) -> set[int]:
    """Compile the program without its marked lines but those kept, on standard input: the lines with errors."""
    lines = [
        "" if MARK.search(line) and number not in kept else line
        for number, line in enumerate(program.read_text().splitlines(), 1)
    ]
    # An error within a macro is to be told where the macro is used.
    plainly = ["-Qunused-arguments", "-ferror-limit=0"] if compiler == "clang" else ["-ftrack-macro-expansion=0"]
    run = subprocess.run(
        [*command(compiler), *plainly, "-fsyntax-only", "-x", "c", "-"], cwd=ROOT, input="\n".join(lines) + "\n",
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    found = {int(line) for line in re.findall(r"^<stdin>:(\d+):\d+: (?:fatal )?error: ", run.stdout, re.MULTILINE)}
    assert (run.returncode != 0) == bool(found), run.stdout
    return found


@pytest.mark.parametrize("compiler", ["gcc", "clang", "host"])
@pytest.mark.parametrize("program", programs(), ids=lambda program: program.stem)
def test_a_program_without_its_errors_compiles(program: Path, compiler: str) -> None:
    assert marked(program), "no line of this program is marked"
    assert errors(compiler, program, ()) == set()


@pytest.mark.parametrize(("program", "number"), cases())
def test_a_misuse_does_not_compile(program: Path, number: int) -> None:
    assert number in errors("gcc", program, (number,))


@pytest.mark.parametrize("compiler", ["clang", "host"])
@pytest.mark.parametrize("program", programs(), ids=lambda program: program.stem)
def test_other_compilers_refuse_each_misuse(program: Path, compiler: str) -> None:
    wrong = marked(program)
    found = errors(compiler, program, wrong)
    assert {text for number, text in wrong.items() if number not in found} == set()


def test_a_guarded_value_is_reached_through_its_guard_alone() -> None:
    """C has no private members; so nobody else names those of a RefCell, a Mutex and a Weak."""
    private = re.compile(r"\b(guarded_|rc_|arc_)\b(?!\()")
    allowed = ("ref_cell.h", "mutex.h", "rc.h", "arc.h", "test_rc.c", "test_arc.c")
    sources = [path for top in ("os", "ci", "user") for path in ROOT.glob(f"{top}/**/*.[ch]")]
    assert [path for path in sources if path.name not in allowed and private.search(path.read_text())] == []


def build(sanitizer: str, *arguments: object) -> None:
    """Compile for a program of the host that has the collections on its malloc.

    With -O0: from -O1 on GCC 12 does not check a load after a free where it checked the same address before it.
    """
    flags = [flag for flag in command("host") if not flag.startswith("-DKERNEL_")]
    run = subprocess.run(
        [*flags, "-O0", "-g", f"-fsanitize={sanitizer}", "-pthread", *map(str, arguments)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout


@functools.cache
def collections(sanitizer: str) -> list[Path]:
    """The collections and what they stand on, compiled once."""
    folder = Path(tempfile.mkdtemp(prefix="bosk-collections-"))
    atexit.register(shutil.rmtree, folder)
    sources = [*ROOT.glob("os/collections/*.c"), ROOT / "os/lib/printf.c", ROOT / "ci/tests/collections_programs/malloc.c"]
    for source in sources:
        build(sanitizer, "-c", "-o", folder / f"{source.stem}.o", source)
    return [folder / f"{source.stem}.o" for source in sources]


def run_program(source: Path, built: Path, sanitizer: str) -> subprocess.CompletedProcess[str]:
    build(sanitizer, "-o", built, source, *collections(sanitizer))
    return subprocess.run([built], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)


PROGRAMS = {
    "user": ("address,undefined", "3 3 3 3 3 2 201 100\n"),
    "threads": ("thread", "30 values were dropped\n"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_uses_the_collections_on_its_malloc(name: str, tmp_path: Path) -> None:
    sanitizer, output = PROGRAMS[name]
    run = run_program(ROOT / f"ci/tests/collections_programs/{name}.c", tmp_path / name, sanitizer)
    assert (run.returncode, run.stdout) == (0, output)


def test_the_program_on_malloc_uses_every_collection() -> None:
    rule = subprocess.run([*command("host"), "-MM", "ci/tests/collections_programs/user.c"],
                          cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout  # fmt: skip
    used = set(re.findall(r"os/collections/(\w+)\.h", rule))
    within = {"heap_order"}  # for the containers' own files alone
    assert used == {header.stem for header in ROOT.glob("os/collections/*.h")} - within


# Around an example of the chapter, on the same line, so that errors tell the line in the example.
BEFORE = """
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
""" + "".join(f'#include "{path.relative_to(ROOT / "os")}"\n' for path in sorted(ROOT.glob("os/collections/*.h"))) + """
#include "lib/errno.h"
#define hide(pointer) ({ __typeof__(pointer) pointer_ = (pointer); __asm__ volatile("" : "+r"(pointer_)); pointer_; })
"""  # fmt: skip
AFTER = "\nint main(void)\n{\n    example();\n    return 0;\n}\n"


def examples() -> list[object]:
    """The chapter's examples: the program, how it must end, and the text that it then says."""
    found = []
    chapter = (ROOT / "docs/collections.md").read_text()
    for block in re.finditer(r"^```c ?(\w*)(?:: ([^\n]*))?\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL):
        end, text, code = block[1], block[2] or "", block[3]
        if "example(void)" not in code:
            code = f"static void example(void)\n{{\n{code}}}\n"
        line = chapter.count("\n", 0, block.start()) + 1
        found.append(pytest.param(BEFORE + code + AFTER, end, text, id=f"line {line}"))
    return found


# How an example ends: the sanitizer, the exit status (None: any but 0) and the text that is said with it.
ENDS = {
    "": ("address,undefined", 0, ""),
    "panics": ("address,undefined", 3, ""),
    "address": ("address,undefined", None, "ERROR: AddressSanitizer: "),
    "leak": ("address,undefined", None, "ERROR: LeakSanitizer: detected memory leaks"),
    "thread": ("thread", None, "WARNING: ThreadSanitizer: "),
}


@pytest.mark.parametrize(("program", "end", "text"), examples())
def test_an_example_ends_as_the_chapter_says(program: str, end: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "example.c").write_text(program)
    sanitizer, status, kind = ENDS[end]
    run = run_program(tmp_path / "example.c", tmp_path / "example", sanitizer)
    assert run.returncode == status or (status is None and run.returncode != 0), run.stdout
    assert kind + text in run.stdout


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_a_scope_is_not_larger_than_freeing_by_hand(compiler: str, tmp_path: Path) -> None:
    """As the chapter says of its first example."""
    program = examples()[0].values[0].replace(BEFORE, '#include "collections/box.h"\n#include "lib/errno.h"\n')
    source = program.split("static void example")[0].replace("static int", "__attribute__((used)) static int")
    (tmp_path / "scopes.c").write_text(source)
    quiet = ["-Qunused-arguments"] if compiler == "clang" else []
    subprocess.run([*command(compiler), *quiet, "-c", "-o", tmp_path / "scopes.o", tmp_path / "scopes.c"],
                   cwd=ROOT, check=True)  # fmt: skip
    symbols = subprocess.run(["nm", "-S", tmp_path / "scopes.o"], text=True, stdout=subprocess.PIPE, check=True).stdout
    sizes = {name: int(size, 16) for size, name in re.findall(r"^\w+ (\w+) \w (sum_\w+)$", symbols, re.MULTILINE)}
    assert 0 < sizes["sum_in_scope"] <= sizes["sum_by_hand"]


def rows(chapter: str, first: str) -> list[dict[str, str]]:
    """The table whose first column has this heading: each row's cells by the headings of their columns."""
    lines = (ROOT / "docs" / chapter).read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    end = next(number for number, line in enumerate(lines) if number > start and not line.startswith("|"))
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]
    return [dict(zip(table[0], row)) for row in table[2:]]


def test_the_chapter_and_the_corpus_agree_on_who_catches_what() -> None:
    corpus = {row["error"].split("`")[1]: row for row in rows("bug-corpus.md", "error") if "`" in row["error"]}
    for row in rows("collections.md", "mistake"):
        verdicts = corpus[row.pop("in the corpus").strip("`")]
        mistake = row.pop("mistake")
        assert {mistake: row} == {mistake: {column: verdicts[column] for column in row}}
