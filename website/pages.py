"""What the pages show is run: blocks of code, in order, with the output that stands below them.

    python -m website.pages          # run every block, and write what each prints below it
    python -m website.pages start    # of some pages only

A block in ``python`` or ``bash`` runs in a folder that has the sample; one with a title is a file.
A block in ``text`` or ``r`` below it is what it prints. A comment above a block marks it:
``<!-- slow -->`` for the slow tier of the tests, ``<!-- not run: why -->`` for what cannot be run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import textwrap
import tomllib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGES = tuple(
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in [*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    )
)
"""Every page that somebody wrote, from the top of the repository."""
FENCE = re.compile(
    r'^(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n'
    r"(?P<text>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
OUTPUT = ("text", "r")
WIDTH = 96  # characters of a line of output
ANSWERS = "answers.csv"
"""What the pages call a file of one's own: it is the sample's."""


class PageError(Exception):
    """A block that does not do what its page says."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page.

    Parameters
    ----------
    mark
        ``""``, ``"slow"``, or ``"not run: "`` and why.
    start, end
        Where its text stands in the page.
    """

    page: str
    language: str
    title: str
    mark: str
    text: str
    start: int
    end: int


def blocks(page: str) -> tuple[Block, ...]:
    """Return the fenced blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return tuple(
        Block(page, found["language"], found["title"] or "", found["mark"] or "", found["text"],
              found.start("text"), found.end("text"))
        for found in FENCE.finditer(text)
    )  # fmt: skip


@contextlib.contextmanager
def working_folder() -> Iterator[Path]:
    """Go to a new folder with the sample and a file of answers, and come back."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "data" / "sample", folder / "data" / "sample")
        golden = folder / "tests" / "golden"
        golden.mkdir(parents=True)
        shutil.copy(ROOT / "tests" / "golden" / "holzinger.csv", golden)
        shutil.copy(folder / "data" / "sample" / "employees.csv", folder / ANSWERS)
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


def printed(page: str, *, slow: bool = False) -> Iterator[tuple[Block, Block | None, str]]:
    """Run a page's blocks in the current folder.

    Parameters
    ----------
    slow
        Whether to run the slow ones as well.

    Yields
    ------
    tuple
        A block that was run, the block of output below it if there is one, and what it printed.
    """
    found = blocks(page)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block, below in zip(found, [*found[1:], None], strict=True):
        if block.mark.startswith("not run:") or (block.mark == "slow" and not slow):
            continue
        if block.title:
            _write(block)
        elif block.language in _RUN:
            shows = below if below is not None and below.language in OUTPUT else None
            yield block, shows, _RUN[block.language](block, names)
        elif block.language not in OUTPUT:
            raise PageError(f"{page}: a block in {block.language or 'no language'} cannot be run")


def tidy(output: str, language: str = "text") -> str:
    """Return what was printed as it stands on a page: long sentences in several lines."""
    lines = (line.rstrip() for line in output.strip("\n").splitlines())
    parts = (part for line in lines for part in (_wrapped(line) if language == "text" else [line]))
    return "".join(f"{part}\n" for part in parts)


def _wrapped(line: str) -> list[str]:
    """Return a sentence in lines that fit a page; a row of a table stays as it is."""
    if len(line) <= WIDTH or "  " in line.strip():
        return [line]
    return textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)


def _write(block: Block) -> None:
    """Make the file that a block is."""
    if block.title.endswith(".toml"):
        tomllib.loads(block.text)
    Path(block.title).write_text(block.text, encoding="utf-8")


def _python(block: Block, names: dict[str, Any]) -> str:
    """Run code in the names of its page; return what it printed."""
    told = io.StringIO()
    path = ROOT / block.page
    above = path.read_text(encoding="utf-8")[: block.start].count("\n") * "\n"
    with contextlib.redirect_stdout(told):
        exec(compile(above + block.text, str(path), "exec"), names)  # a fault names its line
    return told.getvalue()


def _bash(block: Block, _: dict[str, Any]) -> str:
    """Run the commands of this package, and see that what others name is there."""
    lines = block.text.replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return "".join(_command(each, block.page) for each in words if each)


def _command(words: Sequence[str], page: str) -> str:
    """Run one command; return what it printed."""
    match words:
        case ["employer-identity", *arguments]:
            return _of_the_package(arguments, page)
        case ["python3", "run.py", task, *rest]:
            _see(task in _tasks(), f"{page}: run.py has no {task}")
            paths = [word for word in rest if "/" in word]
            _see(all((ROOT / path).exists() for path in paths), f"{page}: no {paths}")
        case ["pip", "install", *wanted]:
            extras = re.findall(r"\[([\w,]+)\]", " ".join(wanted))
            missing = {name for group in extras for name in group.split(",")} - _extras()
            _see(not missing, f"{page}: no extra {missing}")
        case _:
            raise PageError(f"{page}: cannot be run: {' '.join(words)}")
    return ""


def _of_the_package(arguments: Sequence[str], page: str) -> str:
    """Run one of our own commands in this process."""
    from typer.testing import CliRunner

    from employer_identity.cli.main import app

    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "84"})
    command = f"employer-identity {' '.join(arguments)}"
    _see(done.exit_code == 0, f"{page}: {command}: {done.output}{done.exception or ''}")
    return done.stdout


def _see(fine: bool, otherwise: str) -> None:
    if not fine:
        raise PageError(otherwise)


def _tasks() -> set[str]:
    """Return the tasks of run.py."""
    import run

    return set(run.TASKS)


def _extras() -> set[str]:
    """Return the package's extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["optional-dependencies"])


_RUN = {"python": _python, "bash": _bash}


def write(page: str) -> None:
    """Run all of a page, and put what each block prints where its output stands."""
    with working_folder():
        found = list(printed(page, slow=True))
    text = (ROOT / page).read_text(encoding="utf-8")
    for _, shows, output in reversed(found):
        if shows is not None:
            text = text[: shows.start] + tidy(output, shows.language) + text[shows.end :]
    (ROOT / page).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("error")
    asked = sys.argv[1:]
    for name in PAGES:
        if not asked or Path(name).stem in asked:
            write(name)
