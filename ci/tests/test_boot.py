"""Boots: every size of machine, several boot harts, and machines that nobody can boot on."""

from __future__ import annotations

import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from common import boot, kernel, need

MEMORY = ("32M", "64M", "128M", "1G", "4G", "8G")
HARTS = (1, 2, 4, 8)
ROUNDS = 3

boot_harts: set[int] = set()  # that the matrix has come across


@pytest.mark.parametrize("mem", MEMORY)
@pytest.mark.parametrize("smp", HARTS)
def test_boot_matrix(smp: int, mem: str) -> None:
    for _ in range(1 if smp == 1 else ROUNDS):
        outcome = boot(kernel("demo"), smp=smp, mem=mem, timeout=30)
        assert outcome.word == "pass", outcome.output
        found = re.search(r"harts +(\d+), booted on hart (\d+)", outcome.output)
        assert found and int(found[1]) == smp and int(found[2]) < smp
        boot_harts.add(int(found[2]))
        mib = int(mem[:-1]) * (1024 if mem.endswith("G") else 1)
        assert f"RAM       {mib} MiB from 0x80000000" in outcome.output
        assert "heap_test passed!" in outcome.output


def test_boot_matrix_saw_several_boot_harts() -> None:
    for _ in range(40):
        if len(boot_harts) > 1:
            break
        output = boot(kernel("demo"), smp=8, timeout=30).output
        boot_harts.add(int(re.search(r"booted on hart (\d+)", output)[1]))  # type: ignore[index]
    assert len(boot_harts) > 1, f"only {boot_harts}"


@pytest.mark.parametrize("mem", ["16M", "128M", "4G"])
def test_a_heap_on_page_frames_boots(mem: str) -> None:
    outcome = boot(kernel("demo-paged"), mem=mem, timeout=30)
    assert outcome.word == "pass" and "heap_test passed!" in outcome.output, outcome.output
    addresses = re.findall(r"(?:box of 41|vector of 500 numbers) lives at 0x(\w+)", outcome.output)
    assert len(addresses) == 2 and all(address.startswith("ffffffe0") for address in addresses)


def test_boot_does_not_walk_every_frame() -> None:
    """Each frame that is there with 4 GiB, and not with 128 MiB, costs less than an instruction."""
    def set_up(mem: str) -> tuple[int, int]:
        output = boot(kernel("demo-paged"), mem=mem, append="log=debug", icount=True, timeout=30).output
        instructions = re.search(r"memory was set up in (\d+) instructions", output)
        frames = re.search(r"frames +(\d+) of 4 KiB are free", output)
        assert instructions and frames, output
        return int(instructions[1]), int(frames[1])

    (few, few_frames), (many, many_frames) = set_up("128M"), set_up("4G")
    assert many_frames > 30 * few_frames
    assert few < many < few + (many_frames - few_frames) / 2


def test_clang_kernel_boots() -> None:
    outcome = boot(kernel("demo", "clang"), smp=4, timeout=30)
    assert outcome.word == "pass" and "heap_test passed!" in outcome.output


def tree_without(tmp_path: Path, edit: str, replacement: str) -> Path:
    """QEMU's own device tree as text, with each match of a pattern replaced, as a file."""
    need("dtc")
    original, source, changed = (tmp_path / name for name in ("virt.dtb", "virt.dts", "changed.dtb"))
    subprocess.run(["qemu-system-riscv64", "-machine", f"virt,dumpdtb={original}", "-m", "128M", "-display", "none"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", "-o", source, original], check=True)
    text, count = re.subn(edit, replacement, source.read_text(), flags=re.DOTALL)
    assert count > 0, f"{edit} is not in the tree"
    source.write_text(text)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", changed, source], check=True)
    return changed


BAD_TREES = {
    "no_memory": (r"memory@80000000 \{.*?\};", "", r"device tree has no memory node"),
    "little_memory": (r"(memory@80000000 \{.*?reg = <)[^>]*>", r"\g<1>0 0x80000000 0 0x400000>",
                      r"too little RAM: the kernel needs \d+ MiB from 0x80200000 on"),
    "unknown_uart": (
        r'stdout-path = "[^"]*";(.*?)(poweroff \{)',
        r'stdout-path = "/uart@1000";\1uart@1000 { compatible = "acme,uart9"; reg = <0 0x1000 0 0x100>; };\2',
        r'/uart@1000.*acme,uart9.*no driver'),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TREES)
def test_a_tree_that_will_not_do_gives_one_line(case: str, tmp_path: Path) -> None:
    edit, replacement, message = BAD_TREES[case]
    outcome = boot(kernel("demo"), dtb=tree_without(tmp_path, edit, replacement), timeout=10)
    lines = [line for line in outcome.output.splitlines() if line.startswith("bosk: cannot boot: ")]
    assert len(lines) == 1 and re.search(message, lines[0]), outcome.output
    assert outcome.word == "fail"


def test_a_machine_whose_only_uart_is_unknown_fails_in_silence(tmp_path: Path) -> None:
    """The firmware has no driver for it either, so that nobody can print: the host must notice."""
    tree = tree_without(tmp_path, 'compatible = "ns16550a"', 'compatible = "acme,uart9"')
    assert boot(kernel("demo"), dtb=tree, timeout=10).word == "early-exit"


@pytest.mark.parametrize(("level", "levels"), [("error", []), ("info", []), ("debug", ["debug"])])
def test_log_lines_above_the_level_are_dropped(level: str, levels: list[str]) -> None:
    output = boot(kernel("demo"), append=f"log={level}", timeout=10).output
    assert sorted(set(re.findall(r"^\[(\w+)\] ", output, re.MULTILINE))) == levels
    assert ("[debug] UART 16550 at 0x10000000, finisher at 0x100000" in output) == (level == "debug")


def test_a_machine_that_nobody_can_switch_off_is_called_a_hang(tmp_path: Path) -> None:
    """Without a finisher in the tree the firmware cannot end QEMU either."""
    tree = tree_without(tmp_path, r'"sifive,test1\\0sifive,test0\\0syscon"', '"syscon"')
    outcome = boot(kernel("demo"), dtb=tree, timeout=3)
    assert outcome.word == "hang" and "[warn] no test finisher" in outcome.output


def test_an_unknown_bootarg_gives_one_line() -> None:
    outcome = boot(kernel("demo"), append="log=debug colour=red", timeout=10)
    assert 'bosk: cannot boot: unknown bootarg "colour=red"' in outcome.output
    assert (outcome.word, outcome.exit_status) == ("fail", 2)


@pytest.mark.parametrize("register", ["0", "0x80200000", "0x12345", "0x81000000"])
def test_a_missing_tree_gives_one_line(register: str, tmp_path: Path) -> None:
    """The debugger changes a1 between the firmware and the kernel."""
    need("gdb-multiarch")
    stub = tmp_path / "gdb"
    commands = ["set confirm off", "set architecture riscv:rv64", f"target remote {stub}",
                "hbreak *0x80200000", "continue", f"set $a1 = {register}", "delete", "detach"]  # fmt: skip
    paused = ["-S", "-chardev", f"socket,path={stub},server=on,wait=off,id=gdb", "-gdb", "chardev:gdb"]
    with ThreadPoolExecutor() as pool:
        guest = pool.submit(boot, kernel("demo"), extra=paused, timeout=20)
        while not stub.exists():
            assert not guest.done(), guest.result().output
            time.sleep(0.01)
        gdb = subprocess.run(
            ["gdb-multiarch", "-batch", "-nx", *(word for line in commands for word in ("-ex", line))],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=20, check=False,
        )  # fmt: skip
        assert "Breakpoint 1, " in gdb.stdout, gdb.stdout
        outcome = guest.result()
    assert re.search(r"^bosk: cannot boot: .*tree", outcome.output, re.MULTILINE), outcome.output
    assert outcome.word == "fail"
