"""Draws the measurements as SVG: no script, readable on a light and on a dark page."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from pathlib import Path

from suite import COMB_BLOCKS, Results

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#888888", "#bb7744",
           "#996699")  # P. Tol's bright scheme, and two more
STYLE = """<style>
text { font: 12px sans-serif; fill: #222 } .title { font-size: 15px; font-weight: bold }
.grid { stroke: #ccc } .page { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .grid { stroke: #444 } .page { fill: #16181c }
}
</style>"""
LEFT, TOP, BOTTOM, RIGHT, HEIGHT = 60, 70, 60, 20, 300
GROUP_GAP = 14

Series = dict[str, list[float | None]]  # by heap: a value for each group or point


class Scale:
    """Values to heights above the axis; from 10^low to 10^high, or from 0 to high."""

    def __init__(self, series: Series, log: bool, most: float | None = None) -> None:
        values = [v for row in series.values() for v in row if v is not None and v > 0] or [1.0]
        self.log = log
        self.low = floor(log10(min(values))) if log else 0
        self.high = max(ceil(log10(max(values))), self.low + 1) if log else most or max(values)

    def height(self, value: float) -> float:
        at = log10(value) if self.log else value
        return max(0.0, (at - self.low) / (self.high - self.low) * HEIGHT)

    def ticks(self) -> list[float]:
        if self.log:
            return [10.0 ** e for e in range(int(self.low), int(self.high) + 1)]
        return [self.high * i / 5 for i in range(6)]


def text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'


def frame(title: str, width: float, series: Series, scale: Scale) -> list[str]:
    """Page, title, legend, and the lines of the scale."""
    total = LEFT + width + RIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total:.0f} '
             f'{TOP + HEIGHT + BOTTOM}" role="img">', f"<title>{escape(title)}</title>", STYLE,
             '<rect class="page" width="100%" height="100%"/>',
             text(LEFT, 24, title, 'class="title"')]
    x = float(LEFT)
    for name, colour in zip(series, COLOURS):
        parts += [f'<rect x="{x:.1f}" y="38" width="12" height="12" fill="{colour}"/>',
                  text(x + 16, 49, name)]
        x += 30 + 7.5 * len(name)
    for tick in scale.ticks():
        y = TOP + HEIGHT - scale.height(tick)
        parts += [f'<line class="grid" x1="{LEFT}" x2="{LEFT + width:.1f}" y1="{y:.1f}" '
                  f'y2="{y:.1f}"/>',
                  text(LEFT - 8, y + 4, f"{tick:,.0f}", 'text-anchor="end"')]
    return parts


def bars(title: str, groups: list[str], series: Series, log: bool,
         most: float | None = None) -> str:
    """A group of bars for each name, a bar for each heap."""
    scale = Scale(series, log, most)
    bar = 9.0
    group = max(bar * len(series) + GROUP_GAP, 82)
    parts = frame(title, group * len(groups), series, scale)
    for i, name in enumerate(groups):
        x = LEFT + i * group + (group - bar * len(series)) / 2
        for (heap, values), colour in zip(series.items(), COLOURS):
            value = values[i]
            if value is not None:
                height = scale.height(value)
                parts.append(f'<rect x="{x:.1f}" y="{TOP + HEIGHT - height:.1f}" width="{bar - 1}" '
                             f'height="{height:.1f}" fill="{colour}"><title>{escape(heap)}, '
                             f'{escape(name)}: {value:,.1f}</title></rect>')
            x += bar
        parts.append(text(LEFT + (i + 0.5) * group, TOP + HEIGHT + 18, name,
                          'text-anchor="middle"'))
    return "\n".join([*parts, "</svg>\n"])


def lines(title: str, points: list[str], series: Series) -> str:
    """A line for each heap over a few points; logarithmic."""
    scale = Scale(series, log=True)
    step = 180.0
    parts = frame(title, step * len(points), series, scale)
    xs = [LEFT + (i + 0.5) * step for i in range(len(points))]
    for (heap, values), colour in zip(series.items(), COLOURS):
        known = [(x, TOP + HEIGHT - scale.height(v), v) for x, v in zip(xs, values) if v]
        if known:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in known)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                         'stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{escape(heap)}: '
                  f'{value:,.1f}</title></circle>' for x, y, value in known]
    parts += [text(x, TOP + HEIGHT + 18, name, 'text-anchor="middle"')
              for x, name in zip(xs, points)]
    return "\n".join([*parts, "</svg>\n"])


def comb_series(results: Results, comb: str) -> Series:
    """Mean of all operations of a comb, by number of free blocks."""
    series: Series = {}
    for heap in results.heaps:
        series[heap] = []
        for n in COMB_BLOCKS:
            costs = results.comb_costs[heap, comb, n]
            every = [one for calls in costs.values() for one in calls.costs] if costs else []
            series[heap].append(sum(every) / len(every) if every else None)
    return series


def draw(results: Results) -> dict[str, str]:
    """The figures, by file name."""
    paired = {heap: [results.pair(heap, trace) for trace in results.traces]
              for heap in results.heaps + results.libraries}
    shares: Series = {
        heap: [None if (u := results.utilisation[heap, trace]) is None else u * 100
               for trace in results.fitted] for heap in results.heaps}
    drawn = {
        "pair.svg": bars("Instructions of one alloc and one free", results.traces, paired, True),
        "utilisation.svg": bars("Peak of live bytes, in % of the smallest arena that serves",
                                results.fitted, shares, False, 100),
    }
    points = [f"{n:,} free blocks" for n in COMB_BLOCKS]
    for comb in results.combs:
        drawn[f"{comb}.svg"] = lines(f"Instructions of an operation, {comb}", points,
                                     comb_series(results, comb))
    return drawn


def write(results: Results, directory: Path) -> None:
    for name, drawing in draw(results).items():
        (directory / name).write_text(drawing, encoding="utf-8")
