#!/usr/bin/env python3
"""Grade a made-up class in one command, and see that it takes no hand's touch.

  ci/bench/class.py                          100 submissions of the bump lab, 10 of them hostile
  ci/bench/class.py --count 20 --lab buddy

The class has reference solutions; the lab's mutants; and hostile ones: they hang, bomb the compiler,
the extractor or the disk, or try to get at files outside; for the bump lab those of ci/tests/attacks/,
too. Printed are the seconds that it took, in all and for each submission, and what is wrong with the
scores, if anything: an honest submission that lost points, a broken or a hostile one that lost none,
an error of the grader's.

The class and its results are left in build/bench/class/. Exit status: 0 where nothing was wrong, else 1.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "ci"))

from grader import lab  # noqa: E402

FOLDER = REPOSITORY / "build" / "bench" / "class"
Files = dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab", default="bump", help=f"one of: {', '.join(lab.names())}; bump unless given")
    parser.add_argument("--count", type=int, default=100, help="of submissions")
    parser.add_argument("--jobs", help="submissions at once")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    about = lab.load(options.lab)
    shutil.rmtree(FOLDER, ignore_errors=True)
    make_class(about, FOLDER / "in", options.count)
    start = time.monotonic()
    done = subprocess.run([REPOSITORY / "ci/grade-class", FOLDER / "in", "--lab", about.name, "--out", FOLDER / "out",
                           "--seed", str(options.seed), *(["--jobs", options.jobs] if options.jobs else [])], check=False)
    seconds = time.monotonic() - start
    wrong = problems(json.loads((FOLDER / "out" / "scores.json").read_text()))
    for line in wrong:
        print(f"wrong: {line}")
    print(f"{options.count} submissions in {seconds:.1f} s, {seconds / options.count:.2f} s each, {len(wrong)} wrong")
    return 1 if wrong or done.returncode else 0


def make_class(about: lab.Lab, folder: Path, count: int) -> None:
    """A tenth is hostile, a third of the rest broken, where the lab has mutants."""
    reference = {name: (REPOSITORY / name).read_text() for name in about.files}
    broken = [mutated(reference, patch) for patch in about.mutants]
    attacks = HOSTILE | (attacks_at_run_time() if about.name == "bump" else {})
    slots = max(1, count // 10)
    for index in range(count):
        if index % 10 == 9:
            name = list(attacks)[index // 10 * len(attacks) // slots % len(attacks)]
            attacks[name](folder / f"hostile-{index:03}-{name}", reference)
        elif index % 3 == 2 and broken:
            write(folder / f"broken-{index:03}", broken[index // 3 % len(broken)])
        else:
            write(folder / f"honest-{index:03}", reference)


def mutated(files: Files, patch: Path) -> Files:
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), files)
        subprocess.run(["git", "apply", *(f"--include={file}" for file in files), str(patch)], cwd=name, check=True)
        return {file: Path(name, file).read_text() for file in files}


def write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


# --- hostile submissions --------------------------------------------------------------------------


def with_text(head: str) -> Callable[[Path, Files], None]:
    return lambda folder, files: write(folder, {name: f"{head}\n{text}" for name, text in files.items()})


def never_returns(folder: Path, files: Files) -> None:
    spin = "{\n    for (volatile int spins = 1; spins;) {\n    }\n"
    write(folder, {name: re.sub(r"^\{\n", spin, text, flags=re.MULTILINE) for name, text in files.items()})


def is_a_link(folder: Path, files: Files) -> None:
    path = folder / next(iter(files))
    path.parent.mkdir(parents=True)
    path.symlink_to("/etc/passwd")


def is_a_bomb(folder: Path, files: Files) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(f"{folder}.tar.gz", "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("zeros")
        member.size = 200 << 20
        archive.addfile(member, io.BytesIO(bytes(member.size)))


def leads_out(folder: Path, files: Files) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(f"{folder}.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"../../{name}", text)


HOSTILE: dict[str, Callable[[Path, Files], None]] = {
    "hangs": never_returns,
    "hangs-at-start": with_text("__attribute__((constructor)) static void hang(void) { for (;;) {} }"),
    "reads-zeros": with_text('#include "/dev/zero"'),
    "takes-a-file": with_text('__asm__(".incbin \\"/etc/shadow\\"");'),
    "includes-itself": with_text("#include __FILE__\n#include __FILE__"),
    "fills-the-disk": with_text("char huge[400 << 20] = {1};"),
    "is-a-link": is_a_link,
    "is-a-bomb": is_a_bomb,
    "leads-out": leads_out,
    "grows-in-the-compiler": with_text("#define A(x) x x x x x x x x\nconst char much[] = "
                                       "A(A(A(A(A(A(A(A(A(\"0123456789abcdef\")))))))));"),
}


def attacks_at_run_time() -> dict[str, Callable[[Path, Files], None]]:
    """The allocators of ci/tests/attacks/, which are written as the bump lab's."""
    folder = REPOSITORY / "ci/tests/attacks"
    stub = (folder / "stub.c").read_text()
    found: dict[str, Callable[[Path, Files], None]] = {}
    for path in sorted(folder.glob("*.c")):
        text = path.read_text()
        if path.name != "stub.c" and "@" not in text:
            found[path.stem.replace("_", "-")] = \
                lambda target, files, text=text: write(target, {name: stub + text for name in files})
    return found


def problems(table: dict[str, list[dict[str, object]]]) -> list[str]:
    wrong = []
    for student in table["students"]:
        name, is_full = str(student["student"]), student["points"] == student["max_points"]
        if student["state"] != "graded":
            wrong.append(f"{name}: {student['state']}")
        elif is_full != name.startswith("honest"):
            wrong.append(f"{name}: {student['points']} of {student['max_points']}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
