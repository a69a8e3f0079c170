"""Surveys from Parquet: held narrow, the numbers of CSV, and faults by the name of their part."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

import employer_identity as ei
from employer_identity import brand
from employer_identity.cli.main import app
from employer_identity.errors import EmployerIdentityError, ModelError
from employer_identity.intake import parquet as room
from employer_identity.measurement.summed import Summed, Tabled
from employer_identity.narrow import Narrow
from employer_identity.privacy import MINIMUM
from employer_identity.redraws import redraw
from employer_identity.reports.places import sample
from employer_identity.reports.prepared import open_prepared, prepare, write_prepared
from employer_identity.reports.snapshot import read_snapshot, write_snapshot
from employer_identity.resampling import redrawn
from employer_identity.suppression import decide
from employer_identity.survey import Survey
from tests.batches import planned

SAME = 1e-8  # of sums instead of rows; seen: 1e-13
PARTS = 8
INSTRUMENT = sample() / "instrument.toml"

pytestmark = pytest.mark.filterwarnings("ignore::employer_identity.errors.SurveyWarning")


def rows() -> pd.DataFrame:
    """Every sixth respondent of the sample, typed as a database would."""
    found = pd.read_csv(sample() / "employees.csv").iloc[::6].reset_index(drop=True)
    return found.convert_dtypes()


def parted(frame: pd.DataFrame, folder: Path) -> Path:
    """Write a frame as parts of a folder; a part's whole numbers may be floats there."""
    folder.mkdir()
    for k, own in enumerate(np.array_split(np.arange(len(frame)), PARTS), 1):
        part = frame.iloc[own]
        if k == 2:
            part = part.astype({"pro1": float})
        table = pa.Table.from_pandas(part, preserve_index=False)
        parquet.write_table(table, folder / f"part-{k}.parquet", row_group_size=50)
    return folder


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the same survey as a CSV file and as a folder of parts."""
    here, frame = tmp_path_factory.mktemp("narrow"), rows()
    frame.to_csv(here / "answers.csv", index=False)
    return here / "answers.csv", parted(frame, here / "answers")


@pytest.fixture(scope="module")
def wide(both: tuple[Path, Path]) -> Survey:
    return ei.load_survey(both[0], instrument=INSTRUMENT)


@pytest.fixture(scope="module")
def narrow(both: tuple[Path, Path]) -> Survey:
    return ei.load_survey(both[1], instrument=INSTRUMENT)


# --- What is read


def test_parts_are_checked_as_one_file_is(both: tuple[Path, Path]) -> None:
    one, many = (ei.check_survey(path, instrument=INSTRUMENT) for path in both)
    told = [[(p.code, p.count, p.severity) for p in found.problems] for found in (one, many)]
    assert told[0] == told[1]
    assert one.survey is not None
    assert many.survey is not None
    pd.testing.assert_frame_equal(one.survey.answers, many.survey.answers.frame())
    assert many.source == "part-1.parquet … part-8.parquet"


def test_answers_take_about_a_byte_each(narrow: Survey) -> None:
    held = narrow.answers
    assert isinstance(held, Narrow)
    questions = held.table.select(list(narrow.item_names))
    assert questions.nbytes < 1.2 * narrow.n * len(narrow.item_names)
    assert held.table.schema.field("pro1").type == pa.int8()


def test_only_the_columns_that_the_instrument_names_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = parted(rows().assign(remark="said in confidence"), tmp_path / "answers")
    read = list[str]()
    held = room._held

    def noted(file: parquet.ParquetFile, name: str, named: Any) -> Any:
        read.append(name)
        return held(file, name, named)

    monkeypatch.setattr(room, "_held", noted)
    survey = ei.load_survey(folder, instrument=INSTRUMENT)
    assert "remark" not in read
    assert len(read) == PARTS * len(set(read))  # each column of each part once
    assert "remark" not in survey.answers


def test_a_folder_s_name_is_a_column(tmp_path: Path, wide: Survey) -> None:
    for year, part in rows().groupby("wave"):
        (tmp_path / f"wave={year}").mkdir()
        part.drop(columns="wave").to_parquet(tmp_path / f"wave={year}" / "a.parquet")
    assert ei.load_survey(tmp_path, instrument=INSTRUMENT).waves == wide.waves


def test_rows_and_columns_are_those_of_a_frame(wide: Survey, narrow: Survey) -> None:
    one, other = wide.answers, narrow.answers
    assert list(one) == list(other)
    assert one.dtypes.to_dict() == other.dtypes.to_dict()
    some = (one["pro1"] > 4).to_numpy()
    pd.testing.assert_frame_equal(one[some], other[some].frame())
    pd.testing.assert_frame_equal(one[5:9], other[5:9].frame())
    pd.testing.assert_frame_equal(one[["adv1", "sector"]], other[["adv1", "sector"]])
    bands = one["generation"].cat.remove_categories(["gen_x"])
    pd.testing.assert_series_equal(other.assign(generation=bands)["generation"], bands)
    pd.testing.assert_series_equal(one.count(), other.count())  # what only a frame can do
    with pytest.raises(KeyError):
        other["nothing"]
    for wave in wide.waves:
        of_wave = narrow.of_wave(wave).answers
        pd.testing.assert_frame_equal(wide.of_wave(wave).answers, of_wave.frame())


# --- Numbers


def test_models_take_sums_and_give_the_same(wide: Survey, narrow: Survey) -> None:
    one, other = ei.cfa(wide, group="generation"), ei.cfa(narrow, group="generation")
    assert isinstance(other.rows, Summed)
    numbers = [fit.estimates[["est", "se"]].to_numpy() for fit in (one, other)]
    assert np.allclose(*numbers, rtol=SAME, atol=SAME, equal_nan=True)
    assert [(p.code, p.count) for p in one.notes] == [(p.code, p.count) for p in other.notes]
    pd.testing.assert_frame_equal(one.factor_scores(), other.factor_scores(), rtol=SAME)


def test_what_needs_every_row_has_it(wide: Survey, narrow: Survey) -> None:
    one, other = (
        ei.conclusions(ei.invariance(s.of_wave("2026"), group="gender")) for s in (wide, narrow)
    )
    pd.testing.assert_frame_equal(one, other, rtol=1e-6)


WAYS: dict[str, dict[str, Any]] = {
    "numbers": {},
    "ordered": {"ordered": True},
    "ordered, listwise": {"ordered": True, "missing": "listwise"},
    "some ordered": {"ordered": ["pro1", "pro2", "pro3", "pro4"]},
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_gives_the_numbers_of_a_frame(way: str, wide: Survey, narrow: Survey) -> None:
    one, other = (ei.cfa(s, group="gender", **WAYS[way]) for s in (wide, narrow))
    numbers = [fit.estimates[["est", "se"]].to_numpy() for fit in (one, other)]
    assert np.allclose(*numbers, rtol=SAME, atol=SAME, equal_nan=True)
    assert np.allclose(one.fit_measures, other.fit_measures, rtol=1e-6, equal_nan=True)
    assert [(p.code, p.count) for p in one.notes] == [(p.code, p.count) for p in other.notes]


def test_ordered_answers_are_never_all_wide(
    wide: Survey, narrow: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"group": "gender", "ordered": True}
    ladders = [ei.invariance(s, **asked, collapse=40) for s in (wide, narrow)]
    assert isinstance(ladders[1].prepared.sample.evidence.rows, Tabled)
    assert list(ladders[0].rungs) == list(ladders[1].rungs)
    found = [ei.unmerged(ladder).gaps for ladder in ladders]
    pd.testing.assert_frame_equal(*found, rtol=1e-6)
    people = [ei.conclusions(ladder) for ladder in ladders]  # asks for each respondent
    pd.testing.assert_frame_equal(*people, rtol=1e-6)
    monkeypatch.setattr(ei.Scan, "frame", None)
    ei.invariance(narrow, **asked)


def test_people_are_drawn_alike(wide: Survey, narrow: Survey) -> None:
    model = "pro =~ pro1 + pro2 + pro3 + pro4"
    for ordered in (False, True):
        fits = [ei.cfa(s, model, group="gender", ordered=ordered) for s in (wide, narrow)]
        drawn = [redraw(fit).survey(np.random.default_rng(4)) for fit in fits]
        assert drawn[0] is not None
        assert drawn[1] is not None
        assert np.allclose(drawn[0][0].covariance, drawn[1][0].covariance, rtol=1e-6)


def test_intervals_are_of_the_same_people(wide: Survey, narrow: Survey) -> None:
    model = "pro =~ pro1 + pro2 + pro3 + pro4"
    fits = [ei.cfa(s, model, group="gender", cluster=False) for s in (wide, narrow)]
    drawn = [redrawn(fit, np.arange(4), 50, seed=4) for fit in fits]
    assert np.allclose(*drawn, rtol=1e-6, atol=1e-9)


# --- At the public face


CALLS: dict[str, Callable[[Any, str], pd.DataFrame]] = {
    "cfa": lambda data, model: ei.cfa(data, model, cluster="employer").estimates,
    "cfa, named": lambda data, model: ei.cfa(data=data, model=model, ordered=True).estimates,
    "invariance": lambda data, model: ei.invariance(data, model, group="gender").table,
    "align": lambda data, model: ei.align(data, model, group="generation").means,
    "across": lambda data, model: (
        ei.invariance_across(data, groups=["gender", "generation"], models={"one": model}).table
    ),
    "models": lambda data, model: (
        ei.compare_models(
            data, factors={"a": ["pro1", "pro2", "pro3"], "b": ["adv1", "adv2", "adv3"]}
        ).table
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_takes_a_frame_takes_narrow_answers(call: str, wide: Survey, narrow: Survey) -> None:
    model = "pro =~ pro1 + pro2 + pro3 + pro4"
    found = [CALLS[call](survey.of_wave("2026").answers, model) for survey in (wide, narrow)]
    pd.testing.assert_frame_equal(*found, rtol=1e-5, atol=1e-7)


def test_what_reads_files_takes_narrow_answers(wide: Survey, narrow: Survey) -> None:
    one, other = (ei.check_survey(s.answers, instrument=INSTRUMENT) for s in (wide, narrow))
    assert [(p.code, p.count) for p in one.problems] == [(p.code, p.count) for p in other.problems]
    assert ei.new_instrument(wide.answers) == ei.new_instrument(narrow.answers)


def test_what_takes_no_frame_refuses_narrow_answers(narrow: Survey) -> None:
    with pytest.raises(EmployerIdentityError) as told:
        ei.agreement(narrow.answers)
    assert [p.code for p in told.value.problems] == ["edge.unfit"]
    with pytest.raises(ModelError) as refused:
        ei.cfa(3, "pro =~ pro1 + pro2 + pro3")  # type: ignore[arg-type]
    assert "Narrow" not in str(refused.value)


@pytest.mark.parametrize("most", [60, 7, 0, 10_000, None])
def test_it_shows_itself_as_a_frame_does(
    most: int | None, wide: Survey, narrow: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 300
    one, other = wide.answers[:rows], narrow.answers[:rows]
    if most == 60:
        monkeypatch.setattr(Narrow, "frame", lambda self: _few(self))
    with pd.option_context("display.max_rows", most):
        assert repr(one) == repr(other)
        assert one._repr_html_() == other._repr_html_()  # type: ignore[operator]
    with pd.option_context("display.notebook_repr_html", False):
        assert other._repr_html_() is None  # type: ignore[operator]


def _few(narrow: Narrow) -> pd.DataFrame:
    assert len(narrow) < 65  # not all rows are made wide
    return narrow[list(narrow)]  # type: ignore[no-any-return]


def test_levels_and_what_is_hidden_are_the_same(wide: Survey, narrow: Survey) -> None:
    one, other = wide.of_wave("2026"), narrow.of_wave("2026")
    assert decide(one).to_csv() == decide(other).to_csv()
    for make in (brand.levels, brand.unit_levels, brand.outcome_levels, brand.margins):
        pd.testing.assert_frame_equal(make(one), make(other), check_exact=True)
    a, b = ei.agreement(one, deals=3), ei.agreement(other, deals=3)
    pd.testing.assert_frame_equal(a.table, b.table, check_exact=True)


def test_it_goes_to_a_kernel_and_back(narrow: Survey, tmp_path: Path) -> None:
    sha256 = write_snapshot(narrow, tmp_path / "a.arrow")
    again = read_snapshot(tmp_path / "a.arrow", sha256)
    assert again.answers.table.equals(narrow.answers.table)
    made = prepare(narrow, minimum=MINIMUM, groups=["gender"])
    assert pickle.loads(pickle.dumps(made.ladders["gender"]))
    back = open_prepared(str(tmp_path), write_prepared(made, tmp_path))
    assert isinstance(back.survey.answers, Narrow)
    assert back.survey.n == made.survey.n


def test_a_batch_plans_the_same_reports(wide: Survey, narrow: Survey) -> None:
    one, other = (planned(survey) for survey in (wide, narrow))
    assert [(t.title, t.problem) for t in one.tasks] == [(t.title, t.problem) for t in other.tasks]


@pytest.mark.slow
@pytest.mark.notebook
def test_the_study_report_states_the_same(both: tuple[Path, Path], tmp_path: Path) -> None:
    stated = []
    for path, source in zip(both, ("answers.csv", "part-1.parquet … part-8.parquet"), strict=True):
        target = tmp_path / path.stem / "study.html"
        target.parent.mkdir(exist_ok=True)
        ei.report(survey=path, instrument=INSTRUMENT, group="gender", language="en", output=target)
        found = json.loads(target.with_suffix(".facts.json").read_text("utf-8"))["facts"]
        stated.append(json.dumps(found, ensure_ascii=False).replace(source, "the survey"))
    assert len(stated[0]) > 10_000
    assert stated[0] == stated[1]


# --- What is wrong


def text_in_seven(folder: Path) -> None:
    path = folder / "part-7.parquet"
    frame = pd.read_parquet(path).astype({"adv2": "string"})
    frame.loc[3, "adv2"] = "often"
    frame.to_parquet(path)


def cut_off(folder: Path) -> None:
    path = folder / "part-7.parquet"
    path.write_bytes(path.read_bytes()[:900])


def changed(folder: Path, **values: Any) -> None:
    path = folder / "part-7.parquet"
    frame = pd.read_parquet(path)
    for name, value in values.items():
        frame.loc[3, name] = value
    frame.to_parquet(path)


def nested(folder: Path) -> None:
    path = folder / "part-7.parquet"
    frame = pd.read_parquet(path)
    frame.assign(x=[[1]] * len(frame)).to_parquet(path)


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "text": (text_in_seven, "adv2"),
    "cut off": (cut_off, "damaged"),
    "off the scale": (lambda f: changed(f, pro2=12), "pro2"),
    "strange group": (lambda f: changed(f, gender="wooman"), "gender"),
    "twice": (lambda f: changed(f, respondent=rows()["respondent"].iloc[-1]), "respondent"),
    "nested": (nested, "lists"),
}


@pytest.mark.parametrize("command", ["check", "report", "batch"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_once_with_its_part(fault: str, command: str, tmp_path: Path) -> None:
    damage, words = FAULTS[fault]
    folder = parted(rows(), tmp_path / "answers")
    damage(folder)
    (out := tmp_path / "out").mkdir()
    pattern = str(folder / "*.parquet")
    asked = {
        "check": ["check", pattern],
        "report": ["report", "-s", pattern, "-o", str(out / "study.html")],
        "batch": ["batch", "-s", pattern, "-o", str(out / "batch")],
    }[command]
    told = CliRunner().invoke(app, [*asked, "-i", str(INSTRUMENT), "-l", "en"])
    assert told.exit_code == 1
    (line,) = [line for line in told.output.splitlines() if "part-7" in line]
    assert words in line
    assert "Traceback" not in told.output
    assert list(out.iterdir()) == []


def test_a_part_that_changes_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = parted(rows(), tmp_path / "answers")
    held = room._held

    def and_meanwhile(file: parquet.ParquetFile, name: str, named: Any) -> Any:
        os.utime(folder / "part-7.parquet", ns=(1, 1))
        return held(file, name, named)

    monkeypatch.setattr(room, "_held", and_meanwhile)
    asked = ["report", "-s", str(folder), "-i", str(INSTRUMENT), "-l", "en"]
    told = CliRunner().invoke(app, [*asked, "-o", str(tmp_path / "study.html")])
    assert told.exit_code == 1
    assert "part-7.parquet: this part changed" in told.output
    assert not (tmp_path / "study.html").exists()


def test_a_part_without_a_column_is_named(tmp_path: Path) -> None:
    folder = parted(rows(), tmp_path / "answers")
    path = folder / "part-7.parquet"
    pd.read_parquet(path).drop(columns="ent4").to_parquet(path)
    found = ei.check_survey(folder, instrument=INSTRUMENT)
    assert ("intake.columns_differ", "part-7.parquet") in [
        (p.code, p.where) for p in found.warnings
    ]
    assert found.survey is not None
    assert found.survey.answers["ent4"].isna().sum() >= len(pd.read_parquet(path))


def test_no_files_and_a_folder_without_any(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for asked, code in (("*.parquet", "no_such_file"), ("empty", "folder")):
        found = ei.check_survey(tmp_path / asked, instrument=INSTRUMENT)
        assert [p.code for p in found.errors] == [f"intake.{code}"]
