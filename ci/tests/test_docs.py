"""The site that `make docs` makes: it builds, and what leads nowhere fails the build."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from common import ROOT, make, need

import book  # noqa: E402  (ci/book.py)

COMMENT = "/* NULL where what is left is too small, or the layout is not valid. */\n"
DECLARED = COMMENT + "void *bump_alloc(struct bump *bump, struct layout layout);\n"


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
    for name in ("docs", "bootloader", "user", "os", "ci"):
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


def test_a_quotation_has_the_comment_above_and_goes_on_to_the_end() -> None:
    assert book.quoted("os/heap/bump.h", "bump_alloc") + "\n" == DECLARED
    function = book.quoted("os/collections/element.c", "element_drop_all")
    assert function.startswith("void element_drop_all(") and function.endswith("\n}") and function.count("\n}") == 1
    struct = book.quoted("os/heap/bump.h", "bump")
    assert struct.startswith("struct bump {\n") and struct.endswith("\n};")


@pytest.mark.parametrize(("text", "complaint"), [
    ("[there](nowhere.md)", "nowhere.md"),
    ("[there](boot.md#nowhere)", "boot.md#nowhere"),
    ("![picture](figures/nowhere.svg)", "figures/nowhere.svg"),
    (f"```{{quote}} os/heap/bump.h bump_gone\n{DECLARED}```\n", "os/heap/bump.h has no bump_gone to quote"),
    (f"```{{quote}} os/heap/gone.h bump_alloc\n{DECLARED}```\n", "there is no os/heap/gone.h"),
    (f"```{{quote}} os/heap/bump.h bump_alloc\n{DECLARED.replace('left', 'right')}```\n",
     "bump_alloc has changed in os/heap/bump.h: run python3 ci/book.py"),
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


@pytest.mark.parametrize(("theme", "setting"), [("dark", 0), ("light", 1)])
def test_the_site_is_dark_where_the_system_is(copy: Path, theme: str, setting: int) -> None:
    need("chromium")
    assert make("docs", directory=copy).returncode == 0
    page = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                           f"--user-data-dir={copy / 'chromium'}", f"--blink-settings=preferredColorScheme={setting}",
                           (copy / "build/docs/index.html").as_uri()], capture_output=True, text=True, check=True,
                          timeout=120)  # fmt: skip
    assert f'<body data-theme="{theme}"' in page.stdout


def test_without_sphinx_it_says_what_to_do(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("make", "sh", "getconf", "awk"):
        if path := shutil.which(tool):
            (tools / tool).symlink_to(path)
    run = make("docs", PATH=str(tools))
    assert run.returncode != 0
    assert "bosk: sphinx-build is not installed: run make setup-all" in run.stdout
