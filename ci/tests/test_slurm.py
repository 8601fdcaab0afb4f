"""ci/grade-class --engine slurm, on a real Slurm: one node on this machine, brought up for the tests.

munged, slurmctld and slurmd run from a folder of their own, on free ports of the loopback, and are
ended after the tests. The cgroup plugins, which containers do not allow, are not used.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from common import ROOT, need
from test_class import PROGRAM, class_of, fake_lab, grade_class, graded, hand_in, scores

from grader import lab

load_lab = lab.load  # before any test has put another in its place

__all__ = ["fake_lab"]  # a fixture

PATIENCE = 60  # seconds for a daemon to come up
CONFIGURATION = """\
ClusterName=bosk
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
MinJobAge=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors}
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running Slurm, whose commands find it by SLURM_CONF."""
    folder = tmp_path_factory.mktemp("slurm")
    with ExitStack() as daemons, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/usr/sbin", prepend=os.pathsep)
        need("sbatch", "slurmctld", "slurmd", "munged", "munge")
        configure(folder)
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        daemons.enter_context(daemon(folder, "munged", "--foreground", "--force", f"--key-file={folder}/munge.key",
                                     f"--socket={folder}/munge.socket", f"--pid-file={folder}/munge.pid",
                                     f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed"))
        wait_for(folder, ["munge", f"--socket={folder}/munge.socket", "--no-input"], "MUNGE:")
        daemons.enter_context(daemon(folder, "slurmctld", "-D", "-c"))
        daemons.enter_context(daemon(folder, "slurmd", "-D", "-N", node_name()))
        wait_for(folder, ["sinfo", "--noheader", "--format=%t"], "idle")
        yield folder


def configure(folder: Path) -> None:
    folder.chmod(0o755)
    for parent in folder.parents:  # munged insists that nobody but the owner can write above its socket
        if parent.stat().st_mode & 0o022 and not parent.stat().st_mode & 0o1000:
            pytest.skip(f"munged refuses {folder}: others can write {parent}")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o600)
    controller, node = free_ports(2)
    (folder / "slurm.conf").write_text(CONFIGURATION.format(
        host=node_name(), controller=controller, node=node, user=pwd.getpwuid(os.geteuid()).pw_name,
        folder=folder, processors=os.cpu_count()))


def node_name() -> str:
    return socket.gethostname().split(".")[0]


def free_ports(count: int) -> list[int]:
    with ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


@contextmanager
def daemon(folder: Path, name: str, *arguments: str) -> Iterator[None]:
    path = shutil.which(name)
    assert path is not None
    with open(folder / f"{name}.out", "wb") as output:
        process = subprocess.Popen([path, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(folder: Path, command: list[str], word: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if word in done.stdout:
            return
        time.sleep(0.1)
    logs = "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in folder.glob("*.[lo][ou][gt]"))
    pytest.fail(f"{command[0]} does not say {word}: {done.stdout}{done.stderr}\n{logs}")


def on_slurm(folder: Path, *arguments: str) -> int:
    return grade_class(folder, "--engine", "slurm", *arguments)


@pytest.mark.usefixtures("slurm")
def test_a_class_is_graded_by_a_job_array(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="panic", carol="fail", dave="pass")
    assert on_slurm(tmp_path, "--seed", "7") == 0
    assert {name: row["final"] for name, row in scores(tmp_path).items()} == {
        "ada": "20", "bob": "10", "carol": "10", "dave": "20"}
    assert graded(tmp_path) == ["ada 7", "bob 7", "carol 7", "dave 7"]


@pytest.mark.usefixtures("slurm")
def test_a_small_class_is_graded_for_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("bwrap", "sim_c")
    monkeypatch.setattr(lab, "load", load_lab)
    (file,) = lab.load("bump").files
    for student, text in {"ada": (ROOT / file).read_text(), "bob": "not C\n"}.items():
        path = tmp_path / "in" / student / file
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert PROGRAM.main([str(tmp_path / "in"), "--lab", "bump", "--out", str(tmp_path / "out"),
                         "--engine", "slurm"]) == 0
    table = scores(tmp_path)
    assert table["ada"]["final"] == table["ada"]["max_points"]
    assert (table["bob"]["final"], table["bob"]["align.word"]) == ("0", "build-error")


@pytest.mark.usefixtures("slurm")
def test_both_engines_give_the_same_results(tmp_path: Path) -> None:
    tables = []
    for engine in ("local", "slurm"):
        class_of(tmp_path / engine, ada="pass", bob="panic")
        for student in ("ada", "bob"):
            os.utime(tmp_path / engine / "in" / student, (0, 0))
        assert grade_class(tmp_path / engine, "--engine", engine, "--seed", "7") == 0
        tables.append((tmp_path / engine / "out" / "scores.csv").read_text())
    assert tables[0] == tables[1]


@pytest.mark.usefixtures("slurm")
def test_an_error_of_the_graders_is_tried_again_and_stops_nobody(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="flaky 1", carol="die")
    assert on_slurm(tmp_path, "--seed", "7") == 3
    assert graded(tmp_path) == ["ada 7", *["bob 7"] * 2, *["carol 7"] * 3]
    assert {name: row["state"] for name, row in scores(tmp_path).items()} == {
        "ada": "graded", "bob": "graded", "carol": "grader error"}


@pytest.mark.usefixtures("slurm")
def test_what_is_finished_is_not_submitted_again(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass", bob="pass")
    on_slurm(tmp_path, "--seed", "7")
    hand_in(tmp_path / "in", "bob", "fail")
    assert on_slurm(tmp_path) == 0
    assert graded(tmp_path) == ["ada 7", "bob 7", "bob 7"]


@pytest.mark.usefixtures("slurm")
def test_a_task_that_slurm_runs_twice_grades_once(tmp_path: Path) -> None:
    class_of(tmp_path, ada="pass")
    on_slurm(tmp_path, "--seed", "7")
    first = (tmp_path / "out/results/ada.json").read_bytes()
    script = tmp_path / "out" / "tasks.sh"
    subprocess.run(["sh", script], env=os.environ | {"SLURM_ARRAY_TASK_ID": "0"}, check=True)
    assert graded(tmp_path) == ["ada 7"] and (tmp_path / "out/results/ada.json").read_bytes() == first


@pytest.mark.usefixtures("slurm")
def test_an_array_that_slurm_refuses_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class_of(tmp_path, ada="pass")
    monkeypatch.setenv("SBATCH_PARTITION", "none")
    assert on_slurm(tmp_path) == 2
    errors = capsys.readouterr().err
    assert "sbatch refused" in errors and errors.count("grade-class: sbatch") == 1


def test_without_slurm_the_other_engine_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class_of(tmp_path, ada="pass")
    monkeypatch.setattr(PROGRAM.class_engines.shutil, "which", lambda name: None)
    assert on_slurm(tmp_path) == 2
    assert "say --engine local" in capsys.readouterr().err
