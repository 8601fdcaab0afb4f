"""A figure, the bar it has to meet, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Figure:
    name: str
    value: str
    bar: str = ""
    met: bool | None = None  # None: there is no bar

    @property
    def verdict(self) -> str:
        return "" if self.met is None else "met" if self.met else "MISSED"


def at_most(name: str, value: float, form: str, bar: float, unit: str) -> Figure:
    return Figure(name, f"{value:{form}} {unit}", f"<= {bar:,} {unit}", value <= bar)


def at_least(name: str, value: float, form: str, bar: float, unit: str) -> Figure:
    return Figure(name, f"{value:{form}} {unit}", f">= {bar:,} {unit}", value >= bar)


def exit_status(figures: list[Figure]) -> int:
    """0 where no bar is missed, else 1."""
    return 1 if any(figure.met is False for figure in figures) else 0
