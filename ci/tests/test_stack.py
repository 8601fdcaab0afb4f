"""The deepest path of calls (ci/stack.py): the kernel's, and programs that it must refuse."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from common import make, need

import stack  # ci/stack.py

PLAIN = """
    void use(char *);
    void leaf(void) { char buffer[512]; use(buffer); }
    void shallow(void) { char buffer[64]; use(buffer); }
    void kernel_main(void) { shallow(); leaf(); shallow(); }
    void use(char *buffer) { *(volatile char *)buffer = 0; }
"""
RECURSIVE = "int kernel_main(int n) { return n == 0 ? 0 : 2 + kernel_main(n / 3) * 5; }"
POINTER = "void kernel_main(void (*hook)(void)) { hook(); hook(); }"
SIZELESS = "void assembly(void); void kernel_main(void) { assembly(); assembly(); }"
UNBOUNDED = "void use(char *); void kernel_main(int n) { char a[n]; use(a); }"


def graph(text: str, folder: Path) -> stack.Graph:
    """The graph of a program's calls."""
    need("riscv64-unknown-elf-gcc")
    (folder / "program.c").write_text(text)
    subprocess.run(["riscv64-unknown-elf-gcc", "-O2", "-fno-inline", "-fno-optimize-sibling-calls",
                    "-fcallgraph-info=su", "-c", "program.c"], cwd=folder, check=True)  # fmt: skip
    return stack.read_graph([folder / "program.ci"], folder)


def test_the_kernels_stacks_hold_their_deepest_paths() -> None:
    need("riscv64-unknown-elf-gcc")
    run = make("stack")
    assert run.returncode == 0, run.stdout
    assert "boot stack: " in run.stdout and "trap stack: " in run.stdout
    assert " kernel_main\n" in run.stdout


def test_the_deepest_path_is_the_one_with_the_largest_sum(tmp_path: Path) -> None:
    found = graph(PLAIN, tmp_path)
    depth, path = stack.deepest(found, "kernel_main")
    assert [function.name for function in path] == ["kernel_main", "leaf", "use"]
    assert depth == sum(found[name].size or 0 for name in ("kernel_main", "leaf", "use")) > 512


@pytest.mark.parametrize(
    ("text", "reason"),
    [(RECURSIVE, "recursion without a bound: kernel_main calls kernel_main"),
     (POINTER, "the call program.c: hook goes through a pointer, called by kernel_main"),
     (SIZELESS, "assembly has no size, called by kernel_main"),
     (UNBOUNDED, "kernel_main takes an amount of stack that is not known when it is built")],
    ids=["recursion", "pointer", "assembly", "variable"],
)  # fmt: skip
def test_what_has_no_bound_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(stack.Unknown, match=reason):
        stack.deepest(graph(text, tmp_path), "kernel_main")


def test_a_recursive_function_counts_as_often_as_it_is_active(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stack.RECURSION, "kernel_main", 7)
    found = graph(RECURSIVE, tmp_path)
    depth, path = stack.deepest(found, "kernel_main")
    assert len(path) == 7 and depth == 7 * (found["kernel_main"].size or 0)


def test_a_stack_that_is_too_small_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boot = stack.Stack("boot stack", "boot_stack", ("kernel_main",), frame=288)
    found = graph(PLAIN, tmp_path)
    depth, _ = stack.deepest(found, "kernel_main")
    assert stack.report(boot, depth + 288, found)
    assert not stack.report(boot, depth + 287, found)
    assert "boot stack: " in capsys.readouterr().out
