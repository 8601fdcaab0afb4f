#!/usr/bin/env python3
"""Run a kernel in QEMU, and say in one word how the run ended.

The words, and what each means:
  pass        the kernel printed `bosk: shutting down` as its last line and ended with status 0
  fail        the kernel ended with another status, or printed `bosk: cannot boot: …`
  panic       a line of the output starts with `panic:`
  hang        the time limit was reached
  flood       more output than the limit
  early-exit  QEMU went away without a word of the kernel: it failed itself, it was killed, or the
              machine was switched off (SBI's shutdown makes QEMU end with 0 whatever the reason,
              which is why a pass needs that last line)

Nothing of QEMU outlives a run: it is killed, with its process group, on every way out of run(),
and on Linux the system kills it when this process dies.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import ctypes
import os
import re
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

CI = Path(__file__).resolve().parent
sys.path.insert(0, str(CI.parent / "bootloader"))
import find_firmware  # noqa: E402

QEMU = "qemu-system-riscv64"
GDBS = ("gdb-multiarch", "riscv64-unknown-elf-gdb", "riscv64-elf-gdb", "gdb")
LAST_LINE = "bosk: shutting down"
CANNOT_BOOT = re.compile(r"^bosk: cannot boot: ", re.MULTILINE)
PANIC = re.compile(r"^panic:.*", re.MULTILINE)

DEFAULT_TIMEOUT = 20.0
DEFAULT_OUTPUT_LIMIT = 16 << 20
STDERR_KEPT = 1 << 16
MAX_SMP = 8
MAX_MEM = 8 << 30
RAM_START = 0x80000000
TREE_ROOM = 2 << 20  # QEMU aligns the tree down to 2 MiB below the end of RAM
MIB = 1 << 20

PT_LOAD = 1
EM_RISCV = 243
ELFCLASS64 = 2
PR_SET_PDEATHSIG = 1

# Exit status of the command; fail and panic hand on the guest's.
STATUS = {"pass": 0, "hang": 124, "flood": 125, "early-exit": 126}


class BadRequest(Exception):
    """Something asked for that cannot be run; the message is one line for the user."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    word: str
    exit_status: int | None  # QEMU's; negative: the signal that killed it; None: we stopped it
    output: str  # the serial console, without carriage returns
    seconds: float
    detail: str  # one sentence for the user

    @property
    def ok(self) -> bool:
        return self.word == "pass"


# What may be asked for ----------------------------------------------------------------------------


def check_smp(smp: int | str) -> int:
    text = str(smp)
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_SMP:
        raise BadRequest(f"SMP={text} is not a number of harts from 1 to {MAX_SMP}")
    return int(text)


def check_mem(mem: str, needed: int) -> str:
    """mem as it was, when it is an amount of RAM like 128M or 1G, of at least needed bytes."""
    match = re.fullmatch(r"([0-9]{1,9})([MG])", mem)
    if match is None:
        raise BadRequest(f"MEM={mem} is not an amount of memory like 64M or 1G")
    size = int(match[1]) << (20 if match[2] == "M" else 30)
    if size < needed:
        raise BadRequest(f"MEM={mem} is too small: this kernel needs at least {needed // MIB}M")
    if size > MAX_MEM:
        raise BadRequest(f"MEM={mem} is too large: at most {MAX_MEM >> 30}G")
    return mem


def memory_needed(kernel: Path) -> int:
    """Bytes of RAM in which the kernel's image and, 2 MiB aligned above it, the tree have room."""
    end = -(-image_end(kernel) // TREE_ROOM) * TREE_ROOM
    return end + TREE_ROOM - RAM_START


def image_end(kernel: Path) -> int:
    """The physical address behind the last byte that an ELF's segments occupy."""
    try:
        data = kernel.read_bytes()
    except OSError as error:
        raise BadRequest(f"cannot read the kernel {kernel}: {error.strerror}: "
                         "run make build") from error
    try:
        if data[:4] != b"\x7fELF" or data[4] != ELFCLASS64:
            raise ValueError
        machine, = struct.unpack_from("<H", data, 18)
        table, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        headers = [struct.unpack_from("<IIQQQQQ", data, table + size * i) for i in range(count)]
        ends = [paddr + memsz for kind, _, _, _, paddr, _, memsz in headers if kind == PT_LOAD]
        if machine != EM_RISCV or not ends:
            raise ValueError
    except (IndexError, ValueError, struct.error):
        raise BadRequest(f"{kernel} is not an ELF file for 64-bit RISC-V") from None
    return max(ends)


def check_file(what: str, path: str | Path) -> str:
    if not Path(path).is_file():
        raise BadRequest(f"{what}={path}: there is no such file")
    return str(path)


def find_qemu() -> str:
    qemu = shutil.which(QEMU)
    if qemu is None:
        raise BadRequest(f"{QEMU} is not installed: run make setup")
    return qemu


def find_bios(bios: str | Path | None) -> str:
    try:
        return str(find_firmware.find(str(bios) if bios else None))
    except find_firmware.NotFirmware as reason:
        raise BadRequest(str(reason)) from reason


def command(kernel: str | Path, *, smp: int | str = 1, mem: str = "128M",
            bios: str | Path | None = None, append: str = "", initrd: str | Path | None = None,
            dtb: str | Path | None = None, icount: bool = False, machine: str = "virt",
            extra: Sequence[str] = ()) -> list[str]:
    """The QEMU command line for a request, or BadRequest."""
    harts = check_smp(smp)
    memory = check_mem(mem, memory_needed(Path(kernel)))
    line = [find_qemu(), "-machine", machine, "-display", "none", "-serial", "stdio",
            "-monitor", "none", "-no-reboot", "-smp", str(harts), "-m", memory,
            "-bios", find_bios(bios), "-kernel", str(kernel)]
    if append:
        line += ["-append", append]
    if initrd:
        line += ["-initrd", check_file("INITRD", initrd)]
    if dtb:
        line += ["-dtb", check_file("DTB", dtb)]
    if icount:
        line += ["-icount", "shift=0"]
    return [*line, *extra]


# Owning the process -------------------------------------------------------------------------------


def die_with_parent() -> Callable[[], None] | None:
    """What a child does before it becomes QEMU so that it cannot outlive us; Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask


@contextlib.contextmanager
def owned(line: list[str], *, interactive: bool, pipes: bool) -> Iterator[subprocess.Popen[bytes]]:
    """QEMU, running; dead when the block is left, however it is left.

    QEMU leads a process group of its own, unless it is to read the terminal: the terminal gives
    its input to one group only.
    """
    pipe = subprocess.PIPE if pipes else None
    with kept_terminal(interactive):
        process = subprocess.Popen(
            line, stdin=None if interactive else subprocess.DEVNULL, stdout=pipe, stderr=pipe,
            start_new_session=not interactive, preexec_fn=die_with_parent())
        try:
            yield process
        finally:
            if process.poll() is None:
                if interactive:
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


@contextlib.contextmanager
def kept_terminal(interactive: bool) -> Iterator[None]:
    """QEMU makes the terminal raw while it runs; a killed one would leave it so."""
    if not (interactive and sys.stdin.isatty()):
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


class Console:
    """What the guest has printed so far: decoded, without carriage returns, passed on live."""

    def __init__(self, echo: Callable[[str], None] | None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._echo = echo
        self._parts: list[str] = []
        self._last_line = ""
        self.size = 0

    def add(self, data: bytes, final: bool = False) -> str:
        """Take bytes in; return what they add to the text, from the start of the current line."""
        self.size += len(data)
        text = self._decoder.decode(data, final).replace("\r", "")
        self._parts.append(text)
        if self._echo is not None and text:
            self._echo(text)
        fresh = self._last_line + text
        self._last_line = fresh[fresh.rfind("\n") + 1:]
        return fresh

    def text(self) -> str:
        return "".join(self._parts)


def run(kernel: str | Path, *, smp: int | str = 1, mem: str = "128M",
        bios: str | Path | None = None, append: str = "", initrd: str | Path | None = None,
        dtb: str | Path | None = None, icount: bool = False, timeout: float = DEFAULT_TIMEOUT,
        output_limit: int = DEFAULT_OUTPUT_LIMIT, until: str | None = None,
        extra: Sequence[str] = (), echo: Callable[[str], None] | None = None,
        interactive: bool = False) -> Outcome:
    """Boot the kernel and wait for its end.

    timeout is in seconds of wall clock from the start of QEMU, 0 for none; output_limit in bytes.
    With until, the run passes and is stopped as soon as a line holds that text. echo gets the
    output as it comes; interactive lets QEMU read our standard input. BadRequest when the request
    makes no sense; then nothing was started.
    """
    line = command(kernel, smp=smp, mem=mem, bios=bios, append=append, initrd=initrd, dtb=dtb,
                   icount=icount, extra=extra)
    console = Console(echo)
    start = time.monotonic()
    deadline = start + timeout if timeout else None
    with owned(line, interactive=interactive, pipes=True) as process:
        stopped, complaint = watch(process, console, deadline, output_limit, until)
    seconds = time.monotonic() - start
    status = None if stopped else process.returncode
    word, detail = judge(stopped, status, console.text(), complaint)
    detail = detail.format(timeout=f"{timeout:g}", limit=output_limit)
    return Outcome(word, status, console.text(), seconds, detail)


def watch(process: subprocess.Popen[bytes], console: Console, deadline: float | None,
          output_limit: int, until: str | None) -> tuple[str, str]:
    """Read until the end: why we stopped the run ("" when QEMU ended), and QEMU's complaints."""
    assert process.stdout is not None and process.stderr is not None
    complaint = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.get_map():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return "hang", complaint.decode("utf-8", "replace")
            for key, _ in selector.select(left):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    complaint = (complaint + data)[:STDERR_KEPT]
                else:
                    fresh = console.add(data)
                    if console.size > output_limit:
                        return "flood", ""
                    if until is not None and until in fresh:
                        return "pass", ""
    console.add(b"", final=True)
    try:
        process.wait(None if deadline is None else max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return "hang", complaint.decode("utf-8", "replace")
    return "", complaint.decode("utf-8", "replace")


def judge(stopped: str, status: int | None, output: str, complaint: str) -> tuple[str, str]:
    """The word for a run, and a sentence about it ({timeout} and {limit} are filled in later)."""
    if stopped == "hang":
        return "hang", "no end after {timeout} s: the kernel loops or waits; make gdb shows where"
    if stopped == "flood":
        return "flood", "more than {limit} bytes of output: does it print in a loop?"
    if stopped == "pass":
        return "pass", "stopped at the text waited for"
    assert status is not None
    error = own_error(complaint)
    if status < 0:
        return "early-exit", f"QEMU was killed by {signal.Signals(-status).name}"
    if status == 1 and error:
        return "early-exit", braces_kept(f"QEMU failed: {error}")
    panic = PANIC.search(output)
    if panic:
        return "panic", braces_kept(f"the kernel panicked ({panic[0][len('panic:'):].strip()})")
    if CANNOT_BOOT.search(output):
        return "fail", "the kernel cannot run on this machine; it says why above"
    if status:
        return "fail", f"the kernel ended with status {status}"
    lines = output.rstrip("\n").rsplit("\n", 1)
    if lines[-1] == LAST_LINE:
        return "pass", "the kernel shut down"
    return "early-exit", f"the machine went off before the kernel said `{LAST_LINE}`"


def own_error(complaint: str) -> str:
    """QEMU's own error message, if it printed one; its warnings do not count."""
    for text in complaint.splitlines():
        if text.startswith(f"{QEMU}: ") and "warning:" not in text and "terminating on" not in text:
            return text[len(QEMU) + 2:]
    return ""


def braces_kept(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


# The debugger -------------------------------------------------------------------------------------


def find_gdb() -> str:
    """The first debugger here that knows RISC-V."""
    for name in GDBS:
        gdb = shutil.which(name)
        if gdb is None:
            continue
        tried = subprocess.run([gdb, "-nx", "-batch", "-ex", "set architecture riscv:rv64"],
                               stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if tried.returncode == 0 and b"Undefined item" not in tried.stderr:
            return gdb
    raise BadRequest("no gdb that knows RISC-V is installed: run make setup")


def debug(kernel: str | Path, line: list[str]) -> int:
    """QEMU, paused at reset, with gdb in front of it; both are gone when gdb ends."""
    gdb = find_gdb()
    # Relative, because the path of a socket may have only about 100 characters.
    socket = os.path.relpath(Path(kernel).resolve().parent / f"gdb-{os.getpid()}.sock")
    stub = ["-S", "-gdb", "chardev:gdb", "-chardev",
            f"socket,path={socket.replace(',', ',,')},server=on,wait=off,id=gdb"]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is gdb's: it stops the guest
    try:
        with owned([*line, *stub], interactive=False, pipes=False) as process:
            wait_for(socket, process)
            return subprocess.run(
                [gdb, "-q", "-nx", "-ex", f'set $bosk_kernel = "{kernel}"',
                 "-ex", f'set $bosk_stub = "{socket}"', "-x", str(CI / "bosk.gdb")],
                check=False, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            ).returncode
    finally:
        signal.signal(signal.SIGINT, before)
        Path(socket).unlink(missing_ok=True)


def wait_for(socket: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        if Path(socket).is_socket():
            return
        if process.poll() is not None:
            raise BadRequest("QEMU did not start; its message stands above")
        time.sleep(0.01)
    raise BadRequest("QEMU did not open its gdb stub within 5 s")


# The command --------------------------------------------------------------------------------------


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Run the Bosk kernel in QEMU's virt machine.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit status: 0 pass; the guest's for fail and panic; 124 hang; 125 flood;\n"
               "126 early-exit; 2 for a request that makes no sense. The words:\n"
               + "\n".join((__doc__ or "").split("\n")[3:12]))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="run|gdb")
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--kernel", required=True, metavar="FILE", help="the kernel's ELF file")
    both.add_argument("--smp", default="1", help=f"number of harts, 1 to {MAX_SMP} (default 1)")
    both.add_argument("--mem", default="128M", help="RAM, like 64M or 1G (default 128M)")
    both.add_argument("--bios", metavar="FILE",
                      help="OpenSBI fw_dynamic image (default: see bootloader/find_firmware.py)")
    both.add_argument("--append", default="", metavar="TEXT", help="boot arguments for the kernel")
    both.add_argument("--initrd", metavar="FILE", help="archive with the root file system")
    both.add_argument("--dtb", metavar="FILE", help="device tree instead of QEMU's own")
    both.add_argument("--icount", action="store_true",
                      help="count instructions exactly (-icount shift=0)")
    start = verbs.add_parser("run", parents=[both], help="run it and say how it ended")
    start.add_argument("--timeout", type=float, metavar="SECONDS",
                       help="call it a hang after this time; 0 for never "
                       f"(default {DEFAULT_TIMEOUT:g}, or 0 with --interactive)")
    start.add_argument("--output-limit", type=int, default=DEFAULT_OUTPUT_LIMIT, metavar="BYTES",
                       help=f"call it a flood above this (default {DEFAULT_OUTPUT_LIMIT})")
    start.add_argument("--until", metavar="TEXT", help="stop and pass at a line with this text")
    start.add_argument("--interactive", action="store_true",
                       help="the guest reads the terminal")
    verbs.add_parser("gdb", parents=[both], help="start it paused, with gdb in front")
    return parser.parse_args()


def write_live(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def run_verb(options: argparse.Namespace, request: dict[str, object]) -> int:
    timeout = options.timeout
    if timeout is None:
        timeout = 0.0 if options.interactive else DEFAULT_TIMEOUT
    outcome = run(options.kernel, **request, timeout=timeout,  # type: ignore[arg-type]
                  output_limit=options.output_limit, until=options.until, echo=write_live,
                  interactive=options.interactive)
    if outcome.output and not outcome.output.endswith("\n"):
        write_live("\n")
    if outcome.ok:
        return 0
    print(f"bosk: {outcome.word}: {outcome.detail}", file=sys.stderr)
    return STATUS.get(outcome.word) or outcome.exit_status or 1


def end_on(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)


def main() -> int:
    options = parse()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, end_on)  # so that owned() cleans up
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    request = {key: getattr(options, key)
               for key in ("smp", "mem", "bios", "append", "initrd", "dtb", "icount")}
    try:
        if options.verb == "gdb":
            return debug(options.kernel, command(options.kernel, **request))
        return run_verb(options, request)
    except BadRequest as reason:
        print(f"bosk: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nbosk: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141


if __name__ == "__main__":
    sys.exit(main())
