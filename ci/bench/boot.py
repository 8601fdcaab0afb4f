"""Times a boot: from the start of QEMU until a line of output is there, and until QEMU ends."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
FIND_FIRMWARE = REPOSITORY / "bootloader" / "find_firmware.py"
MACHINE = (
    "qemu-system-riscv64 -machine virt -m 128M -smp 1 -display none -serial stdio -monitor none"
    " -no-reboot"
).split()
LIMIT = 20.0  # seconds for one boot


class BootFailed(Exception):
    """What went wrong in a boot that was to be timed."""


@dataclass
class Boot:
    to_line: float  # seconds; to the end where no line was waited for
    to_exit: float


def firmware(bios: str) -> str:
    """The path of OpenSBI's fw_dynamic; `bios` names one, or is empty."""
    command = [sys.executable, str(FIND_FIRMWARE)] + (["--bios", bios] if bios else [])
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise BootFailed(found.stderr.strip())
    return found.stdout.strip()


def boot(bios: str, kernel: Path, line: bytes) -> Boot:
    """Boot once. The line is not waited for where it is empty."""
    start = time.perf_counter()
    command = MACHINE + ["-bios", bios, "-kernel", str(kernel)]
    to_line = None if line else 0.0
    output = b""
    with (
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu,
        selectors.DefaultSelector() as selector,
    ):
        assert qemu.stdout is not None
        selector.register(qemu.stdout, selectors.EVENT_READ)
        while True:
            left = start + LIMIT - time.perf_counter()
            if left <= 0 or not selector.select(left):
                qemu.kill()
                raise BootFailed(f"{kernel} did not end within {LIMIT:.0f} s")
            piece = os.read(qemu.stdout.fileno(), 1 << 16)
            if not piece:
                break
            output += piece
            if to_line is None and line in output:
                to_line = time.perf_counter() - start
        status = qemu.wait()
    to_exit = time.perf_counter() - start
    if status != 0 or to_line is None:
        raise BootFailed(f"{kernel} ended with status {status}, or without {line.decode()!r}")
    return Boot(to_line or to_exit, to_exit)


def boots(bios: str, kernels: dict[Path, bytes], runs: int) -> dict[Path, list[Boot]]:
    """Boot each kernel `runs` times. They take turns, so that what slows the machine down for a
    while slows all of them down. One boot of each comes before, uncounted."""
    times: dict[Path, list[Boot]] = {kernel: [] for kernel in kernels}
    for turn in range(runs + 1):
        for kernel, line in kernels.items():
            done = boot(bios, kernel, line)
            if turn > 0:
                times[kernel].append(done)
    return times
