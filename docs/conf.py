"""How Sphinx makes the site: `make docs`. Warnings are errors there, so a link that leads nowhere fails the build."""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.directives.code import container_wrapper
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "ci"))

import book  # noqa: E402  (ci/book.py)

project = "Bosk"
author = "the Bosk authors"
extensions = ["myst_parser"]
root_doc = "index"
nitpicky = True
smartquotes = False  # what the text says is what it means: "--help" has two dashes
highlight_language = "none"  # of indented blocks; a fenced block names its own
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Bosk, the Buddy OS Kernel"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_use_index = False
html_static_path = ["_static"]
html_css_files = ["bosk.css"]
html_js_files = ["theme.js"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f6f43", "color-brand-content": "#1a5fa8",
                            "code-font-size": "var(--font-size--small--2)"},
    "dark_css_variables": {"color-brand-primary": "#7fd3a0", "color-brand-content": "#7fb8f0"},
}

# Pages of the site that are kept beside what they are about, and the page that includes each.
ELSEWHERE = {"../bootloader/README.md": "bootloader.md", "../user/README.md": "user.md"}


def point_to_pages(app: Sphinx, page: str, source: list[str]) -> None:
    """In the tree a chapter links to a file elsewhere; on the site to the page that includes it."""
    for path, included in ELSEWHERE.items():
        source[0] = source[0].replace(f"]({path}", f"]({included}")


class Quote(SphinxDirective):
    """`{quote} FILE NAME`: source as ci/book.py finds it by its name. The page has it in full, for those who
    read the page as it is; here it is seen to it that the page is not behind the source."""

    required_arguments = 2
    has_content = True

    def run(self) -> list[nodes.Node]:
        path, name = self.arguments
        try:
            text = book.quoted(path, name, ROOT)
        except book.NotFound as error:
            raise self.error(str(error)) from error
        if text.split("\n") != list(self.content):
            raise self.error(f"{name} has changed in {path}: run python3 ci/book.py")
        return [container_wrapper(self, nodes.literal_block(text, text, language="c"), f"`{path}`")]


def setup(app: Sphinx) -> None:
    app.add_directive("quote", Quote)
    app.connect("source-read", point_to_pages)
