"""What code in the sandbox can see and do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from common import ROOT, need
from grader.sandbox import MIB, Bubblewrap, Limits, NoSandbox, Sandbox, Unavailable, sandbox_named

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def sandbox() -> Sandbox:
    need("bwrap", "prlimit")
    try:
        return sandbox_named("bubblewrap")
    except Unavailable as reason:
        pytest.skip(str(reason))


def outcome(sandbox: Sandbox, script: str, **options: object) -> tuple[int, str]:
    process = sandbox.start(["sh", "-c", script], **options)  # type: ignore[arg-type]
    output, _ = process.communicate(timeout=60)
    sandbox.kill(process)
    return process.returncode, output.decode()


def test_it_runs_a_command(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "echo seen; exit 3") == (3, "seen\n")


def test_nothing_of_the_grader_is_in_sight(sandbox: Sandbox) -> None:
    status, output = outcome(sandbox, f"ls {ROOT} /root /home /var; ls /")
    assert "No such file" in output and "os/heap" not in output
    assert not {"root", "home", "var", "etc/passwd", "work"} & set(output.splitlines())


def test_folders_are_seen_as_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    for name in ("readable", "writable", "other"):
        (tmp_path / name).mkdir()
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        os.chmod(folder, 0o755)
    for name in ("readable", "writable"):
        sandbox.give(tmp_path / name)
    outcome(sandbox, "for i in *; do echo x >$i/file; done", directory=tmp_path,
            readable=[tmp_path / "readable"], writable=[tmp_path / "writable"])
    assert [path.parent.name for path in tmp_path.rglob("file")] == ["writable"]
    assert "other" not in outcome(sandbox, f"ls {tmp_path}", readable=[tmp_path / "readable"])[1]


def test_it_has_no_rights(sandbox: Sandbox) -> None:
    if os.geteuid() == 0:
        assert outcome(sandbox, "id -u")[1] == "65534\n"
    assert "CapEff:\t0000000000000000" in outcome(sandbox, "cat /proc/self/status")[1]
    for file in ("/file", "/usr/file", "/dev/file", "/dev/shm/file"):
        assert outcome(sandbox, f"touch {file}")[0] != 0


def test_the_environment_is_a_short_list(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "token")
    _, output = outcome(sandbox, "env", environment={"MORE": "1"})
    names = {line.split("=")[0] for line in output.splitlines()}
    assert names <= {"PATH", "HOME", "TMPDIR", "LANG", "MORE", "PWD", "SHLVL", "_"}


def test_there_is_no_network_and_no_other_process(sandbox: Sandbox) -> None:
    _, output = outcome(sandbox, "cat /proc/net/dev | wc -l; ls -d /proc/[0-9]* | wc -l")
    interfaces, processes = map(int, output.split())
    assert interfaces == 3 and processes < 8


@pytest.mark.parametrize(("limits", "script", "words"), [
    (Limits(file_size=1 * MIB), "head -c 9000000 /dev/zero >/tmp/x; stat -c %s /tmp/x", "1048576"),
    (Limits(file_size=999 * MIB), "head -c 99000000 /dev/zero >/tmp/x", "No space left"),
    (Limits(memory=64 * MIB), "head -c 100M /dev/zero | sort | tail -c 1 | wc -c", ""),
    (Limits(processes=8), "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done", "fork"),
    (Limits(cpu_seconds=1), "while :; do :; done", ""),
])  # fmt: skip
def test_a_limit_holds(sandbox: Sandbox, limits: Limits, script: str, words: str) -> None:
    _, output = outcome(sandbox, script, limits=limits)
    assert words in output


@pytest.mark.parametrize("kind", [Bubblewrap, NoSandbox])
def test_a_killed_process_leaves_none_behind(kind: type[Bubblewrap] | type[NoSandbox]) -> None:
    need("bwrap")
    sandbox = kind()
    reader, writer = os.pipe()
    process = sandbox.start(["bash", "-c", f"sleep 1000 & echo ready >&{writer}; wait"], fds=[writer],
                            stdout=subprocess.DEVNULL)
    os.close(writer)
    assert os.read(reader, 100) == b"ready\n"
    sandbox.kill(process)
    assert os.read(reader, 100) == b""  # nobody holds its other end any more
    os.close(reader)


def test_a_sandbox_that_is_not_there_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="bubblewrap, none"):
        sandbox_named("chroot")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="make setup"):
        sandbox_named("bubblewrap")


def test_none_says_what_it_gives_up() -> None:
    assert "your files" in sandbox_named("none").gives_up
