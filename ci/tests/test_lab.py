"""The labs: their markers, what is exported of them, and what course systems get."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from common import ROOT, make

import unit_tests  # ci/ is on the path by common
from grader import export, regions
from grader.grade import elsewhere
from grader.lab import BadLab, Lab, load, names
from grader.package import SYSTEMS

LABS = {"list": ("os/list.c",), "buddy": ("os/buddy.c", "os/buddy.h")}
REGION = """\
int before;
    /* LAB buddy split
     * Halve it.
     *
     * And again.
     * ---
     * return 0;
     */
    return 1;
    /* LAB END buddy split */
int after;
"""


def lab_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, ROOT / "ci/lab", *arguments], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, check=False)  # fmt: skip


# Markers ------------------------------------------------------------------------------------------


def rendered(text: str, shown: str) -> str:
    return regions.render(regions.parse(text, "os/buddy.c", LABS), lambda _: shown)


def test_a_solved_region_is_its_solution_alone() -> None:
    assert rendered(REGION, "solved") == "int before;\n    return 1;\nint after;\n"


def test_a_task_is_its_text_and_its_stub() -> None:
    task = "    /* TODO buddy split\n     * Halve it.\n     *\n     * And again.\n     */\n    return 0;\n"
    assert rendered(REGION, "task") == f"int before;\n{task}int after;\n"


def test_a_later_labs_task_is_its_stub_alone() -> None:
    assert "Halve" not in rendered(REGION, "later") and "    return 0;\n" in rendered(REGION, "later")


def test_a_stub_may_be_empty() -> None:
    assert rendered(REGION.replace("     * return 0;\n", ""), "task").endswith("     */\nint after;\n")


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ("LAB END buddy split", "LAB END buddy join", "os/buddy.c:10: buddy join ends where buddy split, begun on line 2, is open"),
    ("    /* LAB END buddy split */\n", "", "os/buddy.c:2: buddy split has no end"),
    ("int before;\n", "/* LAB END buddy split */\n", "os/buddy.c:1: a region ends that has not begun"),
    ("return 1;", "/* LAB buddy inner", "os/buddy.c:9: a region begins inside of buddy split, begun on line 2"),
    ("return 1;", "int x; /* LAB END buddy split */", "os/buddy.c:9: a marker is"),
    ("LAB buddy split\n", "LAB budy split\n", "os/buddy.c:10: buddy split ends where budy split"),
    ("buddy split", "budy split", "os/buddy.c:2: there is no lab budy; the labs are list, buddy"),
    ("buddy split", "list split", "os/buddy.c:2: lab.toml of list does not name this file"),
    ("LAB buddy split\n", "LAB buddy\n", "os/buddy.c:2: a marker is"),
    ("LAB buddy split\n", "LAB  buddy split\n", "os/buddy.c:2: a marker is"),
    ("     * ---\n", "", "os/buddy.c:2: one line ` * ---` must part"),
    ("     * return 0;\n", "     * ---\n", "os/buddy.c:2: one line ` * ---` must part"),
    ("     * Halve it.\n     *\n     * And again.\n", "", "os/buddy.c:2: a region without a text"),
    ("return 0;", "return 0; // done", "os/buddy.c:7: a comment in a region's text or stub"),
    ("return 0;", "return /* 0;", "os/buddy.c:7: a comment in a region's text or stub"),
    ("     * And", "    * And", "os/buddy.c:5: a line of a region's text begins with ` * `"),
    ("     */\n    return 1;\n    /* LAB END buddy split */\nint after;\n", "", "os/buddy.c:2: this comment has no end"),
])  # fmt: skip
def test_a_wrong_marker_is_named_with_its_line(old: str, new: str, complaint: str) -> None:
    assert old in REGION
    with pytest.raises(regions.BadMarkers, match=re.escape(complaint)):
        regions.parse(REGION.replace(old, new), "os/buddy.c", LABS)


def test_two_regions_of_one_name_are_named_both() -> None:
    with pytest.raises(regions.BadMarkers, match=r"os/buddy.c:13: buddy split is already .* at os/buddy.c:2"):
        regions.parse(REGION + REGION, "os/buddy.c", LABS)


def test_every_lab_has_regions_and_the_markers_make_sense() -> None:
    export.check_regions()


# Exports ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One export of each lab, by the command."""
    top = tmp_path_factory.mktemp("exports")
    for name in names():
        done = lab_command("export", name, top / name)
        assert done.returncode == 0, done.stdout
    return top


def files_of(tree: Path) -> list[Path]:
    return [path for path in sorted(tree.rglob("*"))
            if path.is_file() and not {".git", "build"} & set(path.relative_to(tree).parts)]  # fmt: skip


def normalised(text: str) -> list[str]:
    """Lines without blanks and comments: what a solution is known by."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    return [re.sub(r"\s+", "", line) for line in text.splitlines()]


@cache
def distinctive_lines() -> dict[str, set[str]]:
    """Of each lab, the lines of its solutions that occur nowhere else in the reference."""
    found = export.all_regions()
    everywhere = Counter(line for path in (ROOT / "os").rglob("*.[ch]") for line in normalised(path.read_text()))
    lines = {name: {line for region in found if region.lab == name for line in normalised("\n".join(region.solution))
                    if len(line) >= 20 and everywhere[line] == 1} for name in names()}  # fmt: skip
    for region in found:  # the stub may have some of it
        lines[region.lab] -= set(normalised("\n".join(region.stub)))
    assert all(len(of_lab) >= 5 for of_lab in lines.values()), lines
    return lines


@pytest.mark.parametrize("name", names())
def test_an_export_has_no_solution_of_its_lab_or_a_later_one(exports: Path, name: str) -> None:
    secret = {line for other in names() if load(other).number >= load(name).number
              for line in distinctive_lines()[other]}  # fmt: skip
    for path in files_of(exports / name):
        found = secret.intersection(normalised(path.read_text()))
        assert not found, f"{path} has of a solution: {found}"


@pytest.mark.parametrize("name", names())
def test_an_export_has_the_solutions_of_earlier_labs(exports: Path, name: str) -> None:
    text = {line for path in files_of(exports / name) if path.suffix in export.MARKED
            for line in normalised(path.read_text())}  # fmt: skip
    for other in names():
        if load(other).number < load(name).number:
            assert distinctive_lines()[other] <= text


@pytest.mark.parametrize("name", names())
def test_an_export_has_no_marker_no_hidden_item_and_no_mutant(exports: Path, name: str) -> None:
    hidden = {item.title for other in names() for item in load(other).items if item.hidden}
    for path in files_of(exports / name):
        place = str(path.relative_to(exports / name))
        assert path.name != "hidden.toml" and "mutants" not in path.parts and path.suffix != ".patch", place
        assert not place.startswith(("ci/tests", "ci/bench", "ci/packages", "ci/labs/overlay")), place
        text = path.read_text()
        assert path.suffix not in export.MARKED or not regions.MARKER.search(text), place
        assert not [word for word in hidden if word in text], place
    assert not [other for other in names() if other != name and (exports / name / "ci/labs" / other).exists()]


@pytest.mark.parametrize("name", names())
def test_an_export_is_a_clean_git_repository_of_regular_files(exports: Path, name: str) -> None:
    status = subprocess.run(["git", "status", "--porcelain"], cwd=exports / name, text=True,
                            stdout=subprocess.PIPE, check=True).stdout  # fmt: skip
    assert status == "" and not [path for path in (exports / name).rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("name", names())
def test_an_export_names_its_tasks(exports: Path, name: str) -> None:
    tasks = {task for path in load(name).files
             for task in re.findall(rf"/\* TODO {name} ([\w-]+)$", (exports / name / path).read_text(), re.MULTILINE)}
    assert tasks == {region.name for region in export.all_regions() if region.lab == name}
    elsewhere = [path for path in files_of(exports / name) if "/* TODO " in path.read_text()]
    assert {str(path.relative_to(exports / name)) for path in elsewhere} <= {*load(name).files, "ci/grader/regions.py"}


@pytest.mark.parametrize("name", names())
def test_an_export_builds_boots_and_stops_with_words_that_help(exports: Path, name: str) -> None:
    done = make("run", directory=exports / name)
    assert done.returncode != 0 and "Bosk, the Buddy OS Kernel" in done.stdout, done.stdout
    assert "warning:" not in done.stdout
    assert re.search(r"returned NULL, though the heap has room: is it still to be written\?|"
                     r"panic: \w+: not written yet", done.stdout), done.stdout


def test_the_unit_tests_of_an_untouched_export_fail_and_name_the_tasks(exports: Path) -> None:
    done = make("test", directory=exports / "bump")
    assert done.returncode != 0
    assert "FAILED bump_gives_out_one_block_behind_the_other, on this machine and in the kernel" in done.stdout
    assert "os/test/pure/test_bump.c:" in done.stdout
    assert "os/heap/bump.c: still marked as TODO: alloc, check, dealloc, realloc\n" in done.stdout
    assert re.search(r"^0 passed, [1-9]\d* failed$", done.stdout, re.MULTILINE), done.stdout


def test_a_panic_in_a_unit_test_hides_no_other(exports: Path) -> None:
    done = make("test", directory=exports / "collections")
    tests = sum(len(re.findall(r"^TEST\(", (exports / "collections" / path).read_text(), re.MULTILINE))
                for path in load("collections").tests)  # fmt: skip
    assert "FAILED a_box_holds_its_value, in the kernel\n" in done.stdout, done.stdout
    assert "the kernel panicked (box_alloc: not written yet)" in done.stdout
    passed, failed = map(int, re.findall(r"\d+", done.stdout.splitlines()[-2]))
    assert passed > 0 and passed + failed == 2 * tests, done.stdout.splitlines()[-2]


def test_a_unit_test_that_does_not_end_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "test_endless"
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    program.chmod(0o755)
    monkeypatch.setattr(unit_tests, "SECONDS", 0.1)
    verdict = unit_tests.run_on_host(program, "endless")
    assert not verdict.passed and "an endless loop?" in verdict.output


def test_a_solved_export_passes_boots_draws_and_grades(exports: Path, tmp_path: Path) -> None:
    tree = tmp_path / "bump"
    shutil.copytree(exports / "bump", tree)
    (tree / "os/heap/bump.c").write_text(export.solved("os/heap/bump.c"))
    done = make("test", directory=tree)
    assert done.returncode == 0 and re.fullmatch(r"[1-9]\d* passed, 0 failed", done.stdout.splitlines()[-1]), done.stdout
    done = make("run", directory=tree)
    assert done.returncode == 0 and "heap_test passed!" in done.stdout, done.stdout
    done = make("heapviz", "HOST=1", directory=tree)
    assert done.returncode == 0 and (tree / "build/heapviz.html").is_file(), done.stdout
    done = make("grade", "ITEM=alloc", "SEED=1", directory=tree)
    assert done.returncode == 0 and "10 of 10   pass" in done.stdout, done.stdout


@pytest.mark.parametrize("wanted", ["HEAP_DEBUG=1", "SANITIZE=kasan,ubsan", "HEAP_BACKING=paged"])
def test_an_export_says_what_needs_a_later_lab(exports: Path, wanted: str) -> None:
    done = make("run", wanted, directory=exports / "list")
    assert done.returncode != 0 and "this needs what is written in a later lab" in done.stdout


@pytest.mark.parametrize("target", ["bench", "coverage", "corpus", "docs", "fuzz", "lint", "stack"])
def test_an_export_says_what_it_has_not(exports: Path, target: str) -> None:
    done = make(target, directory=exports / "list")
    assert done.returncode != 0 and f"{target}: not in the repository of a lab" in done.stdout


def test_the_last_lab_needs_nothing_later(exports: Path) -> None:
    assert "LATER     := \n" in (exports / "collections/lab.mk").read_text()


def test_an_untouched_export_grades_itself(exports: Path) -> None:
    done = make("grade", "ITEM=alloc", "SEED=7", directory=exports / "bump")
    assert done.returncode != 0 and "seed 7" in done.stdout, done.stdout
    assert re.search(r"^ +0 of 10 +fail +alloc ", done.stdout, re.MULTILINE), done.stdout


def test_an_export_knows_what_the_hidden_items_are_worth(exports: Path) -> None:
    here = load("bump", exports / "bump/ci/labs")
    hidden = [item.points for item in load("bump").items if item.hidden]
    assert hidden and here.hidden_points == sum(hidden) and not any(item.hidden for item in here.items)
    assert elsewhere(here) == (f"{sum(hidden)} points more are for hidden items, which your course's grader has",)
    assert elsewhere(load("bump")) == ()


def test_the_reference_tree_must_be_told_which_lab_to_grade() -> None:
    done = make("grade")
    assert done.returncode != 0 and "which lab? make grade LAB=buddy" in done.stdout


def test_the_starter_of_a_starter_is_itself(exports: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, 'ci')\n"
         "from pathlib import Path; from grader import export, lab\n"
         f"export.starter(lab.load('buddy'), Path({str(tmp_path / 'copy')!r}))"],
        cwd=exports / "buddy", text=True, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    def contents(tree: Path) -> dict[str, bytes]:
        return {str(path.relative_to(tree)): path.read_bytes() for path in files_of(tree)
                if "__pycache__" not in path.parts}  # fmt: skip

    assert contents(tmp_path / "copy") == contents(exports / "buddy")


def test_an_export_does_not_write_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("work")
    done = lab_command("export", "bump", tmp_path)
    assert done.returncode == 2 and "is there already" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_lab_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = lab_command("export", "bumb", tmp_path / "out")
    assert done.returncode == 2 and "there is no lab bumb: the labs are bump, list" in done.stdout


# A student's earlier work -------------------------------------------------------------------------


def test_carried_work_is_the_students_own(exports: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "os/heap").mkdir(parents=True)
    (mine / "os/heap/bump.c").write_text("/* my bump */\n")
    (mine / "os/heap/list.c").write_text("/* my list, of a later lab */\n")
    done = lab_command("export", "list", tmp_path / "out", "--carry", mine)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "out/os/heap/bump.c").read_text() == "/* my bump */\n"
    assert "TODO list" in (tmp_path / "out/os/heap/list.c").read_text()


def carried(lab: Lab, earlier: Path, out: Path) -> None:
    (out / "os/heap").mkdir(parents=True)
    (out / "os/heap/bump.c").write_text("")
    export.carry(lab, earlier, out)


def test_links_and_folders_are_not_carried_over(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.c").write_text("secret")
    for kind, plant in {
        "link": lambda path: path.symlink_to(tmp_path / "elsewhere.c"),
        "inner": lambda path: (path.with_name("mine.c").write_text(""), path.symlink_to("mine.c")),
        "dangling": lambda path: path.symlink_to(tmp_path / "nowhere"),
        "folder": lambda path: path.mkdir(),
    }.items():
        heap = tmp_path / kind / "os/heap"
        heap.mkdir(parents=True)
        plant(heap / "bump.c")
        with pytest.raises(BadLab, match="is not a regular file in"):
            carried(load("list"), tmp_path / kind, tmp_path / f"out-{kind}")


def test_a_linked_folder_is_not_carried_over(tmp_path: Path) -> None:
    (tmp_path / "other/heap").mkdir(parents=True)
    (tmp_path / "other/heap/bump.c").write_text("secret")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/os").symlink_to(tmp_path / "other")
    with pytest.raises(BadLab, match="is not a regular file in"):
        carried(load("list"), tmp_path / "mine", tmp_path / "out")


def test_a_folder_with_nothing_to_carry_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadLab, match="has no file of an earlier lab"):
        carried(load("list"), tmp_path, tmp_path / "out")


# Packages -----------------------------------------------------------------------------------------


def test_a_gradescope_package_has_its_scripts_on_top_and_the_grader(tmp_path: Path) -> None:
    tells = SYSTEMS["gradescope"](load("collections"), tmp_path)
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        found = set(archive.namelist())
        assert {"setup.sh", "run_autograder", "bosk/ci/grade", "bosk/ci/labs/collections/hidden.toml",
                "bosk/os/collections/vec.c", "bosk/Makefile"} <= found  # fmt: skip
        assert not [name for name in found if name.endswith("hidden.toml") and "collections" not in name]
        assert archive.getinfo("run_autograder").external_attr >> 16 & 0o111
        script = archive.read("run_autograder").decode()
    assert script.startswith("#!") and "--lab collections" in script and "/autograder/results/results.json" in script
    assert "| own-tests |" in tells.read_text() and "@" not in tells.read_text()


def test_the_grader_of_a_package_grades(tmp_path: Path) -> None:
    SYSTEMS["gradescope"](load("bump"), tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out/autograder.zip") as archive:
        for member in archive.infolist():
            Path(archive.extract(member, tmp_path / "source")).chmod(member.external_attr >> 16)
    subprocess.run(["chmod", "-R", "go=", tmp_path / "source"], check=True)  # as run_autograder does
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission/bump.c").write_text("at the wrong place")
    (tmp_path / "submission/os/heap").mkdir(parents=True)
    (tmp_path / "submission/os/heap/bump.c").write_text(export.solved("os/heap/bump.c"))
    done = subprocess.run(
        [sys.executable, "ci/grade", tmp_path / "submission", "--lab", "bump", "--sandbox", "none", "--seed", "1",
         "--item", "alloc", "--item", "mixed", "--format", "gradescope", "--output", tmp_path / "results.json"],
        cwd=tmp_path / "source/bosk", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    tests = json.loads((tmp_path / "results.json").read_text())["tests"]
    assert [(test["score"] == test["max_score"], test["visibility"]) for test in tests] == [
        (True, "visible"), (True, "after_published")]  # fmt: skip


def test_a_classroom_package_is_the_starter_with_its_visible_items(tmp_path: Path) -> None:
    SYSTEMS["classroom"](load("collections"), tmp_path)
    tests = json.loads((tmp_path / ".github/classroom/autograding.json").read_text())["tests"]
    visible = {item.name: item.points for item in load("collections").items if not item.hidden}
    assert {test["name"].split(":")[0]: test["points"] for test in tests} == visible
    assert {"name", "setup", "run", "input", "output", "comparison", "timeout", "points"} == set(tests[0])
    workflow = (tmp_path / ".github/workflows/classroom.yml").read_text()
    assert "--lab collections" in workflow and "@LAB@" not in workflow
    assert not list(tmp_path.rglob("hidden.toml")) and (tmp_path / "lab.mk").is_file()


def test_an_autolab_package_has_its_makefile_and_the_grader(tmp_path: Path) -> None:
    tells = SYSTEMS["autolab"](load("collections"), tmp_path)
    with tarfile.open(tmp_path / "autograde.tar") as archive:
        assert {"bosk/ci/grade", "bosk/ci/labs/collections/hidden.toml"} <= set(archive.getnames())
    assert "--lab collections" in (tmp_path / "autograde-Makefile").read_text()
    for item in load("collections").items:
        assert f"| {item.name} |" in tells.read_text()


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_package_does_not_write_over_what_is_there(system: str, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("work")
    done = lab_command("package", "buddy", "--for", system, tmp_path)
    assert done.returncode == 2 and "is there already" in done.stdout
