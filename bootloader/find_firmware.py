#!/usr/bin/env python3
"""Choose the OpenSBI firmware that starts the kernel, and check that it is one.

Bosk boots with OpenSBI's fw_dynamic: the variant that is told at run time, through a2, where the
kernel lies. fw_jump has that address built in, fw_payload has a kernel built in, and anything else
leaves a student in front of a silent screen; so a file is looked into before QEMU gets it.

What the check knows, whatever compiler and release (1.0 and later) built the image:
- every OpenSBI prints a banner that starts with "OpenSBI ";
- only fw_dynamic compares what a2 points at with the magic number "OSBI" (0x4942534f), which
  RISC-V has to load with the pair `lui rd,0x49425; addi(w) rd,rd,0x34f`; the load of the word to
  compare follows, `ld` in a 64-bit image and `lw` in a 32-bit one;
- a position-independent image lists the words to relocate: one that lies beyond the end of the
  file means that the file was cut short. (A cut that takes the list away is not noticed.)
"""

from __future__ import annotations

import argparse
import functools
import glob
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BUILT = REPOSITORY / "build" / "bootloader" / "fw_dynamic.bin"
PACKAGED = (  # glob patterns: Debian and Ubuntu; other distributions
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/opensbi/**/*fw_dynamic.bin",
    "/usr/lib/opensbi/**/*fw_dynamic.bin",
)
QEMU = "qemu-system-riscv64"
QEMU_COPY = "opensbi-riscv64-generic-fw_dynamic.bin"

FIRMWARE_START = 0x80000000  # where QEMU starts it; a .bin moves itself to where it lies
LARGEST_IMAGE = 16 << 20
LUI_MAGIC = re.compile(rb"[\x37\xb7][\x50-\x5f]\x42\x49", re.DOTALL)  # lui rd, 0x49425
AUIPC_A0 = re.compile(rb"\x17[\x05\x15\x25\x35\x45\x55\x65\x75\x85\x95\xa5\xb5\xc5\xd5\xe5\xf5]")
BANNER = b"\nOpenSBI "
R_RISCV_RELATIVE = 3
SHORTEST_TABLE = 32  # entries; OpenSBI 1.1 has 283
LINK_ALIGN = 2 << 20
A0, A1, A2 = 10, 11, 12  # register numbers
PT_LOAD = 1
EM_RISCV = 243


class NotFirmware(Exception):
    """The reason, in words, why a file is not an OpenSBI fw_dynamic image."""


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def read_image(path: Path) -> bytes:
    """The file as it will lie in memory: a .bin as it is, an .elf with its segments laid out."""
    if not path.exists():
        raise NotFirmware("there is no such file")
    if not path.is_file():
        raise NotFirmware("it is not a regular file")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_IMAGE + 1)
    except OSError as error:
        raise NotFirmware(f"it cannot be read ({error.strerror})") from error
    if not data:
        raise NotFirmware("it is empty")
    if len(data) > LARGEST_IMAGE:
        raise NotFirmware("it is far too large")
    return lay_out_elf(data) if data.startswith(b"\x7fELF") else data


def lay_out_elf(data: bytes) -> bytes:
    if len(data) < 64:
        raise NotFirmware("it was cut short")
    machine, = struct.unpack_from("<H", data, 18)
    if data[4] != 2 or machine != EM_RISCV:
        raise NotFirmware("it is not for 64-bit RISC-V")
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    if size < 56 or table + size * count > len(data):
        raise NotFirmware("it was cut short")
    headers = [struct.unpack_from("<IIQQQQ", data, table + size * i) for i in range(count)]
    loads = [(paddr, offset, filesz) for kind, _, offset, _, paddr, filesz in headers
             if kind == PT_LOAD and filesz]
    base = min((paddr for paddr, _, _ in loads), default=0)
    if base != FIRMWARE_START:
        raise NotFirmware(f"it is linked for {base:#x}, not {FIRMWARE_START:#x}: "
                          "take the .bin file that was made with it")
    image = bytearray()
    for paddr, offset, filesz in sorted(loads):
        if offset + filesz > len(data):
            raise NotFirmware("it was cut short")
        if paddr - base > LARGEST_IMAGE:
            raise NotFirmware("its segments lie far apart")
        image.extend(bytes(max(0, paddr - base - len(image))))
        image[paddr - base:paddr - base + filesz] = data[offset:offset + filesz]
    return bytes(image)


def magic_width(image: bytes) -> int | None:
    """How many bits wide the code is that looks for the magic number; None without such code."""
    for hit in LUI_MAGIC.finditer(image):
        at = hit.start()
        if at % 2 or at + 12 > len(image):
            continue
        lui, add, load = struct.unpack_from("<III", image, at)
        rd = lui >> 7 & 31
        if add >> 20 != 0x34F or add >> 15 & 31 != rd or add >> 7 & 31 != rd:
            continue
        if add & 0x707F not in (0x13, 0x1B):  # addi, addiw
            continue
        return 32 if load & 0x707F == 0x2003 or load & 0xE003 == 0x4000 else 64  # lw, c.lw
    return None


def is_cut_short(image: bytes) -> bool:
    """True when the relocation table names a word beyond the end of the image.

    An entry is three words: where, kind, target. The table is the first long run of entries of
    one kind; addresses count from a multiple of 2 MiB. An image without a table passes.
    """
    words = struct.unpack_from(f"<{len(image) // 8}Q", image)
    kinds = bytes(word == R_RISCV_RELATIVE for word in words)
    for column in range(3):
        entries = kinds[column::3]
        first = entries.find(b"\1" * SHORTEST_TABLE)
        if first > 0:
            last = entries.find(b"\0", first)
            where = words[column - 1 + 3 * first:column - 1 + 3 * last if last > 0 else None:3]
            return max(where) % LINK_ALIGN + 8 > len(image)
    return False


def version(image: bytes) -> str:
    """The release that the banner names, from the code that prints it; "" when that is unclear.

    The code is printf("\\nOpenSBI v%d.%d\\n", major, minor), or ("\\nOpenSBI %s\\n", text) in a
    build from a git checkout: a0 is the banner, and a1 and a2 are set within a few instructions.
    """
    banner = image.find(BANNER)
    for hit in AUIPC_A0.finditer(image, 0, banner if banner > 0 else 0):
        at = hit.start()
        if at % 2 == 0 and pc_relative(image, at, A0) == banner:
            near = range(max(0, at - 12), at + 16, 2)
            halves = [struct.unpack_from("<H", image, i)[0] for i in near]
            numbers = {half >> 7 & 31: half >> 2 & 31 for half in halves
                       if half & 0xF003 == 0x4001}  # c.li
            if A1 in numbers and A2 in numbers:
                return f"{numbers[A1]}.{numbers[A2]}"
            for i in near:
                text = pc_relative(image, i, A1)
                if text is not None and re.match(rb"v\d+\.\d+[^\0]{0,60}\0", image[text:text + 64]):
                    return image[text + 1:image.index(b"\0", text)].decode("ascii", "replace")
    return ""


def pc_relative(image: bytes, at: int, register: int) -> int | None:
    """Where `auipc register; addi register, register` at this place points; None if not that."""
    if at + 8 > len(image):
        return None
    auipc, addi = struct.unpack_from("<II", image, at)
    if auipc & 0xFFF != register << 7 | 0x17:
        return None
    if addi & 0xFFFFF != register << 15 | register << 7 | 0x13:
        return None
    return at + signed(auipc & 0xFFFFF000, 32) + signed(addi >> 20, 12)


def check(path: Path) -> bytes:
    """The image in a file that is an OpenSBI fw_dynamic for 64-bit RISC-V, or NotFirmware."""
    image = read_image(path)
    if BANNER not in image:
        raise NotFirmware("it is not OpenSBI")
    width = magic_width(image)
    if width is None:
        raise NotFirmware("it is OpenSBI, but not the fw_dynamic variant")
    if width == 32:
        raise NotFirmware("it is for 32-bit RISC-V")
    if is_cut_short(image):
        raise NotFirmware("it was cut short")
    return image


def candidates() -> Iterator[tuple[str, Path]]:
    """Where a firmware may lie, in the order of preference, each with the name of its origin."""
    yield "built from source", BUILT
    for pattern in PACKAGED:
        for name in sorted(glob.glob(pattern, recursive=True)):
            yield "the distribution's", Path(name)
    for folder in qemu_folders():
        yield "QEMU's own copy", folder / QEMU_COPY


def qemu_folders() -> list[Path]:
    qemu = shutil.which(QEMU)
    if qemu is None:
        return []
    told = subprocess.run([qemu, "-L", "help"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False).stdout.split("\n")
    beside = Path(qemu).resolve().parent.parent / "share" / "qemu"
    return list(dict.fromkeys(Path(name).resolve() for name in [*told, str(beside)] if name))


@functools.lru_cache(maxsize=None)
def find(bios: str | None = None) -> Path:
    """The firmware to use: the given file, or the best candidate; NotFirmware says why none."""
    if bios:
        try:
            check(Path(bios))
        except NotFirmware as reason:
            raise NotFirmware(f"BIOS={bios} is not an OpenSBI fw_dynamic image: {reason}") from None
        return Path(bios)
    refused = ""
    for _, path in candidates():
        if not path.exists():
            continue
        try:
            check(path)
        except NotFirmware as reason:
            refused = refused or f" ({path}: {reason})"
            continue
        return path
    raise NotFirmware("no OpenSBI fw_dynamic firmware found: "
                      f"run make setup, or name one with BIOS=FILE{refused}")


def describe(path: Path) -> str:
    try:
        release = version(check(path))
    except NotFirmware as reason:
        return f"no: {reason}"
    return f"OpenSBI {release} fw_dynamic" if release else "OpenSBI fw_dynamic, release unknown"


def print_list() -> None:
    for origin, path in candidates():
        if path.exists():
            print(f"{path}: {describe(path)} ({origin})")


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Print the path of the OpenSBI fw_dynamic firmware that boots Bosk.",
        epilog="""Without --bios the first good one is taken of: build/bootloader/fw_dynamic.bin
        (made by `make -C bootloader OPENSBI_SRC=DIR`), the distribution's package, and the copy
        that comes with QEMU. Exit status 0 when there is one, 2 when there is none.""")
    parser.add_argument("--bios", metavar="FILE", help="check this file and take no other")
    parser.add_argument("--list", action="store_true",
                        help="show every candidate, in order, with its release or what is wrong")
    parser.add_argument("--verbose", action="store_true", help="print the release as well")
    options = parser.parse_args()
    if options.list:
        print_list()
    try:
        path = find(options.bios)
    except NotFirmware as reason:
        print(f"bosk: {reason}", file=sys.stderr)
        return 2
    if not options.list:
        print(f"{path}: {describe(path)}" if options.verbose else path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
