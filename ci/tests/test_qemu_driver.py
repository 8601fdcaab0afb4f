"""ci/qemu.py gives each way for a run to end its word, and never leaves a QEMU behind.

The kernels are a dozen instructions each, made here: they print by SBI's legacy console and end.
"""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import qemu  # noqa: E402
from qemu import find_firmware  # noqa: E402

DRIVER = Path(qemu.__file__)
COMPILERS = ("riscv64-unknown-elf-gcc", "riscv64-elf-gcc", "riscv64-linux-gnu-gcc")
GCC = next((name for name in COMPILERS if shutil.which(name)), None)
CONSOLE_IS_SLOW = 10.0  # seconds that a run which must end by itself may take

pytestmark = [
    pytest.mark.skipif(shutil.which(qemu.QEMU) is None, reason=f"{qemu.QEMU} is not installed"),
    pytest.mark.skipif(GCC is None, reason=f"none of {', '.join(COMPILERS)} is installed"),
]

SOURCE = """
.globl _start
_start:
again:
    la s0, message
1:  lbu a0, (s0)
    beqz a0, 2f
    li a7, 1
    ecall
    addi s0, s0, 1
    j 1b
2:  {end}
3:  j 3b
.section .rodata
message: .asciz "{message}"
.bss
.space {bss}
"""
LAYOUT = """
ENTRY(_start)
SECTIONS {
    . = 0x80200000;
    .text : { *(.text) *(.rodata) }
    .bss : { *(.bss) }
    /DISCARD/ : { *(.note.*) *(.riscv.attributes) }
}
"""
SPIN = "nop"
FLOOD = "j again"
SAYS_DONE = "hello\\r\\nbosk: shutting down\\r\\n"


def finish(value: int) -> str:
    """End by virt's test finisher: 0x5555 is success, status << 16 | 0x3333 a failure."""
    return f"li t0, {value:#x}; li t1, 0x100000; sw t0, (t1)"


EXIT_0 = finish(0x5555)
EXIT_1 = finish(1 << 16 | 0x3333)
EXIT_7 = finish(7 << 16 | 0x3333)
SRST = "li a7, 0x53525354; li a6, 0; li a0, 0; li a1, 1; ecall"  # shutdown, system failure

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(end: str, message: str = "", bss: int = 8) -> Path:
        (tmp_path / "layout.ld").write_text(LAYOUT)
        (tmp_path / "kernel.S").write_text(SOURCE.format(end=end, message=message, bss=bss))
        subprocess.run(
            [str(GCC), "-march=rv64imac", "-mabi=lp64", "-mcmodel=medany", "-nostdlib", "-static",
             "-no-pie", "-Wl,-T,layout.ld,--build-id=none,-z,norelro", "-o", "kernel.elf",
             "kernel.S"],
            cwd=tmp_path, check=True, capture_output=True)
        return tmp_path / "kernel.elf"

    return build


def run(kernel: Path, **request: object) -> qemu.Outcome:
    return qemu.run(kernel, **{"timeout": CONSOLE_IS_SLOW, **request})  # type: ignore[arg-type]


def start_driver(kernel: Path, *options: str) -> subprocess.Popen[str]:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen([sys.executable, str(DRIVER), "run", "--kernel", str(kernel), *options],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=environment)


def command(kernel: Path | str, *options: str, path: str | None = None) -> tuple[int, str, str]:
    """Exit status, output and complaints of the driver as a command."""
    done = subprocess.run([sys.executable, str(DRIVER), "run", "--kernel", str(kernel), *options],
                          env=os.environ if path is None else {**os.environ, "PATH": path},
                          capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True,
                           check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


def children(parent: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True,
                           check=True).stdout
    pairs = [line.split() for line in table.splitlines()]
    return [int(pid) for pid, ppid in pairs if int(ppid) == parent]


def wait_until(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


# The words ----------------------------------------------------------------------------------------


def test_a_kernel_that_says_goodbye_and_exits_0_passes(make: Make) -> None:
    outcome = run(make(EXIT_0, SAYS_DONE))
    assert (outcome.word, outcome.exit_status) == ("pass", 0)


def test_output_has_no_carriage_return(make: Make) -> None:
    assert run(make(EXIT_0, SAYS_DONE)).output.endswith("hello\nbosk: shutting down\n")


def test_bytes_that_are_not_utf8_do_not_stop_a_run(make: Make) -> None:
    outcome = run(make(EXIT_0, "\\377\\nbosk: shutting down\\n"))
    assert outcome.word == "pass" and "\ufffd\n" in outcome.output


def test_a_status_of_the_kernel_s_own_is_a_fail(make: Make) -> None:
    outcome = run(make(EXIT_7, "hello\\n"))
    assert (outcome.word, outcome.exit_status) == ("fail", 7)


def test_saying_goodbye_does_not_excuse_a_bad_status(make: Make) -> None:
    assert run(make(EXIT_7, SAYS_DONE)).word == "fail"


def test_a_kernel_that_cannot_boot_fails(make: Make) -> None:
    outcome = run(make(EXIT_1, "bosk: cannot boot: no memory\\n"))
    assert (outcome.word, outcome.exit_status) == ("fail", 1)


def test_a_panic_line_with_status_1_is_a_panic(make: Make) -> None:
    outcome = run(make(EXIT_1, "hello\\npanic: out of {luck}\\n"))
    assert (outcome.word, outcome.exit_status) == ("panic", 1)
    assert "out of {luck}" in outcome.detail


def test_a_panic_that_ends_by_srst_is_a_panic_although_qemu_exits_0(make: Make) -> None:
    outcome = run(make(SRST, "panic: at the disco\\n"))
    assert (outcome.word, outcome.exit_status) == ("panic", 0)


def test_the_word_panic_inside_a_line_is_no_panic(make: Make) -> None:
    assert run(make(EXIT_0, "do not panic: \\nbosk: shutting down\\n")).word == "pass"


def test_a_kernel_that_spins_hangs(make: Make) -> None:
    outcome = run(make(SPIN, "before\\n"), timeout=1.0)
    assert (outcome.word, outcome.exit_status) == ("hang", None)
    assert "before\n" in outcome.output and 1.0 <= outcome.seconds < 2.5


def test_endless_output_is_a_flood(make: Make) -> None:
    outcome = run(make(FLOOD, "la\\n"), output_limit=5000)
    assert outcome.word == "flood"


def test_exit_0_without_goodbye_is_an_early_exit(make: Make) -> None:
    assert run(make(EXIT_0)).word == "early-exit"


def test_srst_without_goodbye_is_an_early_exit(make: Make) -> None:
    assert run(make(SRST, "hello\\n")).word == "early-exit"


def test_goodbye_must_be_the_last_line(make: Make) -> None:
    assert run(make(EXIT_0, "bosk: shutting down\\nor not\\n")).word == "early-exit"


def test_a_qemu_that_refuses_to_start_is_an_early_exit_with_its_reason(make: Make) -> None:
    outcome = run(make(EXIT_0, SAYS_DONE), extra=["-no-such-option"])
    assert outcome.word == "early-exit" and "invalid option" in outcome.detail


def test_a_qemu_that_is_killed_is_an_early_exit(make: Make, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"

    def kill() -> None:
        wait_until(lambda: pidfile.exists() and pidfile.read_text().strip() != "")
        os.kill(int(pidfile.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = run(make(SPIN), extra=["-pidfile", str(pidfile)])
    killer.join()
    assert outcome.word == "early-exit" and "SIGKILL" in outcome.detail


def test_until_stops_a_run_at_its_text(make: Make) -> None:
    outcome = run(make(SPIN, "heap_test passed!\\n"), until="heap_test passed!")
    assert outcome.word == "pass" and outcome.seconds < CONSOLE_IS_SLOW


# Nothing is left behind ---------------------------------------------------------------------------


def test_a_hang_leaves_no_qemu(make: Make, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    watched: list[int] = []

    def remember(_text: str) -> None:
        watched.append(int(pidfile.read_text()))

    run(make(SPIN, "x"), timeout=1.0, extra=["-pidfile", str(pidfile)], echo=remember)
    assert watched and not is_alive(watched[0])


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_driver_ended_by_a_signal_leaves_no_qemu(make: Make, name: str) -> None:
    if name == "SIGKILL" and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends a child with its parent")
    with start_driver(make(SPIN, "ready\\n")) as driver:
        assert driver.stdout is not None
        assert any(line == "ready\n" for line in iter(driver.stdout.readline, ""))
        machines = children(driver.pid)
        driver.send_signal(getattr(signal, name))
        status = driver.wait(5)
    number = getattr(signal, name)
    assert status == (-number if name == "SIGKILL" else 128 + number)
    assert len(machines) == 1
    assert wait_until(lambda: not is_alive(machines[0]))


# The command --------------------------------------------------------------------------------------


def test_output_comes_while_the_guest_runs(make: Make) -> None:
    with start_driver(make(SPIN, "no newline yet"), "--timeout", "8") as driver:
        assert driver.stdout is not None
        text = ""
        start = time.monotonic()
        while not text.endswith("no newline yet"):
            text += driver.stdout.read(1)
        assert time.monotonic() - start < 6
        driver.terminate()


@pytest.mark.parametrize("end, message, options, status, word", [
    (EXIT_0, SAYS_DONE, [], 0, None),
    (EXIT_7, "", [], 7, "fail"),
    (EXIT_1, "panic: x\\n", [], 1, "panic"),
    (SRST, "panic: x\\n", [], 1, "panic"),
    (SPIN, "", ["--timeout", "1"], 124, "hang"),
    (FLOOD, "la\\n", ["--output-limit", "5000"], 125, "flood"),
    (EXIT_0, "", [], 126, "early-exit"),
], ids=["pass", "fail", "panic", "panic-by-srst", "hang", "flood", "early-exit"])
def test_the_command_ends_with_one_line_and_its_status(
        make: Make, end: str, message: str, options: list[str], status: int,
        word: str | None) -> None:
    code, _, complaint = command(make(end, message), *options)
    assert code == status
    if word is None:
        assert complaint == ""
    else:
        assert complaint.startswith(f"bosk: {word}: ") and complaint.count("\n") == 1


@pytest.mark.parametrize("options, message", [
    (["--smp", "0"], "SMP=0 is not a number of harts from 1 to 8"),
    (["--smp", "9"], "SMP=9 is not a number of harts from 1 to 8"),
    (["--smp", "two"], "SMP=two is not a number of harts from 1 to 8"),
    (["--smp=-1"], "SMP=-1 is not a number of harts from 1 to 8"),
    (["--smp", ""], "SMP= is not a number of harts from 1 to 8"),
    (["--mem", "128"], "MEM=128 is not an amount of memory like 64M or 1G"),
    (["--mem", "1.5G"], "MEM=1.5G is not an amount of memory like 64M or 1G"),
    (["--mem", "64m"], "MEM=64m is not an amount of memory like 64M or 1G"),
    (["--mem", "5M"], "MEM=5M is too small: this kernel needs at least 6M"),
    (["--mem", "9G"], "MEM=9G is too large: at most 8G"),
    (["--bios", "/nowhere"], "BIOS=/nowhere is not an OpenSBI fw_dynamic image"),
    (["--initrd", "/nowhere"], "INITRD=/nowhere: there is no such file"),
    (["--dtb", "/nowhere"], "DTB=/nowhere: there is no such file"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_wrong_value_gets_one_clear_line(make: Make, options: list[str], message: str) -> None:
    code, output, complaint = command(make(EXIT_0), *options)
    assert (code, output) == (2, "")
    assert complaint.startswith(f"bosk: {message}") and complaint.count("\n") == 1


def test_a_kernel_that_is_not_there_gets_one_clear_line() -> None:
    code, _, complaint = command("/nowhere")
    assert code == 2
    assert complaint == ("bosk: cannot read the kernel /nowhere: No such file or directory: "
                         "run make build\n")


def elf(magic: bytes = b"\x7fELF", bits: int = 2, machine: int = 243, kind: int = 1) -> bytes:
    head = struct.pack("<4sB11xHHIQQQIHHHHHH", magic, bits, 2, machine, 1, 0x80200000, 64, 0, 0,
                       64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", kind, 5, 120, 0x80200000, 0x80200000, 0, 4096, 4096)


def test_a_kernel_s_end_is_read_from_its_segments(tmp_path: Path) -> None:
    (tmp_path / "kernel").write_bytes(elf())
    assert qemu.image_end(tmp_path / "kernel") == 0x80201000


@pytest.mark.parametrize("content", [
    b"", b"\x7fELF", b"text" * 50, elf()[:100], elf(b"\x7fELG"), elf(bits=1), elf(machine=62),
    elf(kind=2),
], ids=["empty", "only the magic", "text", "cut short", "wrong magic", "32-bit", "x86-64",
        "no segment"])
def test_a_kernel_that_is_no_riscv_elf_gets_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kernel").write_bytes(content)
    code, _, complaint = command(tmp_path / "kernel")
    assert code == 2
    assert complaint == f"bosk: {tmp_path}/kernel is not an ELF file for 64-bit RISC-V\n"


def test_without_qemu_the_command_says_so(make: Make, tmp_path: Path) -> None:
    code, _, complaint = command(make(EXIT_0), path=str(tmp_path))
    assert code == 2
    assert complaint == f"bosk: {qemu.QEMU} is not installed: run make setup\n"


# Memory and firmware ------------------------------------------------------------------------------


@pytest.mark.parametrize("bss", [8, 0x1FF000, 0x200000, 0x9FF000], ids=hex)
@pytest.mark.parametrize("smp", [1, 8])
def test_a_kernel_boots_with_the_least_memory_that_is_accepted(
        make: Make, bss: int, smp: int) -> None:
    kernel = make(EXIT_0, SAYS_DONE, bss)
    least = qemu.memory_needed(kernel) // qemu.MIB
    assert run(kernel, mem=f"{least}M", smp=smp).word == "pass"


def test_the_release_read_from_the_firmware_is_the_one_it_prints(make: Make) -> None:
    output = run(make(EXIT_0, SAYS_DONE)).output
    release = find_firmware.version(find_firmware.check(find_firmware.find()))
    assert f"OpenSBI v{release}\n" in output
