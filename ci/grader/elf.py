"""The symbols of a kernel's ELF file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

SHT_SYMTAB = 2
STB_GLOBAL = 1
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")


class BadElf(Exception):
    """Not an ELF file that a linker has made."""


@dataclass(frozen=True)
class Symbol:
    name: str
    address: int
    size: int
    is_global: bool  # others are known in one source file alone, and may have any name


def symbols(path: Path) -> list[Symbol]:
    data = path.read_bytes()
    try:
        table, = struct.unpack_from("<Q", data, 40)
        count, = struct.unpack_from("<H", data, 60)
        sections = [SECTION.unpack_from(data, table + SECTION.size * i) for i in range(count)]
        _, _, _, _, offset, size, link, *_ = next(s for s in sections if s[1] == SHT_SYMTAB)
        names = data[sections[link][4]:sections[link][4] + sections[link][5]]
        found = []
        for at in range(offset, offset + size, SYMBOL.size):
            name, info, _, _, value, length = SYMBOL.unpack_from(data, at)
            text = names[name:names.index(b"\0", name)].decode("ascii", "replace")
            found.append(Symbol(text, value, length, info >> 4 == STB_GLOBAL))
        return found
    except (struct.error, StopIteration, IndexError, ValueError) as error:
        raise BadElf(f"{path} has no symbols: {error}") from error


def function_at(symbols: list[Symbol], address: int) -> str:
    """The name of the function there; "" where that is none."""
    for symbol in symbols:
        if symbol.address <= address < symbol.address + symbol.size:
            return symbol.name
    return ""
