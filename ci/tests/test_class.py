"""ci/grade-class: a folder of submissions becomes tables and pages. Grading itself is a made-up one."""

from __future__ import annotations

import csv
import datetime
import html.parser
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import fake_grader
import pytest
from common import ROOT, need
from test_grade_cli import load_program

from grader import class_tables, export, formats, lab, policy, similarity
from grader.results import ItemResult, Report

WORKER = (sys.executable, fake_grader.__file__)
PROGRAM = load_program("grade-class")


@pytest.fixture(autouse=True)
def fake_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "load", fake_grader.load)
    monkeypatch.setattr(similarity, "compare", lambda *_: similarity.Comparison((), 0))


def hand_in(folder: Path, student: str, words: str) -> Path:
    path = folder / student / fake_grader.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words + "\n")
    return folder / student


def class_of(folder: Path, **words: str) -> Path:
    for student, word in words.items():
        hand_in(folder / "in", student, word)
    return folder


def grade_class(folder: Path, *arguments: str, jobs: int = 2) -> int:
    return PROGRAM.main([str(folder / "in"), "--lab", "fake", "--out", str(folder / "out"), "--sandbox", "none",
                         "--jobs", str(jobs), *arguments], WORKER)


def graded(folder: Path) -> list[str]:
    """Who was graded, with which seed, once for each time."""
    log = folder / "graded"
    return sorted(log.read_text().splitlines()) if log.exists() else []


def scores(folder: Path) -> dict[str, dict[str, str]]:
    with open(folder / "out" / "scores.csv", encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


# --- the run --------------------------------------------------------------------------------------


def test_every_submission_gets_its_score_and_page(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="panic", carol="fail")
    assert grade_class(tmp_path, "--seed", "7") == 0
    assert {name: row["final"] for name, row in scores(tmp_path).items()} == {"ada": "20", "bob": "10",
                                                                            "carol": "10"}
    assert {path.name for path in (tmp_path / "out" / "students").iterdir()} == {"ada.html", "bob.html", "carol.html"}
    assert scores(tmp_path)["bob"]["reuse.word"] == "panic"


def test_a_second_run_grades_nothing_and_writes_the_same(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="fail")
    grade_class(tmp_path)
    first = {path: path.read_bytes() for path in (tmp_path / "out").glob("**/*.*") if "tasks" not in path.name}
    assert grade_class(tmp_path) == 0
    assert len(graded(tmp_path)) == 2
    assert {path: path.read_bytes() for path in first} == first


def test_what_has_changed_is_graded_again_and_nothing_else(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="fail")
    grade_class(tmp_path, "--seed", "7")
    hand_in(tmp_path / "in", "bob", "pass")
    grade_class(tmp_path)
    assert graded(tmp_path) == ["ada 7", "bob 7", "bob 7"]
    assert scores(tmp_path)["bob"]["final"] == "20"
    grade_class(tmp_path, "--seed", "8")
    assert graded(tmp_path)[-1] == "bob 8" and len(graded(tmp_path)) == 5


def test_a_file_that_is_not_the_labs_changes_nothing(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass")
    grade_class(tmp_path)
    (tmp_path / "in" / "ada" / "notes.txt").write_text("hello")
    grade_class(tmp_path)
    assert len(graded(tmp_path)) == 1


def test_a_changed_description_of_the_lab_grades_all_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class_of(tmp_path, ada="pass")
    grade_class(tmp_path)
    (tmp_path / "lab.toml").write_text('title = "another"\n')
    changed = PROGRAM.lab.Lab(**vars(fake_grader.LAB) | {"directory": tmp_path})
    monkeypatch.setattr(lab, "load", lambda name: changed)
    grade_class(tmp_path)
    assert len(graded(tmp_path)) == 2


def test_again_grades_what_is_finished(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass")
    grade_class(tmp_path)
    grade_class(tmp_path, "--again")
    assert len(graded(tmp_path)) == 2


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="slow", carol="pass")
    script = tmp_path / "run.py"
    script.write_text(
        f"import sys; sys.path[:0] = [{str(ROOT / 'ci/tests')!r}, {str(ROOT / 'ci')!r}]\n"
        "import test_class as t, fake_grader\nfrom pathlib import Path\n"
        "t.lab.load = fake_grader.load\n"
        "t.similarity.compare = lambda *_: t.similarity.Comparison((), 0)\n"
        f"sys.exit(t.grade_class(Path({str(tmp_path)!r}), '--seed', '7', jobs=1))\n")
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        while "bob 7" not in graded(tmp_path):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        (tmp_path / "go").touch()  # the worker that has lost its master ends now
    subprocess.run(command, check=True, capture_output=True)
    assert [line for line in graded(tmp_path) if line == "ada 7"] == ["ada 7"]
    assert {name: row["final"] for name, row in scores(tmp_path).items()} == dict.fromkeys(("ada", "bob", "carol"),
                                                                                         "20")


def test_an_interrupted_run_leaves_no_worker(tmp_path: Path) -> None:
    class_of(tmp_path, bob="slow")
    engine = PROGRAM.class_engines.Local(PROGRAM.prepared(tmp_path / "out"), 1, WORKER)
    found = PROGRAM.class_tasks.students(tmp_path / "in")
    tasks = PROGRAM.class_tasks.tasks(found, fake_grader.LAB, 7, "none", policy.Policy(), tmp_path / "out")

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    def alarm_once_started() -> None:
        while not graded(tmp_path):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGALRM)

    import threading
    previous = signal.signal(signal.SIGALRM, interrupt)
    threading.Thread(target=alarm_once_started).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            engine.run(tasks, lambda task: None)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert engine._running == set()
    assert not Path(tasks[0].result).exists()


@pytest.mark.parametrize("word", ["raise", "die"])
def test_an_error_of_the_graders_stops_nobody_and_costs_no_points(word: str, tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob=word)
    assert grade_class(tmp_path, "--seed", "7") == 3
    assert graded(tmp_path) == ["ada 7", *["bob 7"] * 3], "tried three times"
    row = scores(tmp_path)["bob"]
    assert (row["state"], row["final"], row["align.word"]) == ("grader error", "", "grader-error")
    assert scores(tmp_path)["ada"]["final"] == "20"
    assert "The grader failed on these" in (tmp_path / "out/index.html").read_text()


def test_what_the_grader_said_is_kept(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="raise")
    grade_class(tmp_path)
    assert (tmp_path / "out/logs/ada.txt").read_text() == "half of it\n"
    assert "OSError: no QEMU" in (tmp_path / "out/results/bob.json").read_text()


def test_an_error_that_passes_is_forgotten(tmp_path: Path) -> None:
    class_of(tmp_path, ada="flaky 2")
    assert grade_class(tmp_path) == 0
    assert scores(tmp_path)["ada"]["final"] == "20"


def test_an_error_of_the_graders_is_tried_anew_by_the_next_run(tmp_path: Path) -> None:
    class_of(tmp_path, ada="flaky 4")
    assert grade_class(tmp_path) == 3
    assert grade_class(tmp_path) == 0


def test_a_broken_result_is_graded_again(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass")
    grade_class(tmp_path)
    (tmp_path / "out/results/ada.json").write_text('{"key": "')
    assert grade_class(tmp_path) == 0
    assert len(graded(tmp_path)) == 2


def test_who_is_there_twice_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class_of(tmp_path, ada="pass")
    (tmp_path / "in" / "ada.tar.gz").write_bytes(b"")
    assert grade_class(tmp_path) == 2
    assert "ada is there twice, as ada and ada.tar.gz" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "words"), [
    (["/nowhere"], "/nowhere is no folder"),
    (["."], ". is empty"),
])  # fmt: skip
def test_a_bad_request_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert PROGRAM.main([*arguments, "--lab", "fake", "--out", "out", "--sandbox", "none"], WORKER) == 2
    errors = capsys.readouterr().err
    assert words in errors and errors.count("\n") == 1


def test_results_of_another_lab_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class_of(tmp_path, ada="pass")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "class.json").write_text('{"lab": "list", "seed": 3}')
    assert grade_class(tmp_path) == 2
    assert "holds the results of lab list" in capsys.readouterr().err


def test_help_teaches() -> None:
    done = subprocess.run([ROOT / "ci/grade-class", "--help"], text=True, capture_output=True, check=True)
    for words in ("late_days = 3", "--engine", "NAME.when", "scores.csv", "Exit status"):
        assert words in done.stdout


# --- the policy -----------------------------------------------------------------------------------

DUE = datetime.datetime(2026, 10, 5, 20, 0, tzinfo=datetime.UTC)
REPORT = Report("fake", "ada", 1, (ItemResult("align", "", 16, 20, "fail"),))
HOUR = datetime.timedelta(hours=1)


def score(rules: str, late: datetime.timedelta = -HOUR, report: Report | None = REPORT) -> policy.Score:
    import tomllib
    return policy.score(policy.policy_of(tomllib.loads(f"due = {DUE.isoformat()}\n{rules}")), "ada", report,
                        DUE + late)


@pytest.mark.parametrize(("hours", "rules", "final"), [
    (-1, "penalty = 10", 16), (0, "penalty = 10", 16), (0.001, "penalty = 10", 14.4), (24, "penalty = 10", 14.4),
    (24.5, "penalty = 10", 12.8), (24 * 30, "penalty = 10", 0), (24.5, "late_days = 1\npenalty = 10", 14.4),
    (24.5, "late_days = 2\npenalty = 10", 16), (24.5, "", 16),
    (24.5, "penalty = 10\n[student.ada]\nextend = 1", 14.4), (24.5, "penalty = 10\n[student.ada]\nextend = 2", 16),
    (24.5, "penalty = 10\nlate_days = 2\n[student.ada]\nlate_days = 0", 12.8),
    (24.5, "penalty = 10\n[student.bob]\nextend = 2", 12.8),
])  # fmt: skip
def test_late_days_cost_what_the_policy_says(hours: float, rules: str, final: float) -> None:
    assert score(rules, hours * HOUR).final == final


def test_the_account_of_a_late_submission_is_given() -> None:
    late = score("late_days = 1\npenalty = 10", 2.5 * 24 * HOUR)
    assert (late.days_late, late.late_days_used, late.taken_off, late.final) == (3, 1, 3.2, 12.8)


def test_points_set_by_hand_are_final() -> None:
    by_hand = score("penalty = 50\n[student.ada]\npoints = 18.5", 48 * HOUR)
    assert (by_hand.state, by_hand.final, by_hand.taken_off) == ("set by hand", 18.5, 0)


def test_who_is_excused_has_no_score() -> None:
    excused = score("[student.ada]\nexcuse = true\nnote = 'ill'", report=None)
    assert (excused.state, excused.final, excused.note) == ("excused", None, "ill")


def test_who_handed_in_nothing_has_no_points() -> None:
    assert (score("", report=None).state, score("", report=None).final) == ("not handed in", 0)


def test_a_regrade_has_its_own_seed_and_leaves_the_others(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="pass")
    grade_class(tmp_path, "--seed", "7")
    rules = tmp_path / "policy.toml"
    rules.write_text("[student.ada]\nregrade = 99\n")
    grade_class(tmp_path, "--policy", str(rules))
    assert graded(tmp_path) == ["ada 7", "ada 99", "bob 7"]
    assert scores(tmp_path)["ada"]["seed"] == "99"


def test_a_changed_policy_makes_new_tables_without_grading(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="pass")
    grade_class(tmp_path)
    rules = tmp_path / "policy.toml"
    rules.write_text("[student.ada]\npoints = 3\n[student.zoe]\nexcuse = true\n")
    assert grade_class(tmp_path, "--policy", str(rules)) == 0
    assert len(graded(tmp_path)) == 2
    assert scores(tmp_path)["ada"]["final"] == "3" and scores(tmp_path)["zoe"]["state"] == "excused"


def test_the_time_of_a_submission_is_the_policys_then_the_when_files_then_the_files(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="pass", carol="pass")
    for name in ("ada", "bob", "carol"):
        os.utime(tmp_path / "in" / name, (0, DUE.timestamp() + 3600))
    for name in ("ada", "bob"):
        (tmp_path / "in" / f"{name}.when").write_text((DUE + 30 * HOUR).isoformat() + "\n")
    rules = tmp_path / "policy.toml"
    rules.write_text(f"due = {DUE.isoformat()}\n[when]\nada = {(DUE + 60 * HOUR).isoformat()}\n")
    grade_class(tmp_path, "--policy", str(rules))
    assert {name: row["days_late"] for name, row in scores(tmp_path).items()} == {"ada": "3", "bob": "2", "carol": "1"}


@pytest.mark.parametrize(("rules", "words"), [
    ("du = 3", "du means nothing; known are due, late_days"),
    ("due = 'monday'", "due must be a date with a time"), ("due = 2026-10-05", "due must be a date with a time"),
    ("late_days = 1.5", "late_days must be a whole number"), ("penalty = -1", "penalty must not be below 0"),
    ("penalty = true", "penalty must be a number"), ("[student.ada]\nexcused = true", "student.ada.excused means nothing"),
    ("[student]\nada = 3", "student.ada must be a table"), ("[when]\nada = 3", "when.ada must be a date"),
    ("due = ", "cannot be read"),
])  # fmt: skip
def test_a_policy_that_makes_no_sense_is_one_line(
    rules: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class_of(tmp_path, ada="pass")
    (tmp_path / "policy.toml").write_text(rules)
    assert grade_class(tmp_path, "--policy", str(tmp_path / "policy.toml")) == 2
    errors = capsys.readouterr().err
    assert words in errors and errors.count("\n") == 1
    assert not (tmp_path / "out").exists(), "nothing was begun"


def test_the_policy_of_the_help_is_one() -> None:
    import tomllib
    example = (policy.__doc__ or "").split("\n\n", 1)[1].rsplit("\n\nA day late", 1)[0]
    rules = policy.policy_of(tomllib.loads(example))
    assert set(policy.TOP) == set(tomllib.loads(example)), "it shows every key"
    assert set(policy.STUDENT) == set(tomllib.loads(example)["student"]["ada"])
    assert rules.of("ada").regrade == 17


# --- tables and pages -----------------------------------------------------------------------------


def test_no_cell_of_the_table_is_a_formula(tmp_path: Path) -> None:
    class_of(tmp_path, **{"=cmd()": "pass"})
    grade_class(tmp_path)
    assert "'=cmd()" in scores(tmp_path)


def test_the_json_table_has_what_the_csv_has(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="fail")
    grade_class(tmp_path, "--seed", "7")
    data = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert (data["lab"], data["seed"]) == ("fake", 7)
    ada, bob = data["students"]
    assert (ada["final"], ada["items"]["cost"]) == (20, {"points": 2.5, "word": "pass", "figure": 47.0})
    assert bob["items"]["reuse"]["word"] == "fail"


class Checker(html.parser.HTMLParser):
    """Sees that elements are closed in order, and collects text and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src")]
        if tag not in ("meta", "link", "br", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line") or tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(path: Path) -> Checker:
    page = Checker()
    page.feed(path.read_text())
    assert page.open == []
    return page


def test_pages_are_whole_and_need_nothing_else(tmp_path: Path) -> None:
    class_of(tmp_path, **{"ada": "pass", "b&b <i>": "panic", "carol's": "die"})
    grade_class(tmp_path)
    pages = [tmp_path / "out" / "index.html", *(tmp_path / "out" / "students").iterdir()]
    assert len(pages) == 4
    for path in pages:
        page = read_page(path)
        assert not page.tags & {"script", "img", "link", "i"}
        for target in page.links:
            from urllib.parse import unquote
            assert (path.parent / unquote(target)).exists(), target


def test_what_a_submission_printed_cannot_change_its_page(tmp_path: Path) -> None:
    class_of(tmp_path, ada="panic")
    grade_class(tmp_path)
    source = (tmp_path / "out" / "students" / "ada.html").read_text()
    assert "overlaps &lt;another&gt;" in source and "\x1b" not in source


@pytest.mark.parametrize("shown", [False, True])
def test_a_students_page_has_hidden_items_when_the_policy_says_so(shown: bool, tmp_path: Path) -> None:
    class_of(tmp_path, ada="panic")
    rules = tmp_path / "policy.toml"
    rules.write_text(f"show_hidden = {str(shown).lower()}\n")
    grade_class(tmp_path, "--policy", str(rules))
    text = read_page(tmp_path / "out" / "students" / "ada.html").text
    assert ("what was given back is used again" in text) is shown
    assert ("--item reuse" in text) is shown
    assert "ci/grade . --lab fake" in text and "a = alloc(64, 8)" in text


def test_the_overview_shows_the_distribution(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="pass", carol="panic")
    grade_class(tmp_path)
    source = (tmp_path / "out" / "index.html").read_text()
    assert "2 from 18 to 20" in source and "1 from 10 to 12" in source and "0 from 0 to 2" in source


def test_an_outcome_names_what_was_lost() -> None:
    items = tuple(fake_grader.result_of(item, "panic", 1) for item in fake_grader.LAB.items)
    assert class_tables.outcome(Report("fake", "ada", 1, items)) == "10 of 20, 2 panic"
    assert formats.number(7.5) == "7.5"


# --- the real grader ------------------------------------------------------------------------------


def test_a_small_class_is_graded_for_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Honest, untouched, not C, and no submission at all, in one command."""
    need("bwrap", "sim_c")
    monkeypatch.undo()
    about = lab.load("bump")
    (file,) = about.files
    solution = (ROOT / file).read_text()
    export.starter(about, tmp_path / "starter")
    for student, text in {"ada": solution, "bob": (tmp_path / "starter" / file).read_text(),
                          "carol": solution + "int broken(\n"}.items():
        path = tmp_path / "in" / student / file
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (tmp_path / "in" / "dave.zip").write_bytes(b"PK\x03\x04 nonsense")
    arguments = [str(tmp_path / "in"), "--lab", "bump", "--out", str(tmp_path / "out"), "--seed", "7"]
    assert PROGRAM.main(arguments) == 0
    table = scores(tmp_path)
    most = float(table["ada"]["max_points"])
    assert float(table["ada"]["final"]) == most == sum(item.points for item in about.items)
    assert [float(table[name]["final"]) for name in ("carol", "dave")] == [0, 0]
    assert float(table["bob"]["final"]) < most / 4
    assert table["carol"]["align.word"] == table["dave"]["align.word"] == "build-error"
    first = (tmp_path / "out" / "scores.csv").read_bytes()
    assert PROGRAM.main([*arguments, "--again"]) == 0
    assert (tmp_path / "out" / "scores.csv").read_bytes() == first, "the same seed, the same scores"
