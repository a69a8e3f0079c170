"""What mkdocs does besides: pages that live elsewhere in the repository, and the command line's.

A page is written for two readers, on the site and in the repository. Links that lead to a file
which is no page of the site become plain text on the site.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.main import get_command
from typer.testing import CliRunner

from employer_identity.cli.main import app

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/scale.png": "images/scale.png",
    "data/sample/README.md": "reference/sample.md",
}
"""Files of the repository that are part of the site, and the name that each has there."""
COMMANDS = "reference/command-line.md"
RETURNED = re.compile(
    r"<code>((?:(?!</code>).)*)</code>\s*\u2013\s*<div class=\"doc-md-description\">\s*</div>", re.S
)
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]*)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs."""
    for source, name in ELSEWHERE.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, COMMANDS, content=command_line()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let every link lead to a page of the site, or be plain text."""
    here = page.file.src_uri
    homes = {name: source for source, name in ELSEWHERE.items()}
    source = homes.get(here, f"docs/{here}")
    return relinked(markdown, source, here, {file.src_uri for file in files})


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write what a function returns in plain letters where it is said in words."""
    return RETURNED.sub(
        lambda found: found[1] if found[1].endswith(".") else f"<code>{found[1]}</code>", html
    )


def relinked(markdown: str, source: str, here: str, pages: set[str]) -> str:
    """Return a page's text with the links of a file of the repository made those of the site.

    Parameters
    ----------
    source
        The file, from the top of the repository.
    here
        The page that it is on the site.
    pages
        All pages and files of the site.
    """

    def link(found: re.Match[str]) -> str:
        text, path, anchor = found[1], found[2], found[3] or ""
        target = posixpath.normpath(str(PurePosixPath(source).parent / path))
        if not (ROOT / target).exists():
            return found[0]  # mkdocs says that it leads nowhere
        page = ELSEWHERE.get(target, target.removeprefix("docs/"))
        if page not in pages or (target not in ELSEWHERE and not target.startswith("docs/")):
            return text
        return f"[{text}]({posixpath.relpath(page, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(link, markdown)


def command_line() -> str:
    """Return a page of what each command says of itself."""
    found = [
        "# Command line",
        "`employer-identity COMMAND`. What `--help` after a command shows is this page.",
    ]
    for words in _commands(get_command(app)):
        told = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "84"}).output
        name, usage = " ".join(words), told.replace("Usage: root", "Usage: employer-identity")
        found += [f"## {name}", f"```text\n{usage.strip()}\n```"]
    return "\n\n".join(found) + "\n"


def _commands(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command, of those below it one after the other."""
    below = getattr(command, "commands", None)
    if below is None:
        yield words
        return
    for name, inner in below.items():
        yield from _commands(inner, *words, name)
