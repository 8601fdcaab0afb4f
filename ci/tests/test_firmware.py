"""bootloader/find_firmware.py takes an OpenSBI fw_dynamic, and nothing else."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BOOTLOADER = Path(__file__).resolve().parent.parent.parent / "bootloader"
sys.path.insert(0, str(BOOTLOADER))
import find_firmware  # noqa: E402
from find_firmware import NotFirmware  # noqa: E402

DEBIAN = Path("/usr/lib/riscv64-linux-gnu/opensbi/generic")


def present(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path} is not installed")
    return path


def one_in_qemu() -> Path:
    for folder in find_firmware.qemu_folders():
        if (folder / find_firmware.QEMU_COPY).exists():
            return folder / find_firmware.QEMU_COPY
    pytest.skip(f"QEMU brings no {find_firmware.QEMU_COPY}")


@pytest.fixture
def good() -> Path:
    """Some firmware of this machine."""
    try:
        return find_firmware.find()
    except NotFirmware as reason:
        pytest.skip(str(reason))
    finally:
        find_firmware.find.cache_clear()  # a test may move what find() looks at


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    find_firmware.find.cache_clear()
    yield
    find_firmware.find.cache_clear()


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def as_elf(firmware: Path, address: int) -> bytes:
    """The image as an ELF file of one segment at that physical address."""
    image = find_firmware.check(firmware)
    head = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 2, find_firmware.EM_RISCV, 1,
                       address, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", find_firmware.PT_LOAD, 7, 120, address, address,
                          len(image), len(image), 8)
    return head + segment + image


def refusal(path: Path) -> str:
    with pytest.raises(NotFirmware) as reason:
        find_firmware.check(path)
    return str(reason.value)


# What is one --------------------------------------------------------------------------------------


def test_the_distribution_s_fw_dynamic_is_accepted() -> None:
    find_firmware.check(present(DEBIAN / "fw_dynamic.bin"))


def test_qemu_s_own_copy_is_accepted() -> None:
    find_firmware.check(one_in_qemu())


def test_the_same_as_an_elf_file_is_accepted(good: Path, tmp_path: Path) -> None:
    find_firmware.check(put(tmp_path / "fw.elf", as_elf(good, 0x80000000)))


# What is not --------------------------------------------------------------------------------------


def test_fw_jump_is_refused() -> None:
    path = present(DEBIAN / "fw_jump.bin")
    assert refusal(path) == "it is OpenSBI, but not the fw_dynamic variant"


def test_fw_dynamic_for_32_bits_is_refused(good: Path, tmp_path: Path) -> None:
    image = bytearray(find_firmware.check(good))
    at = next(hit.start() for hit in find_firmware.LUI_MAGIC.finditer(image))
    image[at + 8:at + 10] = b"\x08\x42"  # c.lw a0, 0(a2) in place of ld
    assert refusal(put(tmp_path / "fw32.bin", image)) == "it is for 32-bit RISC-V"


@pytest.mark.parametrize("percent", [10, 50, 75])
def test_one_cut_short_is_refused(good: Path, tmp_path: Path, percent: int) -> None:
    image = find_firmware.check(good)
    refusal(put(tmp_path / "cut.bin", image[:len(image) * percent // 100]))


@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize("padding", [64, 72, 80])
def test_a_relocation_beyond_the_end_tells_that_an_image_was_cut(
        tmp_path: Path, padding: int, beyond: bool) -> None:
    start = struct.pack("<IIHH", 0x494255B7, 0x34F5859B, 0x6208, 0) + find_firmware.BANNER
    words = [0x80000000 + 8 * i for i in range(find_firmware.SHORTEST_TABLE)]
    table = b"".join(struct.pack("<QQQ", word, 3, 0x80000000) for word in words)
    size = padding + len(table)
    last = struct.pack("<QQQ", 0x80000000 + size + (24 if beyond else 0), 3, 0x80000000)
    path = put(tmp_path / "fw.bin", start.ljust(padding, b"\0") + table + last)
    if beyond:
        assert refusal(path) == "it was cut short"
    else:
        find_firmware.check(path)


def test_an_elf_cut_short_is_refused(good: Path, tmp_path: Path) -> None:
    whole = as_elf(good, 0x80000000)
    for length in (4, 20, 63, 64, 119, 200, len(whole) // 2, len(whole) - 1):
        assert refusal(put(tmp_path / "cut.elf", whole[:length])) == "it was cut short"


def test_an_elf_that_qemu_would_put_elsewhere_is_refused(good: Path, tmp_path: Path) -> None:
    assert "linked for 0x0" in refusal(put(tmp_path / "fw.elf", as_elf(good, 0)))


@pytest.mark.parametrize("content, reason", [
    (b"", "it is empty"),
    (bytes(1 << 17), "it is not OpenSBI"),
    (b"#!/bin/sh\necho OpenSBI fw_dynamic\n", "it is not OpenSBI"),
    (b"\nOpenSBI v%d.%d\n" + bytes(1 << 17), "it is OpenSBI, but not the fw_dynamic variant"),
    (b"\x7fELF", "it was cut short"),
    (b"\x7fELF\x01" + bytes(13) + b"\xf3\0" + bytes(200), "it is not for 64-bit RISC-V"),
    (b"\x7fELF\x02" + bytes(13) + b"\xf3\0" + b"\xff" * 200, "it was cut short"),
], ids=["empty", "zeros", "script", "a banner only", "ELF magic", "32-bit ELF", "wild ELF"])
def test_another_file_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    assert refusal(put(tmp_path / "file", content)) == reason


@pytest.mark.parametrize("path, reason", [
    ("/dev/zero", "it is not a regular file"),
    ("/", "it is not a regular file"),
    ("/nowhere", "there is no such file"),
])
def test_what_is_no_file_is_refused(path: str, reason: str) -> None:
    assert refusal(Path(path)) == reason


# Which one is chosen ------------------------------------------------------------------------------


def test_bios_wins_over_every_other(good: Path, tmp_path: Path) -> None:
    mine = put(tmp_path / "mine.bin", find_firmware.check(good))
    assert find_firmware.find(str(mine)) == mine


def test_a_bad_bios_is_an_error_although_others_are_good(good: Path) -> None:
    with pytest.raises(NotFirmware, match="BIOS=/dev/null is not an OpenSBI fw_dynamic image"):
        find_firmware.find("/dev/null")


def test_one_built_from_source_wins_over_the_distribution_s(
        good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = put(tmp_path / "built.bin", find_firmware.check(good))
    monkeypatch.setattr(find_firmware, "BUILT", built)
    assert find_firmware.find() == built


def test_a_broken_build_is_passed_over(
        good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_firmware, "BUILT", put(tmp_path / "built.bin", b"broken"))
    assert find_firmware.find() != tmp_path / "built.bin"


def test_with_none_the_line_says_what_to_do(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_firmware, "BUILT", tmp_path / "none")
    monkeypatch.setattr(find_firmware, "PACKAGED", ())
    monkeypatch.setattr(find_firmware, "qemu_folders", lambda: [])
    with pytest.raises(NotFirmware) as reason:
        find_firmware.find()
    assert str(reason.value) == ("no OpenSBI fw_dynamic firmware found: "
                                 "run make setup, or name one with BIOS=FILE")


def test_the_command_prints_the_path_alone(good: Path) -> None:
    done = subprocess.run([sys.executable, str(BOOTLOADER / "find_firmware.py")],
                          capture_output=True, text=True, check=True)
    assert done.stdout == f"{good}\n" and done.stderr == ""


def test_the_command_refuses_in_one_line() -> None:
    done = subprocess.run([sys.executable, str(BOOTLOADER / "find_firmware.py"), "--bios", "/"],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bosk: BIOS=/ is not") and done.stderr.count("\n") == 1
