"""The tables of what is graded in the labs' handouts: written from the labs' descriptions.

    python3 ci/grader/handouts.py           writes them anew

Of the hidden items there is only how many points they have together. What is typed by hand in a
handout has no points in it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grader.lab import ROOT, Lab, load, names


def points_of(number: float) -> str:
    return f"{number:g}"


def table(lab: Lab) -> str:
    """One row for each visible item, one for all hidden ones, and the sum."""
    rows = [(f"`{item.name}`", item.title, item.points) for item in lab.items if not item.hidden]
    hidden = [item.points for item in lab.items if item.hidden]
    if hidden:
        rows.append(("", "hidden items", sum(hidden)))
    rows.append(("", "**all**", sum(item.points for item in lab.items)))
    lines = [f"| {name} | {title} | {points_of(points)} |" for name, title, points in rows]
    return "\n".join(["| item | what is looked for | points |", "|---|---|--:|", *lines])


def with_table(text: str, lab: Lab) -> str:
    """The handout with its table between the two comments made anew."""
    begin, end = f"<!-- graded: {lab.name}, by ci/grader/handouts.py -->", "<!-- graded: end -->"
    assert text.count(begin) == text.count(end) == 1, f"{lab.handout} needs {begin} and {end}, once each"
    made = f"{begin}\n{table(lab)}\n{end}"
    return re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: made, text, flags=re.DOTALL)


def main() -> None:
    for lab in map(load, names()):
        path = ROOT / lab.handout
        path.write_text(with_table(path.read_text(), lab))


if __name__ == "__main__":
    main()
