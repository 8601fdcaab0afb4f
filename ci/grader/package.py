"""What course systems want of a lab: the files of ci/packages/SYSTEM, with the lab's name in them, and
the tree of the grader or the starter.

    gradescope  autograder.zip: setup.sh and run_autograder, and the grader's tree in bosk/
                (gradescope-autograders.readthedocs.io/en/latest/specs/)
    classroom   the starter with a workflow and .github/classroom/autograding.json
    autolab     autograde.tar and autograde-Makefile (docs.autolabproject.com/lab/)

The grader's tree has the reference and the hidden items in it: it is for the system alone.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from grader.export import OVERLAYS, allowed_files, starter
from grader.lab import ROOT, Lab, names

TEMPLATES = ROOT / "ci/packages"
TREE = "bosk"  # the grader's tree in an archive
MINUTES = 10  # what Classroom gives a test


def grader_tree(lab: Lab, directory: Path) -> None:
    """What is needed to grade the lab, and no other: the reference's files, with their markers."""
    descriptions = [f"ci/labs/{name}/lab.toml" for name in names()]
    stages = [str(path.relative_to(ROOT)) for path in ROOT.glob("ci/grader/*.py")]
    for path in {*allowed_files(lab), *descriptions, *stages}:
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, directory / path)
    for folder in (OVERLAYS, lab.directory):
        shutil.copytree(folder, directory / folder.relative_to(ROOT), dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("__pycache__"))


def write_templates(lab: Lab, system: str, directory: Path) -> None:
    rows = [f"| {item.name} | {item.title} | {item.points:g} |{' hidden' if item.hidden else ''} |"
            for item in lab.items if system != "classroom" or not item.hidden]  # fmt: skip
    texts = {"@LAB@": lab.name, "@POINTS@": f"{sum(item.points for item in lab.items):g}",
             "@ITEMS@": "\n".join(["| problem | what is looked for | points | |", "|---|---|--:|---|", *rows])}
    for path in sorted((TEMPLATES / system).rglob("*")):
        if path.is_file():
            text = path.read_text()
            for mark, value in texts.items():
                text = text.replace(mark, value)
            target = directory / path.relative_to(TEMPLATES / system)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)


def gradescope(lab: Lab, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    write_templates(lab, "gradescope", out)
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(out / "autograder.zip", "w",
                                                                zipfile.ZIP_DEFLATED) as archive:
        grader_tree(lab, Path(name))
        for script in ("setup.sh", "run_autograder"):
            (out / script).chmod(0o755)
            archive.write(out / script, script)
            (out / script).unlink()
        for path in files_in(Path(name)):
            archive.write(path, f"{TREE}/{path.relative_to(name)}")
    return out / "README.md"


def classroom(lab: Lab, out: Path) -> Path:
    starter(lab, out)
    write_templates(lab, "classroom", out)
    tests = {"tests": [{
        "name": f"{item.name}: {item.title}", "setup": "make setup",
        "run": f"make grade ITEM={item.name} SEED=1", "input": "", "output": "", "comparison": "included",
        "timeout": MINUTES, "points": item.points,
    } for item in lab.items if not item.hidden]}  # fmt: skip
    path = out / ".github/classroom/autograding.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tests, indent=2) + "\n")
    return out / "CLASSROOM.md"


def autolab(lab: Lab, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    write_templates(lab, "autolab", out)
    with tempfile.TemporaryDirectory() as name, tarfile.open(out / "autograde.tar", "w") as archive:
        grader_tree(lab, Path(name))
        for path in files_in(Path(name)):
            entry = tarfile.TarInfo(f"{TREE}/{path.relative_to(name)}")
            data = path.read_bytes()
            entry.size, entry.mode = len(data), path.stat().st_mode & 0o755
            archive.addfile(entry, io.BytesIO(data))
    return out / "README.md"


def files_in(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


# Each writes into a new folder, and returns the file that tells an instructor what to do with it.
SYSTEMS: dict[str, Callable[[Lab, Path], Path]] = {
    "gradescope": gradescope, "classroom": classroom, "autolab": autolab,
}
