#!/usr/bin/env python3
"""Print what each heap promises, as a table in Markdown.

A promise is a line TEST(HEAP_CLAUSE) { CLAUSE(HEAP); } in os/test/pure/test_conformance.c, which is
its test as well: so the table says nothing that is not checked.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

SUITE = Path(__file__).parents[2] / "os/test/pure/test_conformance.c"
HEAPS = ("dummy", "bump", "list", "block", "bitmap", "buddy", "slab")


def promises(text: str) -> dict[str, set[str]]:
    """Clause -> the heaps that promise it, in the order of the suite."""
    found: dict[str, set[str]] = {}
    for heap, clause in re.findall(r"^TEST\(([a-z]+)_\w+\) \{ (\w+)\([A-Z]+\); \}$", text, re.MULTILINE):
        found.setdefault(clause, set()).add(heap)
    return found


def table(found: dict[str, set[str]]) -> str:
    heaps = [heap for heap in HEAPS if any(heap in makers for makers in found.values())]
    lines = [f"| promise | {' | '.join(heaps)} |", "|---|" + ":-:|" * len(heaps)]
    for clause, makers in found.items():
        cells = ("✓" if heap in makers else "" for heap in heaps)
        lines.append(f"| {clause.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(table(promises(SUITE.read_text())))
