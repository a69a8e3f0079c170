"""What the pages show works: code runs and prints what stands below it, links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import employer_identity as ei
from website import pages
from website.pages import PAGES, ROOT, Block, PageError, blocks, printed, tidy, working_folder

READ = (*PAGES, "CHANGELOG.md", "benchmarks/README.md", "data/sample/README.md")
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in READ}
MARKS = {page: {block.mark for block in blocks(page)} for page in PAGES}
RUN = [page for page in PAGES if any(b.language in ("python", "bash") for b in blocks(page))]
SLOW = [page for page in RUN if "slow" in MARKS[page]]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
NAMED = re.compile(r"`((?:docs|data|tests|notebooks|examples|benchmarks|website)/[\w./-]+)`")
PICTURES = sorted((ROOT / "docs" / "images" / "gallery").iterdir())


def differences(page: str, *, slow: bool) -> Iterator[str]:
    """Run a page; say which block prints something else than stands below it."""
    with working_folder():
        for block, shows, output in printed(page, slow=slow):
            if shows is not None and tidy(output, shows.language) != shows.text:
                yield f"{page}: {block.text}\nprints\n{tidy(output, shows.language)}"


@pytest.mark.parametrize("page", RUN)
def test_a_page_prints_what_it_shows(page: str) -> None:
    assert list(differences(page, slow=False)) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW)
def test_a_page_prints_what_it_shows_with_its_slow_blocks(page: str) -> None:
    assert list(differences(page, slow=True)) == []


def test_few_blocks_cannot_be_run_and_each_says_why() -> None:
    marks = [block.mark for page in PAGES for block in blocks(page) if block.mark]
    unrun = [mark for mark in marks if mark != "slow"]
    assert all(re.fullmatch(r"not run: .{10,}", mark) for mark in unrun)
    assert len(unrun) <= 2


def test_every_fence_is_a_block() -> None:
    for page in PAGES:
        assert len(re.findall(r"^```", TEXTS[page], flags=re.MULTILINE)) == 2 * len(blocks(page))


def page_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    """Write a page of a folder of its own."""
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    return "a.md"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```bash\nemployer-identity report --colour red\n```\n", "--colour"),
        ("```bash\nmake coffee\n```\n", "cannot be run"),
        ("```\nwhat is this\n```\n", "no language"),
    ],
)
def test_a_block_that_does_not_work_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, fault: str
) -> None:
    page = page_of(tmp_path, monkeypatch, text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PageError, match=fault):
        list(printed(page))


def test_names_last_for_a_page_and_marks_are_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "```python\na = 6\n```\n\n<!-- slow -->\n```python\na += 1\n```\n\n"
        "<!-- not run: it would end the test -->\n```python\nraise SystemExit\n```\n\n"
        '```toml title="b.toml"\nc = 1\n```\n\n'
        '```python\nfrom pathlib import Path\nprint(a, Path("b.toml").read_text())\n```\n\n'
        "```text\n6 c = 1\n```\n"
    )
    page = page_of(tmp_path, monkeypatch, text)
    monkeypatch.chdir(tmp_path)
    *_, (_, shows, output) = printed(page)
    assert isinstance(shows, Block)
    assert tidy(output) == shows.text == "6 c = 1\n"
    *_, (_, _, output) = printed(page, slow=True)
    assert tidy(output) == "7 c = 1\n"


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as the site and the repository make them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    bare = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[\s-]+", "-", heading) for heading in bare}


@pytest.mark.parametrize("page", READ)
def test_links_lead_somewhere(page: str) -> None:
    for path, anchor in LINK.findall(TEXTS[page]):
        target = (ROOT / page).parent / path if path else ROOT / page
        generated = target.name == "command-line.md"  # of what the commands say of themselves
        assert target.exists() or generated, path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("page", READ)
def test_what_a_page_names_is_there(page: str) -> None:
    missing = [path for path in NAMED.findall(TEXTS[page]) if not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", READ)
def test_calls_that_a_page_names_exist(page: str) -> None:
    named = re.findall(r"\bei\.(\w+)(?:\.(\w+))?", TEXTS[page])
    assert [name for name, _ in named if not hasattr(ei, name) and name != "name"] == []
    parts = [(name, part) for name, part in named if part and name[0].isupper()]
    assert [part for name, part in parts if not hasattr(getattr(ei, name), part)] == []


def test_the_changelog_is_in_order() -> None:
    versions = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", TEXTS["CHANGELOG.md"], re.M)
    assert versions[0] == ("Unreleased", "")
    dates = [day for _, day in versions[1:]]
    assert all(dates)
    assert dates == sorted(dates, reverse=True)
    order = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Numbers"]
    for part in TEXTS["CHANGELOG.md"].split("\n## ")[1:]:
        kinds = re.findall(r"^### (.+)$", part, re.M)
        assert kinds == [kind for kind in order if kind in kinds]
        assert not kinds or kinds[-1] == "Numbers"


def test_the_citation_says_what_the_package_says() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["title"].startswith(f"{ei.__name__}:")
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]
    assert set(citation["keywords"]) <= set(project["keywords"])


def test_pictures_are_shown_described_and_small() -> None:
    shown = dict[str, str]()
    for page in PAGES:
        for alt, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", TEXTS[page]):
            assert len(alt) > 10, path
            shown[((ROOT / page).parent / path).resolve().name] = alt
    assert {path.name for path in PICTURES} <= set(shown)
    assert sum(path.stat().st_size for path in PICTURES) < 2_000_000
    assert {path.stem.rpartition("-")[2] for path in PICTURES} == {"en", "nl"}


def test_every_public_name_is_in_the_reference_once() -> None:
    named = [
        name
        for page in PAGES
        if page.startswith("docs/reference/")
        for name in re.findall(r"^::: employer_identity\.(\S+)", TEXTS[page], flags=re.MULTILINE)
    ]
    functions = set(ei.__all__) - {"__version__", "workshop"}
    homes = [f"{ei._HOME[name]}.{name}" for name in functions]
    rooms = ["figures", "tables", "criteria", "errors", "workshop", "questionnaire"]
    assert sorted(named) == sorted([*homes, *rooms])


def test_every_page_has_a_place_in_the_site() -> None:
    class Loader(yaml.SafeLoader):
        pass

    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)

    def leaves(nav: object) -> Iterator[str]:
        if isinstance(nav, str):
            yield nav
        elif isinstance(nav, dict):
            yield from (leaf for part in nav.values() for leaf in leaves(part))
        else:
            assert isinstance(nav, list)
            yield from (leaf for part in nav for leaf in leaves(part))

    placed = set(leaves(config["nav"]))
    assert {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")} <= placed
