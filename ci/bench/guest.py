"""Runs the kernel that measures the heaps (os/test/bench/main.c), and reads what it prints."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import qemu  # noqa: E402

TIMEOUT = 120.0  # seconds
LINE = re.compile(
    r"^bench: (\S+) (\S+) (alloc|free|realloc) "
    r"count=(\d+) sum=(\d+) p50=(\d+) p99=(\d+) max=(\d+)$",
    re.MULTILINE,
)


class GuestFailed(Exception):
    """Why the kernel gave no figures."""


@dataclass(frozen=True)
class GuestCalls:
    """What the calls of one verb took, in guest instructions."""

    count: int
    total: int
    p50: int
    p99: int
    worst: int

    @property
    def mean(self) -> float:
        return self.total / self.count


GuestCosts = dict[tuple[str, str, str], GuestCalls]  # by heap, trace and verb


def measure(kernel: Path, bios: str = "", heap: str = "") -> GuestCosts:
    """The figures of all heaps, or of one. They repeat to the digit."""
    try:
        outcome = qemu.run(kernel, bios=bios or None, icount=True, timeout=TIMEOUT,
                           append=f"test={heap}" if heap else "")
    except qemu.BadRequest as error:
        raise GuestFailed(str(error)) from error
    if not outcome.ok or "\nbench: done\n" not in outcome.output:
        said = re.findall(r"^(?:bench|panic): .*", outcome.output, re.MULTILINE)
        raise GuestFailed(f"the kernel that measures: {outcome.detail}; last: {(said or [''])[-1]}")
    return {(heap, trace, verb): GuestCalls(*map(int, figures))
            for heap, trace, verb, *figures in LINE.findall(outcome.output)}
