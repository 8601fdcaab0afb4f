"""What an examiner says when the code under examination does not do as its contract says."""

from __future__ import annotations


class Wrong(Exception):
    """One finding: what is not so, in a line, and what was expected and seen."""

    def __init__(self, message: str, expected: object = "", got: object = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = str(expected)
        self.got = str(got)
