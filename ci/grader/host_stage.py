"""The stage "heap-trace": random traces on an allocator by itself, in a process under sanitizers.

    [[item]]
    ...
    stage = "heap-trace"
    kind = "wrong-free"     # of trace: a key of grader.traces.KINDS
    runs = 20               # how many traces, each in a life of its own
    length = 60             # of a trace, in steps, about
    heap = "bitmap"         # where it is not the lab's own

The item is passed when no trace fails. The first that does is shrunk and shown.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from grader.debug import Debugger
from grader.heap_models import MODELS
from grader.heap_player import Failure, play
from grader.host_subject import SILENCE, Examinee
from grader.lab import Item, Lab
from grader.results import ItemResult
from grader.shrink import shrink
from grader.stages import Run, heap_of, stage
from grader.subject import Ended
from grader.traces import Trace, write


def examinee_of(lab: Lab, item: Item) -> Path:
    """The program, from the top of a tree; `make HEAP=... PROGRAM` builds it."""
    return Path("build/examinee") / heap_of(lab, item) / "examinee"


def makes(lab: Lab, item: Item) -> tuple[str, ...]:
    return f"HEAP={heap_of(lab, item)}", str(examinee_of(lab, item))


@stage("heap-trace", makes)
def judge(run: Run, item: Item) -> ItemResult:
    program = run.tree / examinee_of(run.lab, item)
    design = MODELS[heap_of(run.lab, item)]
    chance = run.random(item)
    with Examinee([program], run.sandbox, readable=[program.parent]) as examinee:

        def play_one(trace: Trace) -> Failure | None:
            try:
                subject = examinee.begin()
            except Ended as ended:
                return Failure(ended.word, ended.message, output=ended.output,
                               trace=replace(trace, steps=()))
            try:
                return play(subject, design, trace)
            finally:
                subject.close()

        for _ in range(item.options["runs"]):
            failure = play_one(write(item.options["kind"], chance, item.options["length"]))
            if failure is not None:
                if failure.message != SILENCE and failure.trace and failure.trace.steps:
                    failure = shrink(failure, play_one)
                if isinstance(run.sandbox, Debugger):
                    shown = failure.trace
                    run.sandbox.show(program, shown.lines(), lambda subject: play(subject, design, shown))
                return result(run, item, failure)
    return run.result(item, "pass")


def result(run: Run, item: Item, failure: Failure) -> ItemResult:
    assert failure.trace is not None
    message = failure.message.replace("X_", f"{heap_of(run.lab, item)}_")
    return run.result(item, failure.word, message=message, expected=failure.expected,
                      got=failure.got, output=failure.output, trace=failure.trace.lines())
