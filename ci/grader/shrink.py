"""A failing trace, made short: what a student is to look at.

Delta debugging (A. Zeller, R. Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE
TSE 28(2), 2002) over the steps, then smaller numbers in those that are left. The effort is bounded
by a number of runs, not by the clock, so that the same failure is always shrunk to the same. A run
that hangs takes as long as many that do not, and counts as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from grader.heap_player import Failure
from grader.traces import Step, Trace

RUNS = 400
COST_OF_HANG = RUNS // 2

SMALLER_SIZES = (1, 8, 16, 24, 32, 64, 128)
SMALLER_HEAPS = (64, 256, 1024, 4096)


def shrink(failure: Failure, play: Callable[[Trace], Failure | None], runs: int = RUNS) -> Failure:
    """The failure of a shorter trace, which ends with the same word; `play` plays one."""
    return Shrinker(failure, play, runs).best


class Shrinker:
    def __init__(self, failure: Failure, play: Callable[[Trace], Failure | None],
                 runs: int) -> None:
        self.best, self._play, self._runs = failure, play, runs
        while self._runs > 0:
            before = self._trace
            self._drop_steps()
            self._use_smaller_numbers()
            if self._trace == before:
                break

    @property
    def _trace(self) -> Trace:
        assert self.best.trace is not None
        return self.best.trace

    def _fails(self, trace: Trace) -> bool:
        """Whether this fails as well; it is then the best one."""
        if self._runs <= 0:
            return False
        failure = self._play(trace)
        self._runs -= COST_OF_HANG if failure is not None and failure.word == "hang" else 1
        if failure is None or failure.word != self.best.word:
            return False
        self.best = failure
        return True

    def _drop_steps(self) -> None:
        pieces = 2
        while len(self._trace.steps) > 1 and self._runs > 0:
            steps = self._trace.steps
            size = -(-len(steps) // pieces)
            # The last step is the one that fails: earlier ones go first.
            if any(self._fails(replace(self._trace, steps=rest)) for rest in without(steps, size)):
                pieces = max(pieces - 1, 2)
            elif size == 1:
                break
            else:
                pieces = min(2 * pieces, len(steps))

    def _use_smaller_numbers(self) -> None:
        for size in SMALLER_HEAPS:
            if size < self._trace.size and self._fails(replace(self._trace, size=size)):
                break
        if self._trace.offset:
            self._fails(replace(self._trace, offset=0))
        index = 0
        while index < len(self._trace.steps):  # a trace that fails earlier is shorter
            for step in smaller(self._trace.steps[index]):
                steps = self._trace.steps
                if self._fails(replace(self._trace, steps=(*steps[:index], step,
                                                           *steps[index + 1:]))):
                    break
            index += 1


def without(steps: Sequence[Step], size: int) -> Iterator[tuple[Step, ...]]:
    """The steps without one piece of that size, for each piece."""
    for at in range(0, len(steps), size):
        yield (*steps[:at], *steps[at + size:])


def smaller(step: Step) -> Iterator[Step]:
    if step.verb in ("alloc", "realloc"):
        for size in SMALLER_SIZES:
            if size < step.size:
                yield replace(step, size=size)
    if step.verb == "alloc" and step.align > 1:
        yield replace(step, align=1)
