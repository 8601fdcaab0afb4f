"""Take the files of a lab out of a submission, and nothing else.

A submission is a folder, a git repository (of a bare one: what HEAD has), a .tar.gz or a .zip. Its
files may lie in one folder more, as in archives of repositories. Nothing of it is run, no link is
followed, and nothing is unpacked: the wanted files are read, within limits, and then written below
the target. What is refused is named, in one line.
"""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from grader.sandbox import Limits, limiter

MIB = 1 << 20
MAX_FILE = 1 * MIB  # of one file of the lab
MAX_ARCHIVE = 16 * MIB
MAX_EXPANSION = 128 * MIB  # what a .tar.gz may unpack to
MAX_MEMBERS = 20000
MAX_PATH = 512
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError,
          OverflowError, NotImplementedError)
GIT_LIMITS = Limits(cpu_seconds=10, memory=1024 * MIB)


class BadSubmission(Exception):
    """A submission that cannot be graded; one line for whoever handed it in."""


@dataclass(frozen=True)
class Entry:
    """Something that a submission holds."""

    name: str
    kind: str  # "file", or what it is instead: "a link", "a device", ...
    size: int
    read: Callable[[int], bytes]  # at most so many bytes


def extract(submission: Path, files: Sequence[str], target: Path) -> tuple[str, ...]:
    """Write the submission's files over those in `target`; notes on what was missing or left."""
    try:
        found, notes = collect(entries_of(submission, files), files)
    except DAMAGE as error:
        raise BadSubmission(f"the archive is damaged: {shown(str(error))}") from error
    if not found:
        raise BadSubmission("none of the lab's files is in it: hand in " + " and ".join(files))
    for name, data in found.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    notes += [f"{name} is missing from the submission: the starter's was taken"
              for name in files if name not in found]
    return tuple(notes)


def entries_of(submission: Path, files: Sequence[str]) -> Iterator[Entry]:
    if submission.is_dir():
        if is_bare_repository(submission):
            return in_repository(submission, files)
        return in_folder(submission, files)
    if not submission.is_file():
        raise BadSubmission(f"there is no file or folder {shown(str(submission))}")
    if submission.stat().st_size > MAX_ARCHIVE:
        raise BadSubmission(f"it is larger than {MAX_ARCHIVE // MIB} MiB: hand in the sources alone")
    with submission.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        return in_tar(submission)
    if magic[:2] == b"PK":
        return in_zip(submission)
    raise BadSubmission("it is neither a folder, nor a .tar.gz, nor a .zip")


def collect(entries: Iterator[Entry], files: Sequence[str]) -> tuple[dict[str, bytes], list[str]]:
    """The lab's files by name, from the top of the submission or from its one top folder."""
    found: dict[str, dict[str, bytes]] = {}
    names: set[str] = set()
    notes: list[str] = []
    for entry in entries:
        name = checked_name(entry.name)
        top, wanted = wanted_part(name, files)
        if not wanted:
            if entry.kind != "file":
                notes.append(f"{shown(name)} was not taken: it is {entry.kind}")
            continue
        if entry.kind != "file":
            raise BadSubmission(f"{shown(name)} is {entry.kind}, not a file")
        if name in names:
            raise BadSubmission(f"{shown(name)} is in it twice")
        names.add(name)
        if entry.size > MAX_FILE:
            raise BadSubmission(f"{shown(name)} is larger than {MAX_FILE // MIB} MiB")
        found.setdefault(top, {})[wanted] = entry.read(MAX_FILE)
    if len(found) > 1 and "" not in found:
        raise BadSubmission(f"the lab's files are in several folders of it, {few_names(found)}: "
                            "hand in one of them")
    return (found.get("") or next(iter(found.values()), {})), few(notes)


def checked_name(name: str) -> str:
    """A name without `./`, or BadSubmission: no innocent tool makes such names."""
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        raise BadSubmission(f"{shown(name)} is an absolute path")
    if len(name) > MAX_PATH:
        raise BadSubmission(f"the path {shown(name)} is longer than {MAX_PATH} characters")
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise BadSubmission(f"the path {shown(name)} leads out of the submission")
    return "/".join(parts)


def wanted_part(name: str, files: Sequence[str]) -> tuple[str, str]:
    """The top folder and the lab's file that a name stands for; the file is "" where it is none."""
    if name in files:
        return "", name
    top, _, rest = name.partition("/")
    return (top, rest) if rest in files else ("", "")


def few(notes: list[str], most: int = 5) -> list[str]:
    return notes if len(notes) <= most else [*notes[:most], f"and {len(notes) - most} more"]


def few_names(names: Iterable[str]) -> str:
    return " and ".join(shown(name) for name in sorted(names)[:2])


def shown(name: str) -> str:
    """A name from outside, fit for a line of text."""
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= 80 else text[:77] + "..."


# --- folders --------------------------------------------------------------------------------------


def in_folder(folder: Path, files: Sequence[str]) -> Iterator[Entry]:
    tops = [""]
    if not any(os.path.lexists(folder / name) for name in files):
        with os.scandir(folder) as inside:
            tops = sorted(entry.name for entry in inside if entry.is_dir(follow_symlinks=False))
    for top in tops[:MAX_MEMBERS]:
        for name in files:
            if (entry := file_below(folder / top, top, name)) is not None:
                yield entry


def file_below(folder: Path, top: str, name: str) -> Entry | None:
    """The file of that name; None where there is none. No part of the name may be a link."""
    path, shown_as = folder, f"{top}/{name}" if top else name
    for part in name.split("/"):
        path = path / part
        if path.is_symlink():
            return Entry(shown_as, "a link", 0, lambda most: b"")
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadSubmission(f"{shown(shown_as)} cannot be read: {error.strerror}") from error
    return Entry(shown_as, kind_of(status.st_mode), status.st_size,
                 lambda most: read_regular(path, shown_as, most))


def kind_of(mode: int) -> str:
    for is_kind, word in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "a folder"), (stat.S_ISLNK, "a link")):
        if is_kind(mode):
            return word
    return "a device"


def read_regular(path: Path, name: str, most: int) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadSubmission(f"{shown(name)} is not a file")
            return file.read(most)
    except OSError as error:
        raise BadSubmission(f"{shown(name)} cannot be read: {error.strerror}") from error


# --- repositories ---------------------------------------------------------------------------------


def is_bare_repository(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("HEAD", "objects", "refs"))


def in_repository(repository: Path, files: Sequence[str]) -> Iterator[Entry]:
    """What HEAD has. The repository's own configuration can name programs to run, so git gets an
    empty repository that takes its objects from there."""
    if os.path.lexists(repository / "objects" / "info" / "alternates"):
        raise BadSubmission("the repository borrows objects of another one: hand in a full clone")
    commit = head_of(repository)
    with tempfile.TemporaryDirectory(prefix="bosk-git-") as name:
        own = Path(name)
        (own / "refs").mkdir()
        (own / "HEAD").write_text("ref: refs/heads/main\n")
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GIT_DIR": str(own),
                       "GIT_OBJECT_DIRECTORY": str(repository.resolve() / "objects"),
                       "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(own), "LANG": "C"}
        for line in git(environment, "ls-tree", "-z", "-l", commit, "--", *files).split(b"\0"):
            if line:
                head, path = line.decode("utf-8", "replace").split("\t", 1)
                mode, _, blob, size = head.split()
                kind = kind_of(int(mode, 8)) if mode[0] == "1" else "a folder"
                yield Entry(path, kind, int(size) if size.isdigit() else 0,
                            lambda most, blob=blob: git(environment, "cat-file", "blob", blob)[:most])


def head_of(repository: Path) -> str:
    """The commit that HEAD names, read as git keeps it."""
    text = read_regular(repository / "HEAD", "HEAD", 1000).decode("utf-8", "replace").strip()
    if not text.startswith("ref: "):
        return checked_commit(text)
    ref = checked_name(text[5:].strip())
    if not ref.startswith("refs/"):
        raise BadSubmission(f"HEAD of the repository names {shown(ref)}, which is no branch")
    entry = file_below(repository, "", ref)
    if entry is not None:
        return checked_commit(entry.read(1000).decode("utf-8", "replace").strip())
    packed = repository / "packed-refs"
    if packed.is_file():
        lines = read_regular(packed, "packed-refs", MIB).decode("utf-8", "replace").splitlines()
        for line in lines:
            if line.endswith(" " + ref):
                return checked_commit(line.split(" ")[0])
    raise BadSubmission(f"the repository's HEAD, {shown(ref)}, has no commit")


def checked_commit(text: str) -> str:
    if len(text) not in (40, 64) or not set(text) <= set("0123456789abcdef"):
        raise BadSubmission("HEAD of the repository names no commit")
    return text


def git(environment: dict[str, str], *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "--no-replace-objects", *arguments], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              preexec_fn=limiter(GIT_LIMITS), check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadSubmission(f"git cannot read the repository: {error}") from error
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise BadSubmission(f"git cannot read the repository: {shown(words)}")
    return done.stdout


# --- archives -------------------------------------------------------------------------------------


class Counted:
    """A stream that may not give more than so many bytes."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, left: int) -> None:
        self._stream, self._left = stream, left

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise BadSubmission(f"it unpacks to more than {MAX_EXPANSION // MIB} MiB")
        return data


def in_tar(path: Path) -> Iterator[Entry]:
    with gzip.open(path) as stream, \
            tarfile.open(fileobj=Counted(stream, MAX_EXPANSION), mode="r|") as archive:  # type: ignore[call-overload]
        for count, member in enumerate(archive):
            check_count(count)
            if member.isdir():
                continue
            kind = "a link" if member.issym() or member.islnk() else \
                "file" if member.isreg() and not member.issparse() else "a device"
            yield Entry(member.name, kind, member.size, tar_reader(archive, member))


def tar_reader(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        file = archive.extractfile(member)
        return file.read(most) if file is not None else b""

    return read


def in_zip(path: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as archive:
        for count, info in enumerate(archive.infolist()):
            check_count(count)
            if info.is_dir():
                continue
            mode = info.external_attr >> 16
            kind = kind_of(mode) if stat.S_IFMT(mode) else "file"
            if info.flag_bits & 1 or info.compress_type not in ZIP_METHODS:
                raise BadSubmission("the .zip is encrypted, or packed in an uncommon way")
            yield Entry(info.orig_filename, kind, info.file_size, zip_reader(archive, info))


def zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        with archive.open(info) as file:
            return file.read(most)

    return read


def check_count(count: int) -> None:
    if count >= MAX_MEMBERS:
        raise BadSubmission(f"it holds more than {MAX_MEMBERS} files")
