"""Code under examination in a process on this machine: ci/host/examinee.c, which tells the protocol.

    with Examinee([program], sandbox) as examinee:
        life = examinee.begin()
        life.call(HEAP_ALLOC, 24, 8)
        life.close()

One process serves for many lives, as a fork is cheaper than a start in a sandbox; after a life that
did not end as it should have, the next one gets a new process. All that comes back may be forged by
the code under examination: an answer is no more than what that code says, and everything which is
not the one answer that was asked for ends the life.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import select
import signal
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from grader.sandbox import Limits, Sandbox
from grader.subject import Ended

ARENA_START = 0x2000_0000_0000  # as in ci/host/examinee.c
ARENA_SIZE = 128 * 1024
FRESH = b"\xa5"  # what a life finds there: nobody may count on zeros

LIFE_BEGIN, LIFE_END = 2**64 - 1, 2**64 - 2
DEATH = 2**64 - 1  # the number of an answer
REQUEST = struct.Struct("<8Q")  # number; call, arguments[5], result (unused); see exam.h
REQUEST_ARGUMENTS = 5
ANSWER = struct.Struct("<2Q")

# For an answer, on the clock. Code that computes runs into its limit of processor time before, also
# where many share the processor; this is for code that waits for something.
ANSWER_SECONDS = 10.0
SILENCE = "no answer came: the code waits for something"
OUTPUT_READ = 512 * 1024  # bytes; a life may print half of that
OUTPUT_SHOWN = 8 * 1024  # characters

# Of the process; a life limits itself much further. Its sanitizers are told what to do in the
# source, and not by the sandbox: a watch on the memory in use would watch the parent alone.
LIMITS = Limits(is_asan=True)
ENVIRONMENT = {"ASAN_OPTIONS": ""}


class Examinee:
    """A process that gives lives, one at a time."""

    def __init__(self, command: Sequence[str | Path], sandbox: Sandbox,
                 readable: Sequence[Path] = (), answer_seconds: float = ANSWER_SECONDS,
                 arena_size: int = ARENA_SIZE) -> None:
        self._command = command
        self._sandbox = sandbox
        self._readable = readable
        self._answer_seconds = answer_seconds
        self.arena_size = arena_size
        self._process: subprocess.Popen[bytes] | None = None
        self._has_life = False
        self._number = 0
        # Sealed: who shortened the file would have the examiner killed when he looks at it.
        self._arena = os.memfd_create("arena", os.MFD_ALLOW_SEALING)
        os.ftruncate(self._arena, arena_size)
        fcntl.fcntl(self._arena, fcntl.F_ADD_SEALS,
                    fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        self.memory = memoryview(mmap.mmap(self._arena, arena_size))
        self._output = os.memfd_create("output")
        fcntl.fcntl(self._output, fcntl.F_SETFL, os.O_APPEND)

    def __enter__(self) -> Examinee:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def begin(self) -> HostSubject:
        """A new life, in fresh memory. Ended where the process does not get so far."""
        if self._process is None:
            self._start()
        os.ftruncate(self._output, 0)
        self.memory[:] = FRESH * self.arena_size
        self.call(LIFE_BEGIN)
        self._has_life = True
        return HostSubject(self)

    def call(self, call: int, *arguments: int) -> int:
        self._number += 1
        padding = (0,) * (REQUEST_ARGUMENTS + 1 - len(arguments))
        try:
            os.write(self._turns, REQUEST.pack(self._number, call, *arguments, *padding))
        except BrokenPipeError:
            self._give_up("early-exit", "the process was gone before it was called")
        number, result = self._read_answer()
        if number == DEATH:
            self._has_life = False
            raise death(result, self.output())
        if number != self._number:
            self._give_up("fail", "something other than the examiner's own code wrote on its pipe")
        return result

    def end(self) -> None:
        """End the life, if it has not ended; where it does not end, the process."""
        if not self._has_life:
            return
        try:
            self.call(LIFE_END)
        except Ended:
            pass

    def output(self) -> str:
        """What the life printed: from a report on, if there is one, else the end of it."""
        text = os.pread(self._output, OUTPUT_READ, 0).decode("utf-8", "replace")
        lines = text.splitlines(keepends=True)
        first = next((i for i, line in enumerate(lines) if reported(line)), None)
        return text[-OUTPUT_SHOWN:] if first is None else "".join(lines[first:])[:OUTPUT_SHOWN]

    def kill(self) -> None:
        if self._process is None:
            return
        self._sandbox.kill(self._process)
        self._process = None
        self._has_life = False
        os.close(self._turns)
        os.close(self._answers)

    def close(self) -> None:
        self.kill()
        os.close(self._arena)
        os.close(self._output)

    def _start(self) -> None:
        theirs_in, self._turns = os.pipe()
        self._answers, theirs_out = os.pipe()
        fds = (theirs_in, theirs_out, self._arena)
        self._process = self._sandbox.start(
            [*self._command, *map(str, fds), str(self.arena_size)], readable=self._readable, fds=fds,
            limits=LIMITS, environment=ENVIRONMENT, stdout=self._output, stderr=self._output)
        os.close(theirs_in)
        os.close(theirs_out)
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)

    def _read_answer(self) -> tuple[int, int]:
        text = b""
        deadline = time.monotonic() + self._answer_seconds
        while len(text) < ANSWER.size:
            left = deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                self._give_up("hang", SILENCE)
            more = os.read(self._answers, ANSWER.size - len(text))
            if not more:
                self._give_up("early-exit", "the process ended without an answer")
            text += more
        return ANSWER.unpack(text)  # type: ignore[return-value]

    def _give_up(self, word: str, message: str) -> NoReturn:
        output = self.output()
        self.kill()
        raise Ended(word, message, output)


class HostSubject:
    """One life."""

    start = ARENA_START

    def __init__(self, examinee: Examinee) -> None:
        self.size = examinee.arena_size
        self._examinee = examinee
        self.call = examinee.call

    def memory(self, address: int, size: int) -> memoryview:
        offset = address - ARENA_START
        assert 0 <= offset and offset + size <= self.size
        return self._examinee.memory[offset:offset + size]

    def close(self) -> None:
        self._examinee.end()


def death(status: int, output: str) -> Ended:
    """How a life ended that should have gone on, by the wait status of its process."""
    if not os.WIFSIGNALED(status):
        return Ended("early-exit", "the code ended the process", output)
    number = os.WTERMSIG(status)
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return Ended("hang", "the code did not come back: an endless loop?", output)
    if number == signal.SIGXFSZ:
        return Ended("flood", "the code printed without end", output)
    if number == signal.SIGABRT:
        return Ended("fail", reported(output) or "the code called abort", output)
    return Ended("fail", f"the code was killed by {signal.Signals(number).name}", output)


def reported(output: str) -> str:
    """The line of a sanitizer's report or of a panic that says what happened."""
    for line in output.splitlines():
        for mark in ("ERROR: AddressSanitizer: ", "runtime error: ", "panic: "):
            if mark in line:
                return mark.split(":")[-2].strip() + ": " + line.split(mark, 1)[1]
    return ""
