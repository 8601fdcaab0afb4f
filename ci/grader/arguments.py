"""The command lines of ci/grade and ci/grade-class: their numbers, and one line for a bad one."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

SEEDS = 1 << 32
BAD_REQUEST = 2


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; {self.prog} --help tells more", file=sys.stderr)
        sys.exit(BAD_REQUEST)


def seed(text: str) -> int:
    return number(text, 0, SEEDS - 1, "a seed")


def jobs(text: str) -> int:
    return number(text, 1, 10_000, "the number of jobs")


def number(text: str, least: int, most: int, what: str) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise argparse.ArgumentTypeError(f"{what} is a whole number from {least} to {most}, not {text}")
