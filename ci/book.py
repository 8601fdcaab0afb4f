#!/usr/bin/env python3
"""What the book takes from the tree, so that nobody types it: quotations, and tables of what is graded.

    python3 ci/book.py           writes them anew in docs/

A quotation is a block that begins ```{quote} FILE NAME: a function, a declaration or a struct, with the
comment above it, looked up by its name. A table of what is graded stands in a lab's handout, between two
comments. Of hidden items it says how many points they have together.

docs/conf.py and ci/tests/test_handouts.py fail where the book is behind the tree.
"""

from __future__ import annotations

import re
from pathlib import Path

from grader.lab import ROOT, Item, Lab, load, names

QUOTATION = re.compile(r"^```{quote} (\S+) (\S+)\n[\s\S]*?^```$", re.MULTILINE)


class NotFound(Exception):
    """A quotation of what is not there; one line."""


def quoted(path: str, name: str, root: Path = ROOT) -> str:
    """The definition or declaration of that name in a file of C, with the comment above it."""
    comment = r"(?:^/\*(?:(?!\*/)[\s\S])*\*/\n)?"
    function = rf"^\w[^;{{}}=]*?\b{re.escape(name)}\([^;{{}}]*(?:;$|^{{\n[\s\S]*?^}})"
    struct = rf"^(?:struct|enum) {re.escape(name)} {{\n[\s\S]*?^}};"
    if not (root / path).is_file():
        raise NotFound(f"there is no {path} to quote {name} from")
    match = re.search(f"{comment}(?:{function}|{struct})", (root / path).read_text(), re.MULTILINE)
    if not match:
        raise NotFound(f"{path} has no {name} to quote")
    return match[0]


def with_quotations(text: str, root: Path = ROOT) -> str:
    return QUOTATION.sub(lambda match: f"```{{quote}} {match[1]} {match[2]}\n{quoted(match[1], match[2], root)}\n```",
                         text)  # fmt: skip


def table(lab: Lab) -> str:
    """One row for each visible item, one for all hidden ones, and the sum."""
    rows = [(f"`{item.name}`", looked_for(item), item.points) for item in lab.items if not item.hidden]
    hidden = [item.points for item in lab.items if item.hidden]
    if hidden:
        rows.append(("", "hidden items", sum(hidden)))
    rows.append(("", "**all**", sum(item.points for item in lab.items)))
    return "\n".join(["| item | what is looked for | points |", "|---|---|--:|",
                      *(f"| {name} | {title} | {points:g} |" for name, title, points in rows)])  # fmt: skip


def looked_for(item: Item) -> str:
    """The property; and where a figure is measured, its bars."""
    if "full" not in item.options:
        return item.title
    unit = {"instructions": "instructions", "utilisation": "%"}[item.options["measure"]]
    return f"{item.title}: all points at {item.options['full']} {unit}, none at {item.options['none']}"


def with_table(text: str, lab: Lab) -> str:
    """The handout with its table between the two comments made anew."""
    begin, end = f"<!-- graded: {lab.name} (python3 ci/book.py writes this) -->", "<!-- graded: end -->"
    assert text.count(begin) == text.count(end) == 1, f"{lab.handout} needs {begin} and {end}, once each"
    made = f"{begin}\n\n{table(lab)}\n\n{end}"
    return re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: made, text, flags=re.DOTALL)


def main() -> None:
    for lab in map(load, names()):
        path = ROOT / lab.handout
        path.write_text(with_table(path.read_text(), lab))
    for path in ROOT.glob("docs/**/*.md"):
        path.write_text(with_quotations(path.read_text()))


if __name__ == "__main__":
    main()
