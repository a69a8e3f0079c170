"""Folders of reports: read, checked against their pages, and attacked together."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from employer_identity.audit.facts import (
    EVERYBODY,
    FORM,
    Answers,
    Fact,
    Published,
    Scope,
    box,
    digest,
    sidecar,
    write_facts,
)
from employer_identity.audit.folder import audit, in_words
from employer_identity.cli.main import app
from employer_identity.cli.shared import GOOD, PROBLEMS
from employer_identity.language import describe
from employer_identity.loading import Check
from employer_identity.reports.checking import check_page

CELLS = {"": 80, "care": 50, "trade": 30, "a": None, "b": None, "c": 38, "d": 30}
SECTOR = {"a": "care", "b": "care", "c": "care", "d": "trade"}


def scope_of(name: str) -> Scope:
    if not name:
        return EVERYBODY
    if name in SECTOR:
        return (box({"sector": SECTOR[name], "employer": name}),)
    return (box({"sector": name}),)


def cells(values: dict[str, int | None], element: str = "units") -> tuple[Fact, ...]:
    return tuple(
        Fact(scope_of(name), "count", None if n is None else float(n), element=element)
        for name, n in values.items()
    )


def page_of(facts: tuple[Fact, ...], more: str = "") -> str:
    rows = "".join(f"<tr><td>x</td><td>{f.value:.0f}</td></tr>" for f in facts if f.value)
    table = f"<table><tr><th>unit</th><th>n</th></tr>{rows}</table>"
    return f'<html><figure class="table" id="box-units">{table}</figure>{more}</html>'


def put(
    folder: Path,
    name: str = "study",
    facts: tuple[Fact, ...] | None = None,
    more: str = "",
    **about: str,
) -> Path:
    """Write a report with its facts."""
    facts = cells(CELLS) if facts is None else facts
    report = folder / f"{name}.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(page_of(tuple(f for f in facts if f.element == "units"), more))
    kept: dict[str, str] = {"study": "brand", "edition": "one", **about}
    answers = {"us": Answers(1, 7)}
    published = Published(
        name,
        {report.name: digest(report.read_bytes())},
        floor=5,
        facts=facts,
        answers=answers,
        **kept,
    )
    sidecar(report).write_bytes(write_facts(published))
    return report


def codes(folder: Path, *others: Path) -> list[str]:
    return [p.code for p in audit(folder, *others).findings]


def test_reports_that_give_nothing_away_pass(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "nl/c", cells({"c": 38, "care": 50}))
    found = audit(tmp_path)
    assert found.is_clean
    assert (found.reports, found.facts) == (2, 9)


# --- Planted leaks: each in a place of its own

GIVEN = '<figure id="figure-levels"><img alt="{alt}"><figcaption>{caption}</figcaption></figure>'


def in_figure(alt: str = "", caption: str = "") -> str:
    return GIVEN.format(alt=alt, caption=caption)


def plant_total(folder: Path) -> None:
    """A total in an alt text: of the employers of care without b, so that b follows."""
    both = (*scope_of("a"), *scope_of("c"))
    total = Fact(both, "count", 42.0, element="levels")
    put(folder, facts=(*cells(CELLS), total), more=in_figure(alt="The others are 42 people"))


def plant_axis(folder: Path) -> None:
    """An axis that begins at the mean of a hidden employer."""
    means = {"care": 5.0, "c": 5.2, "b": 4.1}
    axis = [Fact(scope_of(u), "mean", m, 0.005, "us", element="levels") for u, m in means.items()]
    put(folder, facts=(*cells(CELLS), *axis), more=in_figure(alt="4.10 to 5.20; sector 5.00"))


def plant_group(folder: Path) -> None:
    """The size of a group in a caption."""
    facts = (*cells(CELLS), *cells({"a": 4}, "levels"))
    put(folder, facts=facts, more=in_figure(caption="Employer a (n = 4)"))


def plant_batch(folder: Path) -> None:
    """Another report, made before, that shows what is hidden now."""
    put(folder)
    put(folder, "earlier/b", cells({"b": 8}))


def plant_late(folder: Path) -> None:
    """Reports of the same people before the last three answers came in."""
    put(folder)
    put(folder, "earlier/c", cells({"": 77, "care": 47, "c": 35, "trade": 30}), edition="zero")


@pytest.mark.parametrize(
    "plant",
    [plant_total, plant_axis, plant_group, plant_batch, plant_late],
    ids=lambda p: p.__name__,
)
def test_a_planted_leak_is_found(plant: Callable[[Path], None], tmp_path: Path) -> None:
    plant(tmp_path)
    found = audit(tmp_path)
    assert found.problems == ()
    assert found.leaks
    for problem in found.findings:
        assert problem.code.startswith("audit.leak.")
        assert describe(problem, "nl")


def test_an_earlier_batch_is_looked_at_where_it_is_named(tmp_path: Path) -> None:
    put(tmp_path / "now")
    put(tmp_path / "before", "b", cells({"b": 8}))
    assert codes(tmp_path / "now") == []
    assert codes(tmp_path / "now", tmp_path / "before") == ["audit.leak.exact_count"]


@pytest.mark.parametrize(
    "more",
    [
        in_figure(alt="of 8 people"),
        in_figure(caption="Employer b (n = 8)"),
        in_figure(alt="van 8 medewerkers"),
        "<p>There were 1,008 respondents.</p>",
        "<table><tr><th>unit</th><th>n</th></tr><tr><td>b</td><td>8</td></tr></table>",
    ],
)
def test_a_number_of_people_that_is_no_fact_is_found_on_the_page(more: str, tmp_path: Path) -> None:
    put(tmp_path, more=more)
    assert codes(tmp_path) == ["audit.undeclared"]
    known = re.sub(r"1,008|\b8\b", "80", more)
    put(tmp_path, facts=(*cells(CELLS), *cells({"": 80}, "")), more=known)
    assert codes(tmp_path) == []


def test_a_number_in_the_index_that_is_no_fact_is_found(tmp_path: Path) -> None:
    mean = Fact(scope_of("c"), "mean", 5.21, 0.005, "us")
    put(tmp_path, "nl/c", (*cells({"c": 38}), mean))
    put(tmp_path)
    index = tmp_path / "index.csv"
    index.write_text(
        "\ufeffreport,name,n,mean_us,html\nC,c,38,5.2134,nl/c.html\n", encoding="utf-8"
    )
    assert codes(tmp_path) == []
    index.write_text("\ufeffreport,name,n,mean_us,html\nC,c,37,5.2134,nl/c.html\nB,b,8,4.1,\n")
    assert codes(tmp_path) == ["audit.undeclared"] * 2


# --- What cannot be read as it is


def test_a_folder_without_reports_is_told(tmp_path: Path) -> None:
    assert codes(tmp_path) == ["audit.nothing"]


def test_a_sidecar_that_is_missing_broken_or_left_alone_is_told(tmp_path: Path) -> None:
    put(tmp_path)
    report = put(tmp_path, "other")
    sidecar(report).write_text("{}")
    assert codes(tmp_path) == ["audit.unreadable"]
    sidecar(report).unlink()
    assert codes(tmp_path) == ["audit.no_sidecar"]
    put(tmp_path, "other").unlink()
    assert codes(tmp_path) == ["audit.no_report"]


def test_the_page_of_a_check_is_no_report(tmp_path: Path) -> None:
    put(tmp_path)
    page = check_page(Check((), (), (), None, "answers.csv"))
    (tmp_path / "check.html").write_text(page, encoding="utf-8")
    found = audit(tmp_path)
    assert (found.is_clean, found.reports) == (True, 1)
    assert [(p.code, p.where) for p in found.notes] == [("audit.check_page", "check.html")]
    assert "check.html" in in_words(found, "nl")[0]
    (tmp_path / "check.html").write_text(page.replace('"check"', '"other"'), encoding="utf-8")
    assert codes(tmp_path) == ["audit.no_sidecar"]


def test_a_report_or_facts_that_were_edited_are_told(tmp_path: Path) -> None:
    report = put(tmp_path)
    text = report.read_text()
    report.write_text(text.replace("38", "39"))
    assert codes(tmp_path) == ["audit.other_report"]
    report.write_text(text)
    assert codes(tmp_path) == []
    facts = sidecar(report)
    facts.write_bytes(facts.read_bytes().replace(b'"value":38.0', b'"value":30.0'))
    assert "audit.undeclared" in codes(tmp_path)
    facts.write_bytes(facts.read_bytes().replace(b'"value":30.0', b'"value":31.0'))
    assert "audit.not_printed" in codes(tmp_path)


def test_reports_of_two_versions_or_with_other_numbers_are_told(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "old", version="0.0.1")
    assert codes(tmp_path) == ["audit.two_versions"]
    put(tmp_path, "old", cells({**CELLS, "c": 37}))
    assert codes(tmp_path) == ["audit.two_values"]
    report = put(tmp_path, "old")
    path = sidecar(report)
    path.write_bytes(path.read_bytes().replace(f'"form":{FORM}'.encode(), b'"form":9'))
    assert codes(tmp_path) == ["audit.other_form"]


def test_studies_and_frames_are_apart(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "public", tuple(replace(f, frame="outsiders") for f in cells({"b": 8})))
    put(tmp_path, "another", cells({"b": 8}), study="another", edition="two")
    assert codes(tmp_path) == []


def test_the_same_answers_under_another_title_are_the_same_people(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "another", cells({"b": 8}), study="another")
    assert "audit.leak.exact_count" in codes(tmp_path)


# --- The command


def test_the_command_says_so_and_fails_where_something_is_recovered(tmp_path: Path) -> None:
    put(tmp_path)
    clean = CliRunner().invoke(app, ["audit", str(tmp_path), "-l", "en"])
    assert clean.exit_code == GOOD
    assert "Nothing that is hidden could be recovered" in clean.output
    plant_batch(tmp_path)
    caught = CliRunner().invoke(app, ["audit", str(tmp_path), "--language", "nl"])
    assert caught.exit_code == PROBLEMS
    assert "sector = care" in caught.output
    assert "is uit te rekenen uit" in caught.output
    assert CliRunner().invoke(app, ["audit", str(tmp_path / "none")]).exit_code == PROBLEMS
