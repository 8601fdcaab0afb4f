"""The kernel under examination, in QEMU: os/test/exam/main.c, seen from outside.

The machine stands at the breakpoint exam_stop when it is not making a call. Its RAM is a file that
the examiner has mapped: there he writes the turn and reads the answer and the contents of blocks.
Registers, among them the count of instructions, he reads through QEMU's gdb stub. That count stands
still when the kernel has the firmware stop it; the clock cannot be stopped, and is as exact as
QEMU's -icount shift=0 makes it: a nanosecond an instruction.

Nothing that the kernel prints is a fact. That it has panicked or switched off is one: there are
breakpoints in the functions that panic, and QEMU ends when the machine is switched off.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

from grader.elf import BadElf, function_at, symbols
from grader.gdbstub import GdbStub, StubGone
from grader.lab import ROOT
from grader.sandbox import Limits, Sandbox
from grader.subject import Ended

sys.path.insert(0, str(ROOT / "ci"))
import qemu  # noqa: E402

MIB = 1 << 20
RAM_SIZE = 32 * MIB
RAM_ADDRESS = 0xFFFFFFC080000000  # where the kernel sees it
TURN = struct.Struct("<7Q")  # call, arguments[5], result: see exam.h
TURN_RESULT = 6 * 8
EXAM = ("exam_stop", "exam_go", "exam_turn")
PANICS = ("panic_at", "panic_explained", "trap_panic", "trap_in_panic")
ARGUMENT_REGISTERS = range(10, 18)  # a0 to a7

BOOT_LIMIT = 100_000_000  # instructions
NOTHING = 0  # a call that all subjects have
CALL_LIMIT = 20_000_000  # instructions of one call: thousands of times what the slowest design takes
# The machine's clock ticks at 10 MHz. A timer that is set, as the firmware leaves it for the end of
# time, makes QEMU add to the clock what it idles: then counts would not repeat.
CLOCK_NS, MTIME, MTIMECMP = 100, 0x200BFF8, 0x2004000
CONSOLE_LIMIT = 64 << 10
CONSOLE_SHOWN = 8 << 10
LOOK_EVERY = 0.1  # seconds, while a call runs
WALL_LIMIT = 300.0  # seconds of one call; a machine that is so slow cannot be graded on

QEMU_LIMITS = Limits(cpu_seconds=3600, memory=1024 * MIB, file_size=CONSOLE_LIMIT, processes=32)
OPTIONS = ("-nodefaults", "-no-user-config", "-accel", "tcg,tb-size=64", "-S",
           "-gdb", "chardev:gdb",
           "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")


class Kernel:
    """One boot of a kernel; begin() takes it back to where it had just booted."""

    def __init__(self, elf: Path, sandbox: Sandbox) -> None:
        self.elf = elf
        self.instructions = 0  # of the last call, by a counter that the kernel can change
        self.panic: tuple[int, ...] = ()  # the arguments that the function which panics got
        self._symbols = symbols(elf)
        known = {symbol.name: symbol for symbol in self._symbols if symbol.is_global}
        try:
            self.start, self.size = known["HEAP_SPACE"].address, known["HEAP_SPACE"].size
            self._stop, self._go, turn = (known[name].address for name in EXAM)
        except KeyError as error:
            raise BadElf(f"{elf} has no symbol {error}") from error
        self._turn = turn - RAM_ADDRESS
        self._panics = [known[name].address for name in PANICS if name in known]
        if qemu.memory_needed(elf) > RAM_SIZE:
            raise Ended("fail", f"the kernel needs more than {RAM_SIZE // MIB} MiB of memory")
        self._files = contextlib.ExitStack()
        try:
            self._start(elf, sandbox)
        except BaseException:
            self.close()
            raise

    def begin(self) -> None:
        """Take the machine back to where it stood after the boot."""
        os.ftruncate(self._console, self._printed)
        self._ram[:] = self._fresh
        self._stub.restore(self._registers)
        self._count = self._stub.register("minstret")

    def call(self, call: int, *arguments: int) -> int:
        padding = (0,) * (TURN.size // 8 - 1 - len(arguments))
        words = [number % 2**64 for number in (call, *arguments, *padding)]
        TURN.pack_into(self._ram, self._turn, *words)
        self._run(self._go, CALL_LIMIT)
        count = self._stub.register("minstret")
        self.instructions, self._count = count - self._count, count
        result, = struct.unpack_from("<Q", self._ram, self._turn + TURN_RESULT)
        return int(result)

    def clock(self) -> int:
        """Nanoseconds since the machine's reset, to the last tick of its clock."""
        return self._stub.read_device(MTIME) * CLOCK_NS

    def memory(self, address: int, size: int) -> memoryview:
        assert self.start <= address and address + size <= self.start + self.size
        return self._ram[address - RAM_ADDRESS:address - RAM_ADDRESS + size]

    def text(self, address: int, most: int = 200) -> str:
        """A string anywhere in the kernel's memory; "" where there is none."""
        offset = address - RAM_ADDRESS
        if not 0 <= offset < RAM_SIZE:
            return ""
        return bytes(self._ram[offset:offset + most]).split(b"\0")[0].decode("utf-8", "replace")

    def console(self) -> str:
        """What the kernel printed, or the end of it."""
        size = os.fstat(self._console).st_size
        data = os.pread(self._console, CONSOLE_SHOWN, max(0, size - CONSOLE_SHOWN))
        text = data.decode("utf-8", "replace").replace("\r", "")
        return "".join(c for c in text if c in "\n\t" or c.isprintable())

    def close(self) -> None:
        self._files.close()

    # --- the machine ---

    def _start(self, elf: Path, sandbox: Sandbox) -> None:
        ram, console = self._file("ram"), self._file("console")
        os.ftruncate(ram, RAM_SIZE)
        fcntl.fcntl(console, fcntl.F_SETFL, os.O_APPEND)
        self._console = console
        self._ram = memoryview(mmap.mmap(ram, RAM_SIZE))
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = sandbox.start(
                command(elf, ram, theirs.fileno()), readable=[elf, Path(qemu.find_bios(None))],
                fds=(ram, theirs.fileno()), limits=QEMU_LIMITS, stdout=console,
                stderr=subprocess.PIPE)
        self._files.callback(sandbox.kill, self._process)
        try:
            self._stub = GdbStub(ours)
            self._files.callback(self._stub.close)
            for address in (self._stop, *self._panics):
                self._stub.add_breakpoint(address)
        except StubGone:
            self._gone()
        self._run(None, BOOT_LIMIT)
        self._count = self._stub.register("minstret")
        self._end_timer()
        self._fresh = bytes(self._ram)
        self._registers = self._stub.registers()
        self._printed = os.fstat(console).st_size

    def _end_timer(self) -> None:
        """Let the timer run out; the firmware has its interrupt turned off."""
        end = self._stub.read_device(MTIME) + 1
        self._stub.write_device(MTIMECMP, end)
        while self._stub.read_device(MTIME) <= end:
            self.call(NOTHING)

    def _file(self, name: str) -> int:
        file = os.memfd_create(name)
        self._files.callback(os.close, file)
        return file

    def _run(self, address: int | None, limit: int) -> None:
        """Run from there to exam_stop, or Ended. How long that may take is a matter of the
        machine's own clock."""
        try:
            deadline = self.clock() + limit
            self._stub.go(address)
            while not self._is_at_stop(deadline, limit):
                self._stub.go()
            self._check_output()
            if self.clock() > deadline:
                self._hang(limit)
        except StubGone:
            self._gone()

    def _is_at_stop(self, deadline: int, limit: int) -> bool:
        """Wait until the machine stops by itself: whether it is where it should."""
        self._wait(deadline, limit)
        pc = self._stub.register("pc")
        if pc in self._panics:
            self.panic = self.panic or self._arguments()
            self._stub.ask("s")  # over the breakpoint
        return pc == self._stop

    def _wait(self, deadline: int, limit: int) -> None:
        patience = time.monotonic() + WALL_LIMIT
        while not self._stub.stopped_within(LOOK_EVERY):
            if not self._stub.halt():  # it has just stopped by itself
                return
            self._check_output()
            if self._stub.is_waiting() or self.clock() > deadline:
                self._hang(limit)
            if time.monotonic() > patience:
                raise TimeoutError(f"no answer of QEMU within {WALL_LIMIT:g} seconds")
            self._stub.go()

    def _arguments(self) -> tuple[int, ...]:
        registers = bytes.fromhex(self._stub.registers())
        return tuple(struct.unpack_from("<Q", registers, 8 * i)[0] for i in ARGUMENT_REGISTERS)

    # --- how it ends ---

    def _check_output(self) -> None:
        """The system cuts off what is printed beyond the limit, and the kernel goes on."""
        if os.fstat(self._console).st_size >= CONSOLE_LIMIT:
            raise Ended("flood", f"the kernel printed more than {CONSOLE_LIMIT} bytes",
                        self.console())

    def _hang(self, limit: int) -> NoReturn:
        where = function_at(self._symbols, self._stub.register("pc"))
        place = f" (it was in {where})" if where else ""
        what = "it waits for an interrupt that never comes" if self._stub.is_waiting() else \
            f"no end after {limit} instructions: an endless loop?"
        raise Ended("hang", what + place, self.console())

    def _gone(self) -> NoReturn:
        """QEMU has ended: the kernel switched off."""
        assert self._process.stderr is not None
        complaint = self._process.stderr.read().decode("utf-8", "replace")
        if error := qemu.own_error(complaint):
            raise RuntimeError(f"QEMU failed: {error}")
        self._check_output()
        output = self.console()
        if not self.panic:
            raise Ended("early-exit", "the kernel switched the machine off", output)
        lines = [line for line in output.splitlines() if line.startswith("panic:")]
        raise Ended("panic", lines[0] if lines else "the kernel panicked", output)


def command(elf: Path, ram: int, stub: int) -> list[str]:
    """QEMU, with its RAM in one open file and its stub on another."""
    line = qemu.command(elf, mem=f"{RAM_SIZE // MIB}M", icount=True,
                        machine="virt,memory-backend=ram", extra=OPTIONS)
    return [*line, "-object", f"memory-backend-file,id=ram,size={RAM_SIZE},share=on,"
            f"mem-path=/proc/self/fd/{ram}", "-chardev", f"socket,id=gdb,fd={stub}"]
