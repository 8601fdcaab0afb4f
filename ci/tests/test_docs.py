"""The site that `make docs` makes: it builds, and what leads nowhere fails the build."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from common import ROOT, make, need

QUOTED = "```{quote} os/heap/bump.h bump_alloc\n```\n"


def need_sphinx() -> None:
    need("sphinx-build")
    python = Path(shutil.which("sphinx-build") or "").read_text().splitlines()[0].removeprefix("#!")
    modules = "import furo, myst_parser"
    if subprocess.run([*python.split(), "-c", modules], capture_output=True, check=False).returncode != 0:
        pytest.skip("Sphinx's furo or myst-parser is not installed (make setup-all)")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The part of the tree that the site is made of."""
    need_sphinx()
    for name in ("docs", "bootloader", "user", "os"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def append(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text()}\n{text}")


def test_the_site_builds_without_warnings_and_has_all_pages(copy: Path) -> None:
    run = make("docs", directory=copy)
    assert run.returncode == 0, run.stdout
    assert run.stdout == "built build/docs/index.html\n"
    pages = {path.relative_to(copy / "docs").with_suffix(".html") for path in copy.glob("docs/**/*.md")}
    assert pages
    assert not [page for page in pages if not (copy / "build/docs" / page).is_file()]


def test_a_quotation_has_the_comment_above_and_goes_on_to_the_end(copy: Path) -> None:
    append(copy / "docs/heap.md", QUOTED + QUOTED.replace("bump.h", "bump.c") + QUOTED.replace("bump_alloc", "bump"))
    assert make("docs", directory=copy).returncode == 0
    page = re.sub("<[^>]*>", "", (copy / "build/docs/heap.html").read_text())
    declaration, function, struct = re.split(r"os/heap/bump\.[ch]\b", page)[-3:]
    assert "/* NULL where what is left" in declaration and "struct layout layout);\n" in declaration
    assert "layout)\n{\n" in function and "return block;\n}\n" in function
    assert "struct bump {\n" in struct and "};\n" in struct


@pytest.mark.parametrize(("text", "complaint"), [
    ("[there](nowhere.md)", "nowhere.md"),
    ("[there](boot.md#nowhere)", "boot.md#nowhere"),
    ("![picture](figures/nowhere.svg)", "figures/nowhere.svg"),
    (QUOTED.replace("bump_alloc", "bump_gone"), "os/heap/bump.h has no bump_gone"),
    (QUOTED.replace("bump.h", "gone.h"), "os/heap/gone.h has no bump_alloc"),
])
def test_what_leads_nowhere_fails_the_build(copy: Path, text: str, complaint: str) -> None:
    append(copy / "docs/heap.md", text)
    run = make("docs", directory=copy)
    assert run.returncode != 0
    assert complaint in run.stdout


def test_a_page_that_no_table_of_contents_has_fails_the_build(copy: Path) -> None:
    (copy / "docs/lost.md").write_text("# A lost page\n")
    run = make("docs", directory=copy)
    assert run.returncode != 0
    assert "lost.md" in run.stdout


def test_without_sphinx_it_says_what_to_do(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("make", "sh", "getconf", "awk"):
        if path := shutil.which(tool):
            (tools / tool).symlink_to(path)
    run = make("docs", PATH=str(tools))
    assert run.returncode != 0
    assert "bosk: sphinx-build is not installed: run make setup-all" in run.stdout
