"""A small client of QEMU's gdb stub: stops the machine, reads and writes its registers.

The protocol is that of "Debugging with GDB", appendix "Remote Protocol": `$data#checksum`, each
packet answered by `+`. Registers that are not in the first packet, such as minstret, have numbers
that the target's own description tells.
"""

from __future__ import annotations

import re
import select
import socket
import time

HALT = b"\x03"
HALTED = "T02"  # how QEMU tells that it obeyed


class StubGone(Exception):
    """The other end has closed the connection: QEMU has ended."""


class GdbStub:
    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = b""
        self.ask("qSupported:xmlRegisters=riscv")
        self._numbers = self._register_numbers()

    def close(self) -> None:
        self._socket.close()

    def ask(self, command: str) -> str:
        self._send(command)
        return self._receive(None) or ""

    def add_breakpoint(self, address: int) -> None:
        if self.ask(f"Z0,{address:x},2") != "OK":
            raise ValueError(f"no breakpoint can be at {address:#x}")

    def go(self, address: int | None = None) -> None:
        """Let the machine run, from `address` or from where it stands."""
        self._send("c" if address is None else f"c{address:x}")

    def stopped_within(self, seconds: float) -> bool:
        """Whether it stops by itself within that time."""
        return self._receive(seconds) is not None

    def halt(self) -> bool:
        """Stop it where it is; false where it has just stopped by itself."""
        self._flush(HALT)
        return (self._receive(None) or "").startswith(HALTED)

    def is_waiting(self) -> bool:
        """Whether the hart stands in wfi."""
        answer = self.ask("qThreadExtraInfo,1")
        return "halted" in bytes.fromhex(answer).decode("ascii", "replace")

    def register(self, name: str) -> int:
        answer = self.ask(f"p{self._numbers[name]:x}")
        return int.from_bytes(bytes.fromhex(answer), "little")

    def read_device(self, address: int) -> int:
        """Eight bytes at a physical address."""
        self.ask("Qqemu.PhyMemMode:1")
        return int.from_bytes(bytes.fromhex(self.ask(f"m{address:x},8")), "little")

    def write_device(self, address: int, value: int) -> None:
        self.ask("Qqemu.PhyMemMode:1")
        self.ask(f"M{address:x},8:{value.to_bytes(8, 'little').hex()}")

    def registers(self) -> str:
        """The general registers and pc, as restore() takes them."""
        return self.ask("g")

    def restore(self, registers: str) -> None:
        self.ask(f"G{registers}")

    # --- packets ---

    def _send(self, text: str) -> None:
        data = text.encode("ascii")
        self._flush(b"$%s#%02x" % (data, sum(data) & 255))

    def _flush(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise StubGone from error

    def _receive(self, seconds: float | None) -> str | None:
        """The next packet; None where there is none for so long. No time: wait for it."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            start = self._buffer.find(b"$")
            stop = self._buffer.find(b"#", start) if start >= 0 else -1
            if stop >= 0 and len(self._buffer) >= stop + 3:
                data, self._buffer = self._buffer[start + 1:stop], self._buffer[stop + 3:]
                self._flush(b"+")
                if data[:1] in (b"W", b"X"):
                    raise StubGone
                return data.decode("ascii", "replace")
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self._socket], [], [], left)[0]:
                return None
            try:
                data = self._socket.recv(1 << 16)
            except OSError as error:
                raise StubGone from error
            if not data:
                raise StubGone
            self._buffer += data

    def _register_numbers(self) -> dict[str, int]:
        text = "".join(self._description(name) for name in ("riscv-64bit-cpu.xml", "riscv-csr.xml"))
        found = re.findall(r'<reg name="(\w+)" bitsize="\d+"(?: regnum="(\d+)")?', text)
        numbers: dict[str, int] = {}
        following = 0
        for name, number in found:
            following = int(number) if number else following
            numbers[name] = following
            following += 1
        return numbers

    def _description(self, name: str) -> str:
        text = ""
        while True:
            answer = self.ask(f"qXfer:features:read:{name}:{len(text):x},ff0")
            text += answer[1:]
            if answer[:1] != "m":
                return text
