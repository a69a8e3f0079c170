"""The site: built without a warning, complete by itself, and searchable without a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser import CHROMIUM, a_page

pytest.importorskip("mkdocs", reason="needs the extra docs")
from website.docstrings import readable
from website.hooks import command_line, relinked

ROOT = Path(__file__).parents[1]
LOADED = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio|object|embed|use|form)\b[^>]*?"
    r"\b(?:src|href|srcset|data|action)=[\"']?\s*((?:https?:)?//[^\"'\s>]+)",
    flags=re.IGNORECASE,
)
BY_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 25
    found = {
        (path.name, address)
        for path in [*pages, *site.rglob("*.css"), *site.rglob("*.svg")]
        for pattern in (LOADED, BY_STYLE)
        for address in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "code",
    [
        '<script src="https://unpkg.com/a.js"></script>',
        "<link rel=stylesheet href=//fonts.example/css>",
        '<img alt="x" src="http://example.org/a.png">',
        "<style>@import url(https://example.org/a.css)</style>",
    ],
)
def test_a_load_from_elsewhere_would_be_seen(code: str) -> None:
    assert LOADED.search(code) or BY_STYLE.search(code)


def test_a_link_in_the_text_is_no_load() -> None:
    assert not LOADED.search('<a href="https://doi.org/10.1/x">doi</a>')


@pytest.mark.slow
def test_the_reference_shows_parameters_and_no_private_name(site: Path) -> None:
    models = (site / "reference" / "models.html").read_text(encoding="utf-8")
    assert 'id="employer_identity.cfa.cfa"' in models
    assert "Satorra-Bentler" in models
    for path in (site / "reference").glob("*.html"):
        ids = re.findall(r'id="employer_identity\.([\w.]+)"', path.read_text(encoding="utf-8"))
        private = re.compile(r"(?:^|\.)_(?!_)|(?:^|\.)__\w+(?<!__)(?:\.|$)")  # not __getitem__
        assert [name for name in ids if private.search(name)] == []


def test_every_command_has_a_chapter() -> None:
    page = command_line()
    for name in ("report", "batch", "check", "audit", "instrument new", "simulate", "workshop"):
        assert f"\n## {name}\n" in page
    assert "--dry-run" in page
    assert "root" not in page.split("Usage")[1].split("\n")[0]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[c](../conventions.md#fit-measures)", "[c](../conventions.md#fit-measures)"),
        ("[b](../../benchmarks/README.md)", "[b](../benchmarks.md)"),
        ("[r](../../run.py)", "r"),
        ("[n](nowhere.md)", "[n](nowhere.md)"),
        ("[d](https://doi.org/10.1/x)", "[d](https://doi.org/10.1/x)"),
    ],
)
def test_links_of_the_repository_become_those_of_the_site(link: str, expected: str) -> None:
    pages = {"conventions.md", "benchmarks.md", "how-to/ladder.md"}
    assert relinked(link, "docs/how-to/ladder.md", "how-to/ladder.md", pages) == expected


def test_arguments_that_are_told_of_together_are_listed_one_by_one() -> None:
    formula = "    A number{}:\n\n        x + y\n"
    rest = "last\n    Another.\n\nReturns\n-------\nfloat, int\n    The sum."
    docstring = f"Fit, by\n\nParameters\n----------\none, other\n{formula.format(':')}{rest}"
    each = "".join(f"{name}\n{formula.format('')}" for name in ("one", "other"))
    assert readable(docstring) == f"Fit, by\n\nParameters\n----------\n{each}\n{rest}"


@pytest.mark.slow
def test_defaults_of_the_reference_are_values(site: Path) -> None:
    text = (site / "reference" / "comparisons.html").read_text(encoding="utf-8")
    bare = re.sub(r"<[^>]+>", "", text)
    assert "anchors=2," in bare
    assert "collapse=5," in bare


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_search_works_in_a_page_that_was_opened_as_a_file(site: Path) -> None:
    with a_page() as page:
        page.open((site / "index.html").as_uri())
        page.value("document.querySelector('[data-md-component=search-query]').focus()")
        page.type("clusters")
        found = page.value(
            """new Promise((done, failed) => {
              const end = Date.now() + 30000
              const look = () => {
                const first = document.querySelector(".md-search-result__item a")
                if (first) done(first.href)
                else if (Date.now() > end) failed(new Error("nothing found"))
                else setTimeout(look, 100)
              }
              look()
            })"""
        )
        assert found.startswith(site.as_uri())
        asked = [event["request"]["url"] for event in page.seen("Network.requestWillBeSent")]
        assert asked
        assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
