"""The pages of a class: an overview for the instructor, and one page for each student.

Plain HTML with its style in it and no scripts: a page can be mailed or printed. All that comes out of
a submission is escaped here. Colours follow the reader's light or dark theme, and nothing is told by
colour alone.
"""

from __future__ import annotations

import statistics
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from grader import formats
from grader.class_tables import Row
from grader.formats import number, printable, shortened
from grader.lab import Item, Lab
from grader.policy import Policy, Score
from grader.results import WORDS, ItemResult
from grader.similarity import Comparison

BINS = 10
MOST_PAIRS = 20

STYLE = """
:root { color-scheme: light dark; --back: #fcfcfa; --card: #ffffff; --text: #1d2429; --soft: #57636c;
  --line: #d9dfe3; --bar: #2f6f9f; --good: #1d6b3a; --bad: #a32a22; --odd: #7a5200; --code: #f1f4f5; }
@media (prefers-color-scheme: dark) { :root { --back: #14181b; --card: #1c2226; --text: #e4e9ec;
  --soft: #a0acb4; --line: #353e45; --bar: #6cb0e0; --good: #7dcf98; --bad: #f29a92; --odd: #e6bd6a;
  --code: #12171a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--back);
  color: var(--text); font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
p { max-width: 46rem; margin: .5rem 0; }
a { color: var(--bar); }
.soft { color: var(--soft); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0; padding: 0; list-style: none; }
.facts li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem; }
.facts b { display: block; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.facts span { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .5rem .9rem; color: var(--soft); font-size: .9rem; }
th, td { padding: .4rem .9rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; font-size: .9rem; white-space: nowrap; }
tbody th { font-weight: 600; }
td.n, th.n { text-align: right; white-space: nowrap; }
.word { white-space: nowrap; color: var(--bad); }
.pass .word { color: var(--good); } .odd .word { color: var(--odd); }
svg { display: block; width: 100%; height: auto; }
svg.share { width: 7.5rem; margin-top: .3rem; }
svg .b { fill: var(--bar); } svg .back { fill: var(--line); }
svg text { fill: var(--text); font: 13px system-ui, "DejaVu Sans", sans-serif; }
svg .axis { stroke: var(--line); }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem;
  overflow-x: auto; font: 13.5px/1.45 "DejaVu Sans Mono", monospace; margin: .4rem 0; }
section.item { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--bad);
  border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
section.item.pass { border-left-color: var(--good); }
section.item.odd { border-left-color: var(--odd); }
section.item h3 { margin: 0; font-size: 1rem; display: flex; gap: .75rem; flex-wrap: wrap; }
section.item h3 .points { margin-left: auto; font-variant-numeric: tabular-nums; white-space: nowrap; }
section.item dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .9rem; margin: .5rem 0 0; align-items: baseline; }
section.item dt { color: var(--soft); } section.item dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
summary { cursor: pointer; color: var(--soft); }
@media print { body { max-width: none; padding: 0; } .wide, section.item { break-inside: avoid; } }
"""


def page(title: str, *parts: str) -> str:
    return ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
            + "\n".join(part for part in parts if part) + "\n</main>\n</body>\n</html>\n")


def text(value: object) -> str:
    return escape(printable(str(value)))


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    entries = "".join(f"<li><b>{text(value)}</b><span>{text(label)}</span></li>" for value, label in pairs)
    return f'<ul class="facts">{entries}</ul>'


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Cells are HTML. The first of a row is its heading."""

    def cells(row: Sequence[str], tag: str) -> str:
        line = ""
        for index, cell in enumerate(row):
            kind = ' class="n"' if index in numbers else ""
            if tag == "th":
                line += f'<th scope="col"{kind}>{cell}</th>'
            elif index == 0:
                line += f'<th scope="row"{kind}>{cell}</th>'
            else:
                line += f"<td{kind}>{cell}</td>"
        return f"<tr>{line}</tr>"

    body = "\n".join(cells(row, "td") for row in rows)
    return (f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
            f"<caption>{text(caption)}</caption><thead>{cells(head, 'th')}</thead>"
            f"<tbody>\n{body}\n</tbody></table></div>")


# --- the overview ---------------------------------------------------------------------------------


def overview(lab: Lab, rows: Sequence[Row], seed: int, alike: Comparison) -> str:
    scored = [row for row in rows if row.score.final is not None]
    failed = [row for row in rows if row.score.state == "grader error"]
    return page(
        f"{lab.title}: the class",
        f"<h1>{text(lab.title)}</h1>",
        f'<p class="soft">Lab {text(lab.name)}, seed {seed}. The same in <a href="scores.csv">scores.csv</a> '
        'and <a href="scores.json">scores.json</a>.</p>',
        class_facts(lab, rows, scored, failed),
        grader_errors(failed),
        "<h2>Distribution</h2>", distribution(lab, scored),
        "<h2>Items</h2>", items_table(lab, rows),
        "<h2>Students</h2>", students_table(rows),
        "<h2>Similar submissions</h2>", similar(alike),
    )


def most_points(lab: Lab) -> float:
    return sum(item.points for item in lab.items)


def class_facts(lab: Lab, rows: Sequence[Row], scored: Sequence[Row], failed: Sequence[Row]) -> str:
    finals = [row.score.final or 0 for row in scored]
    entries = [(str(len(rows)), "students")]
    if finals:
        full = sum(points >= most_points(lab) for points in finals)
        entries += [(number(statistics.median(finals)), f"median of {number(most_points(lab))} points"),
                    (number(statistics.fmean(finals)), "mean"), (str(full), "with full points")]
    late = sum(row.score.days_late > 0 for row in rows)
    return facts([*entries, (str(late), "late"), (str(len(failed)), "grader errors")])


def grader_errors(failed: Sequence[Row]) -> str:
    if not failed:
        return ""
    entries = "".join(f"<li>{link(row.student)}: {text(reason(row))}</li>" for row in failed)
    return ("<h2>The grader failed on these</h2><p>They have no score. The reason is not in the submission: "
            f"see their logs, mend it, and run the same command again.</p><ul>{entries}</ul>")


def reason(row: Row) -> str:
    items = row.report.items if row.report else ()
    return next((item.message for item in items if item.word == "grader-error"), "")


def link(student: str, folder: str = "students/") -> str:
    return f'<a href="{folder}{urllib.parse.quote(student)}.html">{text(student)}</a>'


def distribution(lab: Lab, scored: Sequence[Row]) -> str:
    """Students by tenths of the points; full points have the last tenth's upper end."""
    if not scored:
        return "<p>Nobody has a score yet.</p>"
    most = most_points(lab) or 1
    counts = Counter(min(BINS - 1, int(BINS * (row.score.final or 0) / most)) for row in scored)
    highest = max(counts.values())
    left, top, wide, high = 10, 24, 72, 180
    width, bottom = 2 * left + BINS * wide, top + high
    bars, words = "", []
    for index in range(BINS):
        count, x = counts[index], left + index * wide
        size = high * count / highest
        low, up = (number(most * edge / BINS) for edge in (index, index + 1))
        words.append(f"{count} from {low} to {up}")
        bars += (f'<rect class="b" x="{x + 5}" y="{bottom - size:.1f}" width="{wide - 10}" height="{size:.1f}" '
                 f'rx="3"><title>{words[-1]} points</title></rect>')
        bars += f'<text x="{x + wide / 2:g}" y="{bottom + 18}" text-anchor="middle">{low}–{up}</text>'
        if count:
            bars += f'<text x="{x + wide / 2:g}" y="{bottom - size - 6:.1f}" text-anchor="middle">{count}</text>'
    label = "Students by points: " + ", ".join(words)
    return (f'<svg viewBox="0 0 {width} {bottom + 46}" role="img" aria-label="{text(label)}">'
            f'<line class="axis" x1="{left}" x2="{width - left}" y1="{bottom}" y2="{bottom}"/>{bars}'
            f'<text x="{width / 2:g}" y="{bottom + 40}" text-anchor="middle">final points; '
            "height is the number of students</text></svg>")


def items_table(lab: Lab, rows: Sequence[Row]) -> str:
    results: dict[str, list[ItemResult]] = {item.name: [] for item in lab.items}
    for row in rows:
        for result in row.report.items if row.report else ():
            if result.name in results and result.word != "grader-error":
                results[result.name].append(result)
    return table("What was got for each item, over all that were graded",
                 ("item", "what is looked for", "points", "mean", "share of the points", "how it ended"),
                 [item_row(item, results[item.name]) for item in lab.items], numbers=(2, 3))


def item_row(item: Item, results: Sequence[ItemResult]) -> tuple[str, ...]:
    mean = statistics.fmean(result.points for result in results) if results else 0
    share = mean / item.points if item.points else 0
    words = Counter(result.word for result in results)
    endings = ", ".join(f"{words[word]} {word}" for word in WORDS if words[word])
    bar = ('<svg viewBox="0 0 120 14" role="img" class="share" '
           f'aria-label="{share:.0%}"><rect class="back" width="120" height="14" rx="3"/>'
           f'<rect class="b" width="{120 * share:.1f}" height="14" rx="3"/></svg>')
    hidden = ' <span class="soft">(hidden)</span>' if item.hidden else ""
    return (text(item.name), text(item.title) + hidden, number(item.points), number(mean), bar, endings)


def students_table(rows: Sequence[Row]) -> str:
    return table("Every student; the name leads to the page",
                 ("student", "final", "graded", "late", "ended", "note"),
                 [student_row(row) for row in rows], numbers=(1, 2, 3))


def student_row(row: Row) -> tuple[str, ...]:
    score = row.score
    final = "–" if score.final is None else f"<b>{number(score.final)}</b>"
    graded = f"{number(score.points)} of {number(score.max_points)}" if row.report else "–"
    late = f"{score.days_late} d" if score.days_late else ""
    if score.taken_off:
        late += f", −{number(score.taken_off)}"
    words = Counter(item.word for item in (row.report.items if row.report else ()) if formats.lost(item))
    ended = ", ".join(f"{words[word]} {word}" for word in WORDS if words[word]) or "all passed"
    return (link(row.student), final, graded, late, ended if score.state == "graded" else text(score.state),
            text(score.note))


def similar(alike: Comparison) -> str:
    if alike.why_not:
        return f"<p>Not compared: {text(alike.why_not)}.</p>"
    explained = ("<p>How much of one submission's own code is in the other one, whatever was renamed or moved; "
                 "the starter's code does not count. It is a reason to read the two side by side, and no proof: a "
                 "short lab has few solutions. For half of all pairs in this class it is "
                 f"{number(alike.usual)} % at most.</p>")
    if not alike.pairs:
        return explained + "<p>No two have more in common than chance explains.</p>"
    more = f", of {len(alike.pairs)} in similarity.csv" if len(alike.pairs) > MOST_PAIRS else ""
    return explained + table(
        f"The pairs with most in common{more}", ("first", "second", "of the first", "of the second"),
        [(link(pair.first), link(pair.second), f"{pair.first_percent} %", f"{pair.second_percent} %")
         for pair in alike.pairs[:MOST_PAIRS]], numbers=(2, 3))


# --- a student's page -----------------------------------------------------------------------------


def student(lab: Lab, row: Row, policy: Policy) -> str:
    score, report = row.score, row.report
    parts = [f"<h1>{text(row.student)}</h1>",
             f'<p class="soft">{text(lab.title)}'
             + (f", seed {report.seed}. The same seed gives the same score." if report else "") + "</p>",
             facts(account(lab, score))]
    if score.note:
        parts.append(f"<p>{text(score.note)}</p>")
    if report:
        shown = formats.at_home(report if policy.show_hidden else formats.masked(report))
        parts += [f"<p>{text(note)}</p>" for note in shown.notes]
        repeated: set[str] = set()
        parts += ["<h2>Items</h2>", *(item_section(item, repeated) for item in shown.items)]
    return page(f"{row.student}: {lab.title}", *parts)


def account(lab: Lab, score: Score) -> list[tuple[str, str]]:
    """The final score, and how it came about where it is not what was graded."""
    final = "no score" if score.final is None else number(score.final)
    of = f"of {number(score.max_points or most_points(lab))} points"
    if score.state != "graded":
        return [(final, score.state if score.final is None else f"{of}, {score.state}")]
    if not score.days_late:
        return [(final, of)]
    return [(final, of), (number(score.points), "as graded"),
            (f"{score.days_late} d", f"late, {score.late_days_used} of them free"),
            (f"−{number(score.taken_off)}", "taken off")]


def item_section(item: ItemResult, repeated: set[str]) -> str:
    kind = "odd" if item.word == "grader-error" else "lost" if formats.lost(item) else "pass"
    entries = [(label, f"<code>{text(value)}</code>") for label, value in (
        ("passed", item.rate), ("expected", item.expected), ("got", item.got)) if value]
    if item.figure is not None:
        entries.append(("measured", text(f"{number(item.figure)} {item.unit}")))
    if item.trace:
        entries.append(("shortest calls", f"<pre>{text(chr(10).join(item.trace))}</pre>"))
    if item.output and item.output not in repeated:
        repeated.add(item.output)
        entries.append(("output", f"<details open><summary>what was printed</summary>"
                                  f"<pre>{text(shortened(item.output).rstrip())}</pre></details>"))
    if item.replay:
        entries.append(("see it again", f"<pre>{text(item.replay)}</pre>"))
    listed = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in entries)
    return (f'<section class="item {kind}"><h3><span class="word">{text(item.word)}</span>'
            f"<span>{text(item.name)}: {text(item.title)}</span>"
            f'<span class="points">{number(item.points)} of {number(item.max_points)}</span></h3>'
            + (f"<p>{text(item.message)}</p>" if item.message else "")
            + (f"<dl>{listed}</dl>" if listed else "") + "</section>")
