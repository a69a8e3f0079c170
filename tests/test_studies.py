"""Whole simulated studies: the sample's bytes, what is planted in it, and the national study."""

from __future__ import annotations

import errno
import re
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import employer_identity as ei
from employer_identity.cli.main import app
from employer_identity.designs import NATIONAL, SAMPLE, StudyDesign
from employer_identity.errors import SurveyError
from employer_identity.insiders import planted
from employer_identity.language import LANGUAGES, describe
from employer_identity.population import ADJECTIVES, NOUNS, SECTORS, employer_names
from employer_identity.public import ATTRACTIVE, DRIVERS
from employer_identity.reports.places import sample as folder_of_the_sample
from employer_identity.simulate import ITEMS
from employer_identity.studies import FILES, Study, draw_study, write_study
from employer_identity.survey import Survey

HERE = folder_of_the_sample()
TRUTH = tomllib.loads((HERE / "truth.toml").read_text(encoding="utf-8"))
CELLS = ["generation", "gender"]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return ei.load_survey(HERE / "employees.csv", instrument=HERE / "instrument.toml")


@pytest.fixture(scope="module")
def last(survey: Survey) -> Survey:
    return survey.of_wave("2026")


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    people = pd.read_csv(HERE / "public_people.csv")
    return pd.read_csv(HERE / "public.csv").merge(people[["respondent", "weight"]])


@pytest.fixture(scope="module")
def drawn() -> Study:
    """The sample's design without what hides the effects: no straight lines, nothing missing."""
    return draw_study(replace(SAMPLE, straight_liners=0.0, missing=0.0))


# --- The sample's files


def test_the_sample_is_regenerated_byte_for_byte(tmp_path: Path) -> None:
    write_study(SAMPLE, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    assert {p.name for p in HERE.iterdir()} == {*FILES, "README.md"}
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (HERE / path.name).read_bytes()


def test_the_sample_is_checked_without_a_word() -> None:
    found = ei.check_survey(HERE / "employees.csv", instrument=HERE / "instrument.toml")
    assert (found.errors, found.warnings) == ((), ())
    dropped = [c.count for c in found.changes if c.code == "survey.changed.no_item_answered"]
    assert dropped == [2 * SAMPLE.silent]


def test_the_sample_is_what_its_readme_says(survey: Survey, last: Survey) -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert f"seed {SAMPLE.seed}." in readme
    assert all(f"`{name}`" in readme for name in FILES if name != "truth.toml")
    for name in ("employees.csv", "public.csv", "public_people.csv"):
        columns = pd.read_csv(HERE / name, nrows=1).columns
        spelt = re.sub(r"`(\w+1)` to `imp4`", " ".join(f"`{i}`" for i in ITEMS), readme)
        known = {c for c in columns if c.partition("_")[2] in DRIVERS}
        assert [c for c in columns if f"`{c}`" not in spelt and c not in known] == []
    assert survey.waves == ("2025", "2026")
    assert (survey.n - last.n, last.n) == (4400, 4800)
    sizes = last.answers["employer"].value_counts()
    assert (len(sizes), sorted(sizes)[:2], sizes.iloc[-3] >= 30) == (60, [4, 8], True)
    assert last.answers["sector"].nunique() == 6
    items = last.answers[list(ITEMS)]
    assert 0.02 < items.isna().to_numpy().mean() < 0.04
    assert list(items.isna().mean().nlargest(3).index.sort_values()) == ["adv2", "ent4", "imp3"]
    assert 0.14 < float((items == 7).to_numpy().mean()) < 0.2


def test_the_sample_is_small() -> None:
    sizes = {name: (HERE / name).stat().st_size for name in FILES}
    assert sizes["employees.csv"] < 2_000_000
    assert sizes["public.csv"] + sizes["public_people.csv"] < 2_500_000


def test_the_sample_is_labelled_in_both_languages(survey: Survey) -> None:
    instrument = survey.instrument
    assert [g.column for g in instrument.groupings] == [
        "generation", "gender", "education", "region", "contract",
    ]  # fmt: skip
    for column in (*(g.column for g in instrument.groupings), "sector"):
        values = survey.answers[column].cat.categories
        for language in LANGUAGES:
            assert instrument.label(column, language) != column or language == "en"
            labels = [instrument.value_label(column, v, language) for v in values]
            assert len(set(labels)) == len(values)
        assert [instrument.value_label(column, v, "nl") for v in values] != list(values)
    national = {s for s in SECTORS if instrument.value_label("sector", s, "nl") == s}
    assert national == set()


def test_cultural_background_is_in_the_file_and_no_grouping_until_it_is_switched_on(
    tmp_path: Path,
) -> None:
    text = (HERE / "instrument.toml").read_text(encoding="utf-8")
    block = text[text.index("# [[grouping]]") :].partition("\n\n")[0]
    on = "\n".join(line.removeprefix("# ").removeprefix("#") for line in block.splitlines())
    (tmp_path / "on.toml").write_text(text.replace(block, on), encoding="utf-8")
    survey = ei.load_survey(HERE / "employees.csv", instrument=tmp_path / "on.toml")
    assert list(survey.answers["cultural_background"].cat.categories) == [
        "dutch", "other_european", "other",
    ]  # fmt: skip
    assert survey.instrument.groupings[-1].special == "cultural_background"


def test_nobody_answers_twice_or_outside_scale_and_fieldwork() -> None:
    employees = pd.read_csv(HERE / "employees.csv")
    assert employees["respondent"].is_unique
    answers = employees[[*ITEMS, *TRUTH["outcomes"]]].stack()
    assert set(answers.dropna()) == set(range(1, 8))
    for name, wave in TRUTH["waves"].items():
        days = pd.to_datetime(employees.loc[employees["wave"] == int(name), "date"])
        assert (days.min(), days.max()) == (
            pd.Timestamp(wave["first"]),
            pd.Timestamp(wave["last"]),
        )
        assert (days.dt.day_of_week > 4).mean() < 0.15
    duration = employees["duration"]
    assert 380 < duration.median() < 440
    assert duration.min() > duration.median() / 3


# --- What is planted in it


def test_truth_toml_tells_what_was_planted() -> None:
    assert TRUTH["shares"] == dict(SAMPLE.truth.shares)
    assert [(p["group"], p["item"]) for p in TRUTH["planted"]] == [
        (s.group, s.item) for s in SAMPLE.truth.shifts
    ]
    effects = TRUTH["effects"]
    assert effects["generation"]["gen_z"]["prototypicality"] == -0.35
    assert effects["wave"] == {"2026": {"impresarioship": 0.15}}
    assert effects["contract"]["agency"] == {"prototypicality": -0.25, "stay_intent": -0.4}
    assert set(effects["sector"]) == set(SAMPLE.sectors)
    assert len(TRUTH["employers"]) == SAMPLE.employers


def test_the_first_five_score_tests_name_planted_items(last: Survey) -> None:
    ladder = ei.invariance(last, group="generation")
    assert ladder["configural"].fit_measures["cfi"] > 0.95
    worst = ladder.unreleased["scalar"].score_tests()
    assert worst["x2"].is_monotonic_decreasing
    shifted = {shift.item for shift in SAMPLE.truth.shifts}
    # with the reference group's own cells, and without them as lavaan tests it
    for tests in (worst, worst[worst["group"] != "baby_boom"]):
        top = tests.head(5)
        assert set(np.where(top["op"] == "~1", top["lhs"], top["rhs"])) <= shifted
    stopped = ei.invariance(last, group="generation", on_reject="stop")
    assert list(stopped.table["accepted"]) == [True, False]
    assert list(stopped.culprits["rhs"]) == ["imp1"]
    # what is set aside is what was planted, and the intercept that follows its loading
    assert {r.constraint.item for r in ladder.set_aside("strict")} == shifted
    assert ladder.decision["latent means"].allowed
    assert ladder.table["accepted"].all()
    assert ladder.culprits.empty


@pytest.mark.parametrize("grouping", ["gender", "education", "region"])
def test_other_groupings_of_the_sample_are_clean(last: Survey, grouping: str) -> None:
    ladder = ei.invariance(last, group=grouping)
    assert ladder["scalar"].score_tests()["pvalue_holm"].min() > 0.05
    assert ladder.table["accepted"].all()


def test_only_impresarioship_rises_between_the_waves(survey: Survey) -> None:
    ladder = ei.invariance(survey, group="wave")
    assert ladder.table["accepted"].all()
    means = ei.latent_means(ladder)
    means = means[means["group"] == "2026"].set_index("factor")
    inside = (means["ci_lower"] < 0) & (means["ci_upper"] > 0)
    assert list(inside.index[~inside]) == ["impresarioship"]
    assert means.loc["impresarioship", "ci_lower"] < 0.15 < means.loc["impresarioship", "ci_upper"]


def test_sectors_and_employers_of_the_sample_differ(last: Survey) -> None:
    scores = last.pillar_scores
    by_sector = scores.groupby(last.answers["sector"], observed=True).mean()
    assert by_sector["impresarioship"].idxmax() == "business_services"
    assert by_sector["impresarioship"].nlargest(2).diff().iloc[-1] < -0.3
    large = last.answers["employer"].value_counts().loc[lambda n: n >= 30].index
    by_employer = scores.groupby(last.answers["employer"], observed=True).mean().loc[large]
    assert (by_employer.std() > 0.25).all()


def test_eight_percent_of_the_variance_lies_between_employers(drawn: Study) -> None:
    """By one-way analysis of variance within sectors, corrected for the scores' unreliability."""
    answers = drawn.insiders.answers
    found = []
    for pillar in ("pro", "adv", "ent", "imp"):
        items = answers[[f"{pillar}{k}" for k in range(1, 5)]].astype(float)
        k, score = 4, items.mean(axis=1)
        score = score - score.groupby([answers["sector"], answers["wave"]]).transform("mean")
        alpha = k / (k - 1) * (1 - items.var().sum() / items.sum(axis=1).var())
        groups = score.groupby(answers["employer"])
        within = float(groups.var().mul(groups.size() - 1).sum() / (len(score) - len(groups)))
        size = float(len(score) - (groups.size() ** 2).sum() / len(score)) / (len(groups) - 1)
        between = float((groups.size() * groups.mean() ** 2).sum() / (len(groups) - 6))
        found.append((between - within) / size / (score.var() * alpha))
    # 54 degrees of freedom a pillar and correlated pillars: SE of about .012
    assert np.mean(found) == pytest.approx(SAMPLE.employer_share, abs=0.03)


def test_contracts_and_backgrounds_differ_as_planted(drawn: Study) -> None:
    answers = drawn.insiders.answers
    everybody = planted(
        pd.DataFrame({"contract": ["agency"], "cultural_background": ["other"], "wave": ["2026"]}),
        SAMPLE.effects,
        ("prototypicality", "entrepreneurship", "impresarioship", "stay_intent"),
    )
    assert everybody.tolist() == [[-0.25, -0.20, 0.15, -0.40]]
    scores = pd.DataFrame(
        {p: answers[[f"{p}{k}" for k in range(1, 5)]].astype(float).mean(axis=1) for p in
         ("pro", "adv", "ent", "imp")}
    )  # fmt: skip
    scores["stay"] = answers["stay_intent"].astype(float)
    scores -= scores.groupby([answers["birth_year"], answers["sector"]]).transform("mean")
    scores /= scores.std()
    by_contract = scores.groupby(answers["contract"] == "permanent").mean().diff().loc[True]
    assert by_contract["pro"] == pytest.approx(0.22, abs=0.05)
    assert by_contract["stay"] == pytest.approx(0.43, abs=0.08)
    assert by_contract[["adv", "ent", "imp"]].abs().max() < 0.07
    by_background = scores.groupby(answers["cultural_background"] == "other").mean().diff()
    assert by_background.loc[True, "ent"] == pytest.approx(-0.18, abs=0.06)
    assert by_background.loc[True, ["pro", "adv", "imp", "stay"]].abs().max() < 0.08


def test_straight_liners_have_their_share_and_are_faster(survey: Survey) -> None:
    items = survey.answers[list(ITEMS)]
    straight = (items.nunique(axis=1) == 1) & (items.notna().sum(axis=1) > 8)
    assert straight.mean() == pytest.approx(SAMPLE.straight_liners, abs=0.008)
    medians = survey.answers["duration"].groupby(straight).median()
    assert 0.5 < medians[True] / medians[False] < 0.75


@pytest.mark.parametrize("wave", ["2025", "2026"])
def test_weights_undo_nonresponse(survey: Survey, wave: str) -> None:
    answers = survey.of_wave(wave).answers
    weight = answers["weight"]
    population = pd.DataFrame(TRUTH["population"][wave]).T.stack()
    population /= population.sum()
    stated = answers.dropna(subset=CELLS)
    cells = stated.groupby(CELLS, observed=True)
    weighted = cells["weight"].sum() / stated["weight"].sum()
    found = {name: float(share) for name, share in weighted.items()}
    assert found == pytest.approx(population.to_dict(), abs=1e-4)
    unweighted = (cells.size() / len(stated))[("gen_z", "man")]
    assert unweighted < 0.75 * population[("gen_z", "man")]
    assert weight.mean() == pytest.approx(1, abs=1e-4)
    assert 1.4 < weight.max() / weight.median() < 4


# --- The public


def test_outsiders_and_insiders_know_the_same_employers(ratings: pd.DataFrame) -> None:
    inside = pd.read_csv(HERE / "employees.csv", usecols=["employer"])["employer"]
    assert set(ratings["employer"]) == set(inside) == set(TRUTH["employers"])
    assert not ratings.duplicated(["respondent", "employer"]).any()
    assert set(ratings.groupby("respondent").size()) == {SAMPLE.shown}
    assert ratings["respondent"].nunique() == SAMPLE.outsiders


def test_only_those_who_know_an_employer_judge_it(ratings: pd.DataFrame) -> None:
    known = ratings["known"] == 1
    judged = ratings[["attractive", *(f"image_{d}" for d in DRIVERS)]]
    assert judged[~known].isna().all(axis=None)
    assert judged.loc[known, "attractive"].notna().all()
    assert set(judged.stack().dropna()) == {1, 2, 3, 4, 5}
    people = pd.read_csv(HERE / "public_people.csv")
    asked = people["changed_last_6_months"] | people["intends_next_6_months"]
    reasons = people[[f"reason_{d}" for d in DRIVERS]]
    assert reasons[asked == 1].isin([0, 1]).all(axis=None)
    assert reasons[asked == 0].isna().all(axis=None)
    assert 2026 - people["birth_year"].max() >= 18
    assert 2026 - people["birth_year"].min() < 70


def test_awareness_and_attractiveness_are_those_planted(ratings: pd.DataFrame) -> None:
    known = ratings["weight"] * ratings["known"]
    likes = known * (ratings["attractive"] >= len(ATTRACTIVE) - 1)
    sums = pd.DataFrame({"all": ratings["weight"], "known": known, "likes": likes})
    sums = sums.groupby(ratings["employer"]).sum()
    truth = pd.DataFrame(TRUTH["employers"]).T[["awareness", "attractiveness"]].astype(float)
    truth = truth.loc[sums.index]
    for share, n, column in (
        (sums["known"] / sums["all"], sums["all"], "awareness"),
        (sums["likes"] / sums["known"], sums["known"], "attractiveness"),
    ):
        p = truth[column]
        z = (share - p) / np.sqrt(p * (1 - p) / n)
        assert (
            abs(z.mean()) < 0.45
        )  # 60 employers: five standard errors, were they independent, .65
        assert 0.8 < z.std() < 1.4


def test_the_reputation_outside_goes_with_impresarioship_inside(ratings: pd.DataFrame) -> None:
    employers = pd.DataFrame(TRUTH["employers"]).T
    inside = employers["pillars"].map(lambda p: p["impresarioship"])
    outside = employers["image"].map(lambda i: i["reputation"])
    assert inside.corr(outside) == pytest.approx(0.5, abs=0.01)
    felt = ratings.groupby("employer")["image_reputation"].mean()
    assert 0.25 < felt.corr(inside) < 0.7


def test_the_public_says_of_its_own_work_what_is_planted() -> None:
    people = pd.read_csv(HERE / "public_people.csv")
    young = people["birth_year"] >= 1997
    gap = people[young].mean(numeric_only=True) - people[~young].mean(numeric_only=True)
    important = gap[[f"importance_{d}" for d in DRIVERS]]
    assert important.idxmax() == "importance_career"
    assert important.idxmin() in ("importance_job_security", "importance_financial_health")
    assert gap["avoids_topics"] > 0.2
    leavers = people.groupby("intends_next_6_months").mean(numeric_only=True).diff().loc[1]
    assert (leavers[[f"own_{d}" for d in DRIVERS]] < -0.1).all()
    for driver in ("pay", "career"):
        named = people.groupby(f"reason_{driver}").mean(numeric_only=True).diff().loc[1]
        assert named[f"own_{driver}"] < -0.2 < 0.2 < named[f"importance_{driver}"]


# --- The national study, and what cannot be written


@pytest.mark.slow
def test_the_national_study_is_large_and_quick(tmp_path: Path) -> None:
    begin = time.perf_counter()
    write_study(NATIONAL, tmp_path)
    assert time.perf_counter() - begin < 20
    found = ei.check_survey(tmp_path / "employees.csv", instrument=tmp_path / "instrument.toml")
    assert found.survey is not None
    answers = found.survey.answers
    assert found.survey.n == 20_000 - NATIONAL.silent
    assert len(answers["employer"].cat.categories) == 430
    assert len(answers["sector"].cat.categories) == len(SECTORS) >= 12
    sizes = answers["employer"].value_counts()
    assert sizes.min() < 5
    assert sizes.max() > 5 * sizes.mean()  # a heavy tail
    people = pd.read_csv(tmp_path / "public_people.csv")
    assert len(people) == people["respondent"].nunique() == 13_000
    employers = pd.read_csv(tmp_path / "public.csv", usecols=["employer"])["employer"]
    assert set(employers) == set(answers["employer"].cat.categories)


def test_a_study_can_be_drawn_smaller() -> None:
    study = draw_study(NATIONAL.scaled(4000))
    assert len(study.insiders.answers) == 4000
    assert len(study.outsiders.people) == 2600
    assert study.insiders.answers["employer"].nunique() == 430
    assert study.insiders.answers["weight"].notna().all()


def test_employers_have_different_names() -> None:
    names = employer_names(len(ADJECTIVES.split()) * len(NOUNS.split()))
    assert len(set(names)) == len(names) == 600
    assert names[:60] == employer_names(60)


def small(seed: int = 3) -> StudyDesign:
    return replace(SAMPLE.scaled(1500), seed=seed)


def test_another_seed_gives_another_study(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("same", 3), ("other", 4)):
        write_study(small(seed), tmp_path / name)
    for file in FILES:
        one, same, other = ((tmp_path / n / file).read_bytes() for n in ("one", "same", "other"))
        assert one == same
        assert (one == other) == (file == "instrument.toml")


def test_too_few_employees_are_refused() -> None:
    with pytest.raises(SurveyError) as caught:
        draw_study(SAMPLE.scaled(1200))
    (problem,) = caught.value.problems
    assert (problem.code, problem.count) == ("simulate.too_few", 1100)
    assert problem.values["least"] == 58 * 20 + 12 + 12
    assert all(describe(problem, language) for language in LANGUAGES)


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    kept = tmp_path / "employees.csv"
    kept.write_text("mine", encoding="utf-8")
    with pytest.raises(SurveyError) as caught:
        write_study(small(), tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.count) == ("simulate.in_the_way", 1)
    assert kept.read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [kept]
    assert write_study(small(), tmp_path, replace=True)[0] == kept
    assert kept.stat().st_size > 100_000
    with pytest.raises(SurveyError) as caught:
        write_study(small(), kept)
    assert [p.code for p in caught.value.problems] == ["simulate.no_folder"]


def test_a_folder_that_cannot_be_written_to_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(SurveyError, match="Permission denied") as caught:
        write_study(small(), tmp_path / "new")
    assert [p.code for p in caught.value.problems] == ["simulate.not_written"]


def test_an_interruption_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(small(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = Path.write_bytes

    def until_full(path: Path, data: bytes) -> int:
        if path.name == "truth.toml":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with pytest.raises(SurveyError, match="space"):
        write_study(small(seed=4), tmp_path, replace=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", *arguments])


def test_the_command_writes_a_study_once(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    told = run("--output", str(folder), "--size", "1500", "--seed", "9", "--language", "en")
    assert told.exit_code == 0
    assert told.stdout.strip() == str(folder)
    assert "2,875 employees in 2 waves" in told.stderr
    write_study(small(9), tmp_path / "again")
    for name in FILES:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    again = run("--output", str(folder), "--size", "1500")
    assert again.exit_code == 1
    assert "5 bestanden" in again.stderr
    assert "Traceback" not in again.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--preset", "world"], 2), (["--size", "1"], 2), (["--size", "900"], 1)],
)
def test_what_cannot_be_simulated_is_told(tmp_path: Path, arguments: list[str], code: int) -> None:
    told = run("--output", str(tmp_path / "study"), *arguments)
    assert told.exit_code == code
    assert not (tmp_path / "study").exists()
    assert "Traceback" not in told.output
