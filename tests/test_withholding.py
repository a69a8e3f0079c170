"""Of whom nothing may be shown, nothing comes back: by a model, by a floor, as an empty report."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from employer_identity.cli.main import app
from employer_identity.errors import ReportError
from employer_identity.language import LANGUAGES, Language, describe
from employer_identity.questionnaire import Grouping
from employer_identity.reports import hidden_words, prose, unit_words, verdict
from employer_identity.reports.batch import batch
from employer_identity.reports.kernels import drop
from employer_identity.reports.measured import Measurement
from employer_identity.reports.measurement import title_page
from employer_identity.reports.opening import open_study
from employer_identity.reports.parameter_files import ParameterSet
from employer_identity.reports.parameters import read_parameters
from employer_identity.reports.run import report
from employer_identity.reports.snapshot import write_snapshot
from employer_identity.reports.study import Study
from employer_identity.reports.unit import open_unit
from employer_identity.simulate import simulate_survey
from employer_identity.suppression import decide, groups_of, modelled
from employer_identity.survey import Survey
from tests.batches import town

SHIFT = 1.5
"""By how much the hidden group's answers lie lower: its mean is nobody else's."""


def grouped(seed: int = 5, **sizes: int) -> Survey:
    """Return a survey of so many people a group; those called ``beside`` answer lower."""
    names = np.repeat(list(sizes), list(sizes.values()))
    survey = simulate_survey(len(names), preset="idealised", seed=seed)
    answers = survey.answers.assign(size=pd.Categorical(names, categories=list(sizes)))
    items = list(survey.item_names)
    lower = answers.loc[names == "beside", items] - SHIFT
    answers.loc[names == "beside", items] = lower.round().clip(1, 7)
    instrument = survey.instrument.model_copy(update={"groupings": (Grouping(column="size"),)})
    return replace(survey, answers=answers, instrument=instrument)


def asked(survey: Survey, tmp_path: Path, **options: object) -> Study:
    path = tmp_path / "answers.arrow"
    write_snapshot(survey, path)
    return open_study(str(path), language="en", **options)  # type: ignore[arg-type]


def refused(call: object, *args: object, **options: object) -> ReportError:
    with pytest.raises(ReportError) as caught:
        call(*args, **options)  # type: ignore[operator]
    return caught.value


# --- What is hidden does not come back as a model

SIBLING = grouped(a=400, b=300, beside=153, few=3)
"""`beside` passes every floor, and is hidden for the sake of the three."""


def test_a_group_hidden_for_anothers_sake_has_no_model() -> None:
    decided = decide(SIBLING)
    assert decided.why("size", "beside") == "sibling"
    assert groups_of(modelled(SIBLING, "size", decided), "size") == ["a", "b"]
    study = Study(SIBLING, "size", "en")
    assert study.ladder is not None
    assert study.ladder.groups == ("a", "b")
    assert study.left_out == ["beside", "few"]


def test_waves_of_which_nothing_was_decided_are_protected_by_their_numbers() -> None:
    survey = SIBLING
    waves = survey.answers["size"].cat.rename_categories({"beside": "2", "a": "0", "b": "1"})
    instrument = survey.instrument.model_copy(update={"groupings": (), "wave": "size"})
    pooled = replace(survey, answers=survey.answers.assign(size=waves), instrument=instrument)
    assert groups_of(modelled(pooled, "size", decide(pooled)), "size") == ["0", "1"]


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("employer_brand_study", "group"),
        pytest.param("measurement_report", "groups", marks=pytest.mark.slow),
    ],
)
def test_no_number_of_the_hidden_group_is_in_the_report(
    tmp_path: Path, template: str, name: str
) -> None:
    page = report(template, survey=SIBLING, language="en", output=tmp_path / "out.html",
                  **{name: "size"})  # fmt: skip
    html = page.read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", " ", re.sub(r"base64,[^\"']+", "", html))
    assert not re.search(r"(?<![\d.,])153(?![\d.,])", text)
    own = SIBLING.answers.loc[SIBLING.answers["size"] == "beside"]
    scores = replace(SIBLING, answers=own).pillar_scores.mean()
    assert not [m for m in scores if re.search(rf"(?<![\d.,]){m:.2f}(?!\d)", text)]
    tables = re.findall(r"<table.*?</table>", html, re.DOTALL)
    named = [t for t in tables if re.search(r">\s*beside\s*<", t)]
    rows = [r for t in named for r in re.findall(r"<tr.*?</tr>", t, re.DOTALL) if "beside" in r]
    assert not [r for r in rows if re.search(r">[+-]?\d", r)]


# --- When there is no report


@pytest.mark.parametrize(
    ("survey", "group", "code"),
    [
        (grouped(a=9), "", "report.withheld.everybody"),
        (grouped(**dict.fromkeys("abcdefghijklmnopqrst", 4)), "size", "report.withheld.groups"),
    ],
    ids=["nine people", "groups of four"],
)
def test_nothing_to_show_is_refused_before_a_kernel_starts(
    survey: Survey, group: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    out = tmp_path / "report.html"
    error = refused(report, survey=survey, group=group, output=out)
    assert [p.code for p in error.problems] == [code]
    assert {describe(error.problems[0], language) for language in LANGUAGES} != {""}
    assert [p.code for p in refused(asked, survey, tmp_path, group=group).problems] == [code]
    assert not out.exists()
    sets = [ParameterSet("all", {"group": group})]
    found = batch("employer_brand_study", survey=survey, sets=sets, output=tmp_path / "b",
                  dry_run=True)  # fmt: skip
    assert [(r.status, r.problem.code) for r in found.records if r.problem] == [("withheld", code)]


def test_everybody_in_one_group_is_a_study_without_comparison(tmp_path: Path) -> None:
    study = asked(grouped(only=120), tmp_path, group="size")
    assert (study.group, study.uncompared, study.ladder) == ("", "size", None)
    assert "By size everybody is in the same group" in verdict.uncompared(study)[0]
    assert verdict.uncompared(study)[0] in prose.at_a_glance(study)
    assert not verdict.uncompared(asked(grouped(a=120, b=120), tmp_path, group="size"))


def test_groups_that_may_be_shown_but_have_no_model_are_not_compared(tmp_path: Path) -> None:
    study = asked(grouped(a=200, b=14, c=15), tmp_path, group="size")
    assert study.uncompared == "size"
    assert "fewer than two groups" in verdict.uncompared(study)[0]


def test_a_measurement_report_says_which_grouping_leaves_nothing_to_compare() -> None:
    for survey, why in ((grouped(only=120), "same group"), (grouped(a=120, b=3), "may be shown")):
        found = Measurement(Study(survey, "", "en", groups=("size",)))
        ((_, reason),) = found.refused
        assert why in reason
        assert (found.across, found.compared) == (None, ())


@pytest.mark.slow
@pytest.mark.notebook
def test_a_report_about_one_group_is_made_and_says_why_nothing_is_compared(tmp_path: Path) -> None:
    page = report(survey=grouped(only=160), language="en", output=tmp_path / "out.html")
    text = page.read_text(encoding="utf-8")
    assert "By size everybody is in the same group" in text
    drop()


# --- The floor


@pytest.mark.parametrize("minimum", [1, 2])
def test_people_who_can_be_identified_must_be_accepted(minimum: int, tmp_path: Path) -> None:
    asks = {"minimum_n": minimum}
    for template in ("employer_brand_study", "measurement_report"):
        error = refused(read_parameters, asks, template)
        assert [p.code for p in error.problems] == ["parameters.identifiable"]
        assert read_parameters(asks | {"accept_identifiability": True}, template)
    survey = grouped(a=120, b=120)
    assert refused(asked, survey, tmp_path, **asks).problems[0].code == "parameters.identifiable"
    with pytest.raises(ReportError, match="identified"):
        open_unit(employer="Rode Egel", language="en", **asks)  # type: ignore[arg-type]
    with pytest.raises(ReportError, match="identified"):
        batch(survey=town(), output=tmp_path / "b", dry_run=True, **asks)
    study = asked(survey, tmp_path, accept_identifiability=True, **asks)
    assert study.is_identifying
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_in_which_people_can_be_identified_says_so(language: Language) -> None:
    survey = grouped(a=120, b=120)
    open_, kept = (Study(survey, "size", language, n, groups=("size",)) for n in (2, 3))
    warning = open_.say("hidden.identifiable")
    assert hidden_words.not_shown(open_)[0] == warning
    assert warning not in hidden_words.not_shown(kept)
    told = open_.say("title.identifiable")
    assert told in prose.title_page(open_)[3]
    assert told in title_page(Measurement(open_))[3]
    assert told not in [*prose.title_page(kept)[3], *title_page(Measurement(kept))[3]]


def test_a_unit_report_says_so_too() -> None:
    unit = open_unit(employer="Rode Egel", language="en", minimum_n=2, accept_identifiability=True)
    assert unit.whole.say("title.identifiable") in unit_words.title_page(unit)[3]
    assert unit.whole.say("hidden.identifiable") in unit_words.not_shown(unit)


@pytest.mark.parametrize("command", ["report", "batch"])
@pytest.mark.parametrize(("language", "said"), [("nl", "te herkennen"), ("en", "identified")])
def test_the_command_line_refuses_and_says_what_to_add(
    command: str, language: str, said: str, tmp_path: Path
) -> None:
    asks = [command, "--minimum-n", "2", "--language", language, "--output"]
    place = str(tmp_path / ("out.html" if command == "report" else "out"))
    found = CliRunner().invoke(app, [*asks, place])
    assert found.exit_code == 2
    assert said in found.output
    assert "--i-accept-identifiability" in found.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_command_line_passes_on_that_it_is_accepted(tmp_path: Path) -> None:
    found = CliRunner().invoke(
        app, ["batch", "--minimum-n", "2", "--i-accept-identifiability", "--dry-run", "--quiet",
              "--language", "en", "--output", str(tmp_path / "out")],
    )  # fmt: skip
    assert "--i-accept-identifiability" not in found.output
    assert found.exit_code == 0


# --- How much is hidden


def test_what_is_hidden_is_counted_by_what_is_left_of_everybody() -> None:
    told = " ".join(hidden_words.not_shown(Study(SIBLING, "size", "en")))
    assert "by size 2 of the 4 groups (156 people are in none of those shown)" in told
    told = hidden_words.not_shown(Study(grouped(a=120, b=120), "size", "en"))[-1]
    assert told == "No group had to be hidden for it."


def test_those_who_said_nothing_are_not_told_apart_from_those_hidden() -> None:
    survey = grouped(a=400, b=300, beside=153, few=3, silent=4)
    groups = survey.answers["size"].cat.remove_categories(["silent"])
    survey = replace(survey, answers=survey.answers.assign(size=groups))
    told = hidden_words.not_shown(Study(survey, "size", "en"))[-1]
    assert decide(survey).why("size", "") == "few"
    assert "1 of the 4 groups (7 people" in told  # the three, and the four who said nothing
