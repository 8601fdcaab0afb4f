"""A failing trace under the debugger: `ci/grade ... --item NAME --gdb`.

The item is judged as always. The shortest failing trace is then played once more, with gdb between
the examiner and the code under examination: it stops in front of the call that goes wrong. The
examiner waits for answers as long as it takes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from grader.host_subject import ARENA_SIZE, Examinee
from grader.sandbox import Limits, NoSandbox, Stream, Unavailable, own_environment
from grader.subject import Ended, Subject
from grader.wrong import Wrong

A_DAY = 24 * 3600.0


class Debugger(NoSandbox):
    """No sandbox, and a debugger for traces that fail."""

    gives_up = "under gdb, the submission's code runs as you and can do what you can"

    def __init__(self) -> None:
        self.was_needed = False
        self.gdb = shutil.which("gdb-multiarch") or shutil.which("gdb") or ""

    def check(self) -> None:
        if not self.gdb:
            raise Unavailable("no gdb is installed: run make setup")

    def show(self, program: Path, trace: Sequence[str], play: Callable[[Subject], object],
             arena_size: int = ARENA_SIZE) -> None:
        """Have `play` play this trace on the program, stopped in front of its last call."""
        with Examinee([program], NoSandbox(), arena_size=arena_size) as examinee:
            calls = calls_of(examinee, play)
        if calls == 0:
            return
        self.was_needed = True
        print("gdb will stop in front of the last of these calls:", *trace, sep="\n  ", flush=True)
        interrupt = signal.signal(signal.SIGINT, lambda *_: None)  # it is for gdb
        try:
            with Examinee([program], UnderGdb(self.gdb, calls), answer_seconds=A_DAY,
                          arena_size=arena_size) as examinee:
                calls_of(examinee, play)
        finally:
            signal.signal(signal.SIGINT, interrupt)


def calls_of(examinee: Examinee, play: Callable[[Subject], object]) -> int:
    """Play, up to what goes wrong; how many calls that took."""
    try:
        subject = Counter(examinee.begin())
    except Ended:
        return 0
    try:
        play(subject)
    except (Ended, Wrong):
        pass  # as it did before
    finally:
        subject.close()
    return subject.calls


class Counter:
    """A subject whose calls are counted."""

    def __init__(self, subject: Subject) -> None:
        self._subject, self.start, self.size = subject, subject.start, subject.size
        self.memory, self.close = subject.memory, subject.close
        self.calls = 0

    def call(self, call: int, *arguments: int) -> int:
        self.calls += 1
        return self._subject.call(call, *arguments)


class UnderGdb(NoSandbox):
    """Starts a program under gdb, on the terminal, and stops it in front of its n-th call."""

    def __init__(self, gdb: str, calls: int) -> None:
        self._gdb, self._calls = gdb, calls

    def start(self, command: Sequence[str | Path], *, directory: Path | None = None,
              readable: Sequence[Path] = (), writable: Sequence[Path] = (), fds: Sequence[int] = (),
              limits: Limits = Limits(), environment: Mapping[str, str] | None = None,
              stdin: Stream = None, stdout: Stream = None, stderr: Stream = None) -> subprocess.Popen[bytes]:
        words = ("set follow-fork-mode child", "set print inferior-events off", "break exam_answer",
                 f"ignore 1 {self._calls - 1}", "run")
        line = [self._gdb, "--quiet", "--nx", *(part for word in words for part in ("-ex", word))]
        return subprocess.Popen([*line, "--args", *map(str, command)], pass_fds=fds,
                                env=os.environ | own_environment(limits, environment))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """It is ended by who sits in front of it."""
        process.wait()
