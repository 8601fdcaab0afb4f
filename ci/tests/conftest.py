"""The closing line of `make test`."""

from __future__ import annotations

import pytest


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the last line, alone on its line. Not from the workers of xdist."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(config, "workerinput") or reporter is None:
        return
    passed, failed, errors, skipped = (
        len(reporter.stats.get(word, [])) for word in ("passed", "failed", "error", "skipped")
    )
    print(f"{passed} passed, {failed + errors} failed, {skipped} skipped")
