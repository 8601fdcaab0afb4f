"""Where a submission's code is compiled and run, so that it can do no harm and see nothing.

    sandbox = sandbox_named("bubblewrap")
    process = sandbox.start(["make"], directory=tree, readable=[tree], writable=[tree / "build"])
    ...
    sandbox.kill(process)

Paths are the same inside as outside. Inside there is what is asked for, the system's programs and
an empty /tmp of bounded size: nothing of the grader's own tree, no network, no other processes.
A limit counts for each process by itself; the grader sets one on the time of the whole as well.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from grader.lab import ROOT

sys.path.insert(0, str(ROOT / "ci"))
import qemu  # noqa: E402

NOBODY = 65534
MIB = 1 << 20
PATH = "/usr/local/bin:/usr/bin:/bin"
# Beside /usr: what the loader and the names of Debian's compilers go through.
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
TOOLS = ("make", "cc", "qemu-system-riscv64", "riscv64-unknown-elf-gcc", "riscv64-linux-gnu-gcc",
         "riscv64-elf-gcc")

Stream = int | IO[bytes] | None


@dataclass(frozen=True)
class Limits:
    """What one process may take."""

    cpu_seconds: int = 20
    memory: int = 1024 * MIB  # bytes
    file_size: int = 64 * MIB  # bytes of one file that is written
    processes: int = 64  # at once
    # AddressSanitizer reserves terabytes of addresses: it is told itself how much it may use.
    is_asan: bool = False

    def environment(self) -> dict[str, str]:
        if not self.is_asan:
            return {}
        return {"ASAN_OPTIONS": f"hard_rss_limit_mb={self.memory // MIB}:detect_leaks=0:"
                                f"max_allocation_size_mb={self.memory // MIB}"}

    def resources(self) -> dict[str, int]:
        """By the names that prlimit and Python's resource share."""
        limits = {"cpu": self.cpu_seconds, "fsize": self.file_size, "core": 0, "nofile": 256,
                  "nproc": self.processes}
        return limits if self.is_asan else limits | {"as": self.memory}


class Unavailable(Exception):
    """A sandbox that cannot be used here; one line that says why and what to do."""


class Sandbox(Protocol):
    name: str
    gives_up: str  # one line: what it does not protect from; "" where that is nothing

    def check(self) -> None:
        """Unavailable where it does not work on this machine."""

    def start(self, command: Sequence[str | Path], *, directory: Path | None = None,
              readable: Sequence[Path] = (), writable: Sequence[Path] = (), fds: Sequence[int] = (),
              limits: Limits = Limits(), environment: Mapping[str, str] | None = None,
              stdin: Stream = subprocess.DEVNULL, stdout: Stream = subprocess.PIPE,
              stderr: Stream = subprocess.STDOUT) -> subprocess.Popen[bytes]:
        """Start a command in `directory`; of the file system it sees `readable` and `writable`,
        of the open files `fds`, of the environment what is in `environment` and a short list."""

    def give(self, path: Path) -> None:
        """Make a folder, with all that is in it, one that code in the sandbox can write."""

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and all that it has started, and wait for that."""


def own_environment(limits: Limits, more: Mapping[str, str] | None) -> dict[str, str]:
    return {"PATH": PATH, "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8",
            **limits.environment(), **(more or {})}


class Bubblewrap:
    """Namespaces made by bwrap, for an unprivileged user: of the grader where that is one, else
    nobody."""

    name = "bubblewrap"
    gives_up = ""

    def __init__(self, tmp_size: int = 64 * MIB) -> None:
        self._bwrap = shutil.which("bwrap") or "bwrap"
        self._view = [*system_view(), "--proc", "/proc", "--dev", "/dev",
                      "--remount-ro", "/dev",  # else a place without a bound, in memory
                      "--size", str(tmp_size), "--tmpfs", "/tmp"]

    def check(self) -> None:
        if shutil.which("bwrap") is None:
            raise Unavailable("bubblewrap is not installed: run make setup, or say "
                              "--sandbox=none to do without")
        with self.start(["true"]) as process:
            output, _ = process.communicate(timeout=60)
        if process.returncode != 0:
            words = output.decode("utf-8", "replace").strip().split("\n")[0]
            raise Unavailable(f"bubblewrap does not work here ({words}): allow users to make "
                              "namespaces, or say --sandbox=none to do without")

    def start(self, command: Sequence[str | Path], *, directory: Path | None = None,
              readable: Sequence[Path] = (), writable: Sequence[Path] = (), fds: Sequence[int] = (),
              limits: Limits = Limits(), environment: Mapping[str, str] | None = None,
              stdin: Stream = subprocess.DEVNULL, stdout: Stream = subprocess.PIPE,
              stderr: Stream = subprocess.STDOUT) -> subprocess.Popen[bytes]:
        line = [self._bwrap, "--unshare-all", "--die-with-parent", "--new-session",
                "--cap-drop", "ALL", "--clearenv", *self._view]
        for name, value in own_environment(limits, environment).items():
            line += ["--setenv", name, value]
        for bind, paths in (("--ro-bind", readable), ("--bind", writable)):
            for path in paths:
                line += [bind, str(path), str(path)]
        line += ["--remount-ro", "/", "--chdir", str(directory or "/tmp"), "--"]
        # Set inside, where the limit on processes counts those of this sandbox alone.
        line += ["prlimit", *(f"--{name}={value}" for name, value in limits.resources().items())]
        return subprocess.Popen([*line, "--", *map(str, command)], stdin=stdin, stdout=stdout,
                                stderr=stderr, pass_fds=fds, cwd="/", start_new_session=True,
                                **unprivileged())  # type: ignore[call-overload,no-any-return]

    def give(self, path: Path) -> None:
        give_to_unprivileged(path)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()  # the first process inside dies with it, and all others with that
        finish(process)


class NoSandbox:
    """For a student's own code on his own machine: limits, but no walls. Code that root grades runs
    as nobody, so that a container for each submission can do where there is no bubblewrap."""

    name = "none"
    gives_up = ("no sandbox: the submission's code runs as you (for root: as nobody), can read and "
                "write your files and use the network; do this with your own code only")

    def check(self) -> None:
        pass

    def start(self, command: Sequence[str | Path], *, directory: Path | None = None,
              readable: Sequence[Path] = (), writable: Sequence[Path] = (), fds: Sequence[int] = (),
              limits: Limits = Limits(), environment: Mapping[str, str] | None = None,
              stdin: Stream = subprocess.DEVNULL, stdout: Stream = subprocess.PIPE,
              stderr: Stream = subprocess.STDOUT) -> subprocess.Popen[bytes]:
        own = {"PATH": os.environ.get("PATH", PATH)}
        return subprocess.Popen([*map(str, command)], stdin=stdin, stdout=stdout, stderr=stderr,
                                pass_fds=fds, cwd=directory or "/tmp", start_new_session=True,
                                env=own_environment(limits, own | dict(environment or {})),
                                preexec_fn=limiter(limits),
                                **unprivileged())  # type: ignore[call-overload,no-any-return]

    def give(self, path: Path) -> None:
        give_to_unprivileged(path)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        finish(process)


def unprivileged() -> dict[str, object]:
    """For Popen: another user than root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def give_to_unprivileged(path: Path) -> None:
    if os.geteuid() != 0:
        return
    os.chown(path, NOBODY, NOBODY)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, NOBODY, NOBODY, follow_symlinks=False)


def sandbox_named(name: str) -> Sandbox:
    """"bubblewrap" or "none", working; else Unavailable."""
    kinds: dict[str, type[Bubblewrap] | type[NoSandbox]] = {"bubblewrap": Bubblewrap,
                                                            "none": NoSandbox}
    if name not in kinds:
        raise Unavailable(f"there is no sandbox {name}: say one of {', '.join(kinds)}")
    sandbox = kinds[name]()
    sandbox.check()
    return sandbox


def system_view() -> list[str]:
    """bwrap's options for the system's programs, and for those of TOOLS that lie elsewhere."""
    line = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM:
        if Path(name).is_symlink():
            line += ["--symlink", os.readlink(name), name]
        else:
            line += ["--ro-bind-try", name, name]
    for prefix in sorted(tool_prefixes()):
        line += ["--ro-bind", str(prefix), str(prefix)]
    if ROOT.is_relative_to("/usr"):
        line += ["--tmpfs", str(ROOT)]
    return line


def tool_prefixes() -> set[Path]:
    found = {Path(path).resolve().parent.parent for path in map(shutil.which, TOOLS) if path}
    hidden = (*ROOT.parents, ROOT, Path.home())
    return {path for path in found if not path.is_relative_to("/usr") and path not in hidden}


def limiter(limits: Limits) -> Callable[[], None]:
    """What a child does before it becomes the command. There is no limit on processes: it would
    count all of the user's."""
    values = limits.resources()
    del values["nproc"]
    ask_to_die = qemu.die_with_parent()

    def limit() -> None:
        if ask_to_die is not None:
            ask_to_die()
        for name, value in values.items():
            which = getattr(resource, f"RLIMIT_{name.upper()}", None)
            if which is not None:
                hard = resource.getrlimit(which)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                try:
                    resource.setrlimit(which, (value, value))
                except (OSError, ValueError):
                    pass  # macOS has no limit on addresses

    return limit


def finish(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
