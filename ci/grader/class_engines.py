"""Who runs the tasks of a class: this machine's processors, or Slurm.

    engine.run(tasks, on_end)    start a worker for each task, and call on_end(task) when it is over

An engine only runs workers. Whether one has left a result is seen from its file; what to grade again
is for the caller.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Protocol

from grader import class_tasks
from grader.class_tasks import Task
from grader.files import write_whole

WORKER = (sys.executable, str(Path(__file__).resolve().parent / "class_worker.py"))
LONGEST = 3600  # seconds for one submission; each thing that it can do is limited long before
POLL = 0.5  # seconds


class EngineFailed(Exception):
    """An engine that cannot be used here, or gave up; one line for the user."""


class Engine(Protocol):
    def run(self, tasks: Sequence[Task], on_end: Callable[[Task], None]) -> None: ...


class Local:
    """So many workers at once on this machine."""

    def __init__(self, folder: Path, jobs: int, worker: Sequence[str] = WORKER) -> None:
        self._folder, self._jobs, self._worker = folder, jobs, worker
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_ending = False
        self._lock = threading.Lock()  # over both

    def run(self, tasks: Sequence[Task], on_end: Callable[[Task], None]) -> None:
        listed = list_tasks(self._folder, tasks)
        with ThreadPoolExecutor(self._jobs) as pool:
            try:
                ends = [pool.submit(self._grade, task, listed, index) for index, task in enumerate(tasks)]
                for ended in as_completed(ends):
                    on_end(ended.result())
            except BaseException:
                self._end()
                raise

    def _grade(self, task: Task, listed: Path, index: int) -> Task:
        with self._lock:
            if self._is_ending:
                return task
            process = subprocess.Popen([*self._worker, str(listed), str(index)], process_group=0,
                                       stdin=subprocess.DEVNULL)
            self._running.add(process)
        self._wait(process)
        return task

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            end(process)
        finally:
            self._running.discard(process)

    def _end(self) -> None:
        """Leave nothing behind when the run is broken off."""
        with self._lock:
            self._is_ending = True
            for process in tuple(self._running):
                end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker with its group; what runs in its sandbox dies with it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Slurm:
    """A job array, one task a submission, at most `jobs` of them at once (0: as Slurm likes). The
    folder must be one that the nodes share."""

    ARRAY = 1000  # tasks of one array: Slurm's own default limit is 1001

    def __init__(self, folder: Path, jobs: int, worker: Sequence[str] = WORKER) -> None:
        if shutil.which("sbatch") is None:
            raise EngineFailed("sbatch is not installed: run this where Slurm is, or say --engine local")
        self._folder, self._jobs, self._worker = folder, jobs, worker

    def run(self, tasks: Sequence[Task], on_end: Callable[[Task], None]) -> None:
        for start in range(0, len(tasks), self.ARRAY):
            self._run_array(tasks[start : start + self.ARRAY], on_end)

    def _run_array(self, tasks: Sequence[Task], on_end: Callable[[Task], None]) -> None:
        job = self._submit(list_tasks(self._folder, tasks), len(tasks))
        waiting = list(tasks)
        try:
            is_over = False
            while not is_over:
                is_over = not in_queue(job)  # asked first: what ended since has left its result
                for task in [task for task in waiting if class_tasks.stored(task)]:
                    waiting.remove(task)
                    on_end(task)
                is_over or time.sleep(POLL)
        except BaseException:
            subprocess.run(["scancel", job], check=False)
            raise
        for task in waiting:
            on_end(task)

    def _submit(self, listed: Path, count: int) -> str:
        at_once = f"%{self._jobs}" if self._jobs else ""
        script = self._folder / "tasks.sh"
        write_whole(script, "#!/bin/sh\nexec " + shlex.join([*self._worker, str(listed)])
                    + ' "$SLURM_ARRAY_TASK_ID"\n')
        done = subprocess.run(
            ["sbatch", "--parsable", "--job-name=bosk-grade", f"--array=0-{count - 1}{at_once}",
             f"--time={LONGEST // 60}", f"--output={self._folder}/logs/slurm-%a.txt",
             f"--chdir={self._folder}", "--requeue", str(script)],
            text=True, capture_output=True, check=False)
        job = done.stdout.strip().split(";")[0]
        if done.returncode != 0 or not re.fullmatch("[0-9]+", job):
            raise EngineFailed(f"sbatch refused the array: {done.stderr.strip() or done.stdout.strip()}")
        return job


def in_queue(job: str) -> bool:
    """Whether Slurm still has tasks of a job to do. When it cannot say, it has."""
    done = subprocess.run(["squeue", "--noheader", "--jobs", job, "--format=%i"], text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        return "Invalid job id" not in done.stderr
    return bool(done.stdout.strip())


def list_tasks(folder: Path, tasks: Sequence[Task]) -> Path:
    listed = folder / "tasks.json"
    write_whole(listed, json.dumps([vars(task) for task in tasks], indent=1) + "\n")
    return listed
