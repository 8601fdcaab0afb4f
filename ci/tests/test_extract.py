"""What is taken out of a submission, and what is refused by name."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from common import ROOT, need  # noqa: F401  (puts ci/ on the path)
from grader.extract import MAX_FILE, MAX_MEMBERS, BadSubmission, extract

FILES = ("os/heap/block.c", "os/heap/bitmap.c")
SOURCES = {name: f"/* {name} */\n".encode() for name in FILES}

Pack = Callable[[Path, dict[str, bytes]], Path]


def folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            add(archive, name, data)
    return path


def add(archive: tarfile.TarFile, name: str, data: bytes = b"", **fields: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for field, value in fields.items():
        setattr(member, field, value)
    archive.addfile(member, io.BytesIO(data))


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def git(path: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", path, "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
                   check=True, capture_output=True)


def bare(path: Path, files: dict[str, bytes]) -> Path:
    need("git")
    work = folder(path / "work", files)
    git(work, "init", "-q")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "all")
    git(path, "clone", "-q", "--bare", "work", "bare")
    return path / "bare"


def refusal(submission: Path, target: Path, files: tuple[str, ...] = FILES) -> str:
    with pytest.raises(BadSubmission) as refused:
        extract(submission, files, target)
    assert not target.exists() or not any(target.rglob("*.c"))
    assert "\n" not in str(refused.value)
    return str(refused.value)


PACKS = [folder, tar, zipped, bare]


@pytest.mark.parametrize("pack", PACKS)
def test_the_labs_files_are_taken_and_no_others(pack: Pack, tmp_path: Path) -> None:
    os.mkdir(tmp_path / "in")
    given = SOURCES | {"Makefile": b"all:\n", "os/heap/heap.h": b"x"}
    name = tmp_path / "in" if pack in (folder, bare) else tmp_path / "in" / "a"
    assert extract(pack(name, given), FILES, tmp_path / "out") == ()
    taken = {str(path.relative_to(tmp_path / "out")): path.read_bytes()
             for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert taken == SOURCES


@pytest.mark.parametrize("pack", [folder, tar, zipped])
def test_one_folder_more_is_looked_into(pack: Pack, tmp_path: Path) -> None:
    given = {f"lab-main/{name}": data for name, data in SOURCES.items()}
    assert extract(pack(tmp_path / "in", given | {"lab-main/README": b""}), FILES, tmp_path / "out") == ()
    assert (tmp_path / "out" / FILES[1]).read_bytes() == SOURCES[FILES[1]]


@pytest.mark.parametrize("pack", [folder, tar, zipped])
def test_two_folders_with_the_files_are_refused(pack: Pack, tmp_path: Path) -> None:
    given = {f"{top}/{name}": data for name, data in SOURCES.items() for top in ("one", "two")}
    assert "one and two" in refusal(pack(tmp_path / "in", given), tmp_path / "out")


@pytest.mark.parametrize("pack", [folder, tar, zipped])
def test_a_missing_file_is_named(pack: Pack, tmp_path: Path) -> None:
    notes = extract(pack(tmp_path / "in", {FILES[0]: b"x"}), FILES, tmp_path / "out")
    assert [FILES[1] in note for note in notes] == [True]


@pytest.mark.parametrize("pack", [folder, tar, zipped])
def test_nothing_of_the_lab_is_an_error(pack: Pack, tmp_path: Path) -> None:
    assert FILES[0] in refusal(pack(tmp_path / "in", {"README": b"x"}), tmp_path / "out")


@pytest.mark.parametrize("pack", PACKS)
def test_a_large_file_is_refused(pack: Pack, tmp_path: Path) -> None:
    os.mkdir(tmp_path / "in")
    name = tmp_path / "in" if pack in (folder, bare) else tmp_path / "in" / "a"
    submission = pack(name, SOURCES | {FILES[0]: b" " * (MAX_FILE + 1)})
    assert "larger than 1 MiB" in refusal(submission, tmp_path / "out")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "C:/x", "..\\x", "a/" * 300 + "x"])
@pytest.mark.parametrize("pack", [tar, zipped])
def test_paths_that_lead_out_are_refused(pack: Pack, name: str, tmp_path: Path) -> None:
    assert "path" in refusal(pack(tmp_path / "in", SOURCES | {name: b"x"}), tmp_path / "out")


@pytest.mark.parametrize(("kind", "word"), [
    (tarfile.SYMTYPE, "a link"), (tarfile.LNKTYPE, "a link"), (tarfile.CHRTYPE, "a device"),
    (tarfile.FIFOTYPE, "a device"),
])  # fmt: skip
def test_a_tar_member_that_is_no_file_is_refused(kind: bytes, word: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "in", "w:gz") as archive:
        add(archive, FILES[0], type=kind, linkname="/etc/passwd")
    assert f"{FILES[0]} is {word}" in refusal(tmp_path / "in", tmp_path / "out")


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo(FILES[0])
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "in", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert f"{FILES[0]} is a link" in refusal(tmp_path / "in", tmp_path / "out")


def test_a_link_in_a_repository_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "work" / FILES[0]
    path.parent.mkdir(parents=True)
    path.symlink_to("/etc/passwd")
    assert f"{FILES[0]} is a link" in refusal(bare(tmp_path, {}), tmp_path / "out")


@pytest.mark.parametrize("at", [FILES[0], "os/heap", "os"])
def test_a_folders_links_are_not_followed(at: str, tmp_path: Path) -> None:
    folder(tmp_path / "elsewhere", SOURCES)
    link = tmp_path / "in" / at
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere" / at)
    assert f"{FILES[0]} is a link" in refusal(tmp_path / "in", tmp_path / "out")


def test_a_fifo_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in" / FILES[0]).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / "in" / FILES[0])
    assert f"{FILES[0]} is a device" in refusal(tmp_path / "in", tmp_path / "out")


def test_another_link_is_left_and_named(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "in", "w:gz") as archive:
        for name, data in SOURCES.items():
            add(archive, name, data)
        add(archive, "compile_commands.json", type=tarfile.SYMTYPE, linkname="build/x")
    note, = extract(tmp_path / "in", FILES, tmp_path / "out")
    assert note == "compile_commands.json was not taken: it is a link"


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "in", "w:gz") as archive:
        for data in (b"one", b"two"):
            add(archive, FILES[0], data)
    assert "is in it twice" in refusal(tmp_path / "in", tmp_path / "out")


def test_a_file_that_unpacks_to_very_much_is_refused(tmp_path: Path) -> None:
    assert "unpacks to more" in refusal(tar(tmp_path / "in", {"x": bytes(140 << 20)}), tmp_path / "out")


def test_a_zip_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "in", {FILES[0]: bytes(4 << 20)})
    data = path.read_bytes().replace((4 << 20).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    path.write_bytes(data)
    refusal(path, tmp_path / "out")


def test_very_many_files_are_refused(tmp_path: Path) -> None:
    files = dict.fromkeys(map(str, range(MAX_MEMBERS + 1)), b"")
    assert "more than" in refusal(tar(tmp_path / "in", files), tmp_path / "out")


@pytest.mark.parametrize("pack", [tar, zipped])
def test_a_damaged_archive_is_refused(pack: Pack, tmp_path: Path) -> None:
    path = pack(tmp_path / "in", SOURCES | {"noise": os.urandom(4000)})
    path.write_bytes(path.read_bytes()[:1500])
    assert "damaged" in refusal(path, tmp_path / "out")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("int main;")
    assert "neither a folder" in refusal(tmp_path / "in", tmp_path / "out")


def test_a_repositorys_configuration_runs_nothing(tmp_path: Path) -> None:
    repository = bare(tmp_path, SOURCES)
    with (repository / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = touch {tmp_path}/ran\n\tpager = touch {tmp_path}/ran\n"
                     "[include]\n\tpath = /dev/zero\n")
    extract(repository, FILES, tmp_path / "out")
    assert not (tmp_path / "ran").exists()


def test_a_repository_that_borrows_objects_is_refused(tmp_path: Path) -> None:
    repository = bare(tmp_path, SOURCES)
    (repository / "objects" / "info" / "alternates").write_text(str(tmp_path / "work/.git/objects"))
    assert "borrows" in refusal(repository, tmp_path / "out")
