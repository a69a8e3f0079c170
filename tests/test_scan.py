"""Answers that are read in batches: the numbers of those in memory, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import employer_identity as ei
from employer_identity.errors import EmployerIdentityError, ModelError, SurveyError
from tests.examples import answers

SAME = 1e-8  # what is promised; seen: 1e-13
MODEL = "pro =~ pro1 + pro2 + pro3\nadv =~ adv1 + adv2 + adv3"
SIX = ["pro1", "pro2", "pro3", "adv1", "adv2", "adv3"]


def whole(n: int = 900, *, holes: bool = False) -> pd.DataFrame:
    """Six items of three bands, thirty teams that cross them, and weights."""
    rng = np.random.default_rng(7)
    frame = answers(n, 3)[SIX].round().astype("int8")
    frame = frame.assign(
        band=pd.Categorical(rng.choice(["young", "middle", "old"], n), ["young", "middle", "old"]),
        team=rng.integers(0, 30, n), weight=rng.choice([0.5, 1.0, 2.0], n), year=2026,
        remark="a remark",
    )  # fmt: skip
    if holes:
        frame[SIX] = frame[SIX].astype(float).mask(rng.random((n, 6)) < 0.08)
    return frame


def parted(frame: pd.DataFrame, folder: Path, parts: int = 8) -> Path:
    """Write a frame as a folder of files, in row groups that do not end where files do."""
    folder.mkdir(exist_ok=True)
    for k, rows in enumerate(np.array_split(np.arange(len(frame)), parts), 1):
        frame.iloc[rows].to_parquet(folder / f"part-{k}.parquet", row_group_size=50)
    return folder


def close(one: ei.Fit, other: ei.Fit) -> None:
    """Estimates, standard errors and fit measures are the same, and so is what is said of rows."""
    ours, theirs = one.estimates, other.estimates
    assert list(ours["group"]) == list(theirs["group"])
    for column in ("est", "se"):
        a, b = ours[column].to_numpy(float), theirs[column].to_numpy(float)
        assert np.allclose(a, b, rtol=SAME, atol=SAME, equal_nan=True)
    assert np.allclose(one.fit_measures, other.fit_measures, rtol=SAME, atol=SAME, equal_nan=True)
    assert one.n == other.n
    told = [[(p.code, p.where, p.count) for p in fit.notes] for fit in (one, other)]
    assert told[0] == told[1]


WAYS: dict[str, tuple[bool, dict[str, Any]]] = {
    "ML": (False, {"estimator": "ML"}),
    "MLR": (False, {}),
    "MLM": (False, {"estimator": "MLM"}),
    "MLM, holes": (True, {"estimator": "MLM"}),
    "weights": (False, {"weights": "weight"}),
    "clusters": (False, {"cluster": "team", "weights": "weight"}),
    "ML, holes": (True, {"estimator": "ML"}),
    "MLR, holes": (True, {}),
    "clusters, holes": (True, {"cluster": "team", "weights": "weight"}),
    "reference": (False, {"reference": "old", "estimator": "ML"}),
    "listwise": (True, {"missing": "listwise"}),
    "group is cluster": (False, {"cluster": "band"}),
    "ordered": (False, {"ordered": True}),
    "ordered, holes": (True, {"ordered": True}),
    "ordered, listwise": (True, {"ordered": True, "missing": "listwise"}),
    "ordered, theta, reference": (
        False, {"ordered": True, "parameterization": "theta", "reference": "old"},
    ),
    "ordered, weights": (True, {"ordered": True, "weights": "weight"}),
    "ordered, clusters": (True, {"ordered": True, "cluster": "team", "weights": "weight"}),
    "ordered, group is cluster": (False, {"ordered": True, "cluster": "band"}),
    "ordered, more merged": (True, {"ordered": True, "collapse": 40}),
    "ordered, plain": (False, {"ordered": True, "estimator": "DWLS"}),
    "some ordered": (True, {"ordered": SIX[:4]}),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_parts_give_the_numbers_of_the_whole(way: str, tmp_path: Path) -> None:
    holes, asked = WAYS[way]
    frame = whole(holes=holes)
    scan = ei.scan(parted(frame, tmp_path / "answers"))
    close(*(ei.cfa(d, MODEL, group="band", equal=["loadings"], **asked) for d in (scan, frame)))


@pytest.mark.parametrize("ordered", [True, False])
def test_a_group_that_is_one_cluster_is_told_apart_again(ordered: bool, tmp_path: Path) -> None:
    frame = whole()
    frame.loc[frame["band"] == "old", "team"] = 99
    scan = ei.scan(parted(frame, tmp_path / "answers"))
    asked: dict[str, Any] = {"cluster": "team", "ordered": ordered}
    fits = [ei.cfa(d, MODEL, group="band", **asked) for d in (scan, frame)]
    assert "model.group_in_cluster" in {p.code for p in fits[0].notes}
    close(*fits)


@pytest.mark.parametrize("ordered", [True, False])
def test_rows_without_group_or_cluster_are_taken_as_in_memory(
    ordered: bool, tmp_path: Path
) -> None:
    frame = whole(holes=True)
    frame.loc[5:9, "band"] = np.nan
    frame.loc[20:40, SIX] = np.nan
    frame["team"] = frame["team"].astype(float).mask(frame.index % 90 == 0)
    scan = ei.scan(parted(frame, tmp_path / "answers"))
    asked: dict[str, Any] = {"cluster": "team", "ordered": ordered}
    close(*(ei.cfa(d, MODEL, group="band", **asked) for d in (scan, frame)))


def rare(frame: pd.DataFrame) -> pd.DataFrame:
    """Answers sorted so that parts have other categories, one of them in one part only."""
    frame = frame.sort_values(["pro1", "adv2"], ignore_index=True)
    frame.loc[3, "adv3"] = 9
    return frame


def test_categories_may_differ_from_part_to_part(tmp_path: Path) -> None:
    frame = rare(whole(holes=True))
    scan = ei.scan(parted(frame, tmp_path / "answers"))
    one, other = (ei.cfa(d, MODEL, group="band", ordered=True) for d in (scan, frame))
    close(one, other)
    assert "ordered.merged_in_group" in {p.code for p in one.notes}
    assert one.ordered is not None
    assert other.ordered is not None
    assert one.ordered.categories == other.ordered.categories


def test_ordered_answers_are_never_all_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = ei.scan(parted(whole(), tmp_path / "answers"))
    monkeypatch.setattr(ei.Scan, "frame", None)
    ei.cfa(scan, MODEL, group="band", ordered=True)


def test_a_predictor_is_given_as_in_memory(tmp_path: Path) -> None:
    model = "pro =~ pro1 + pro2 + pro3\npro ~ adv1 + adv2"
    frame = whole()
    scan = ei.scan(parted(frame, tmp_path / "answers"))
    for estimator in ("MLM", "MLR"):
        close(*(ei.cfa(d, model, estimator=estimator) for d in (scan, frame)))


@pytest.mark.parametrize("estimator", ["ML", "MLR", "WLSMV"])
def test_the_whole_ladder_is_the_same(estimator: Any, tmp_path: Path) -> None:
    frame = whole(2400)
    scan = ei.scan(str(parted(frame, tmp_path / "answers") / "*.parquet"))
    asked: dict[str, Any] = {"estimator": estimator, "ordered": estimator == "WLSMV"}
    one, other = (ei.invariance(d, MODEL, group="band", **asked) for d in (scan, frame))
    assert list(one.rungs) == list(other.rungs)
    for level in one.rungs:
        close(one[level], other[level])
        ours, theirs = one.rungs[level].last.score_tests, other.rungs[level].last.score_tests
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-6)
    assert one.decision["latent means"].allowed == other.decision["latent means"].allowed


def test_categories_are_taken_otherwise_as_in_memory(tmp_path: Path) -> None:
    frame = whole(2400)
    scan = ei.scan(parted(frame, tmp_path / "answers"))
    asked: dict[str, Any] = {"ordered": True, "collapse": 60}
    found = [ei.unmerged(ei.invariance(d, MODEL, group="band", **asked)) for d in (scan, frame)]
    pd.testing.assert_frame_equal(found[0].gaps, found[1].gaps, rtol=1e-6)
    pd.testing.assert_frame_equal(found[0].categories, found[1].categories)


# -- kinds of sources -----------------------------------------------------------------------------

SOURCES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a frame": lambda frame: frame,
    "a table": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "a stream": lambda frame: pa.Table.from_pandas(frame).to_reader(max_chunksize=70),
}


@pytest.mark.parametrize("source", SOURCES)
def test_whatever_speaks_arrow_is_read(source: str) -> None:
    frame = whole()
    scan = ei.scan(SOURCES[source](frame))
    close(*(ei.cfa(d, MODEL, group="band") for d in (scan, frame)))


class Query:
    """A query whose answer is another one each time."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self.asked = frame, 0

    def __arrow_c_stream__(self, requested: object = None) -> object:
        self.asked += 1
        rows = self.frame.iloc[: len(self.frame) - 10 * (self.asked - 1)]
        return pa.Table.from_pandas(rows).__arrow_c_stream__(requested)


def test_folders_may_be_named_by_a_column(tmp_path: Path) -> None:
    frame = whole()
    for band, rows in frame.groupby("band", observed=True):
        folder = tmp_path / "answers" / f"band={band}"
        folder.mkdir(parents=True)
        rows.drop(columns="band").to_parquet(folder / "part.parquet")
    scan = ei.scan(tmp_path / "answers")
    frame["band"] = frame["band"].astype(str)
    close(*(ei.cfa(d, MODEL, group="band") for d in (scan, frame)))


def test_only_the_columns_needed_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, seen = ei.scan(parted(whole(), tmp_path / "answers")), set[str]()
    read = parquet.ParquetFile.iter_batches

    def noted(self: Any, *args: Any, columns: list[str], **kwargs: Any) -> Any:
        seen.update(columns)
        return read(self, *args, columns=columns, **kwargs)

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", noted)
    ei.cfa(scan, MODEL, group="band")
    assert seen == {*SIX, "band"}


@pytest.mark.parametrize("ordered", [True, False])
def test_numbers_of_any_width_are_numbers(ordered: bool, tmp_path: Path) -> None:
    folder = parted(whole(), tmp_path / "answers")
    spoiled(folder, lambda part: part.astype(dict.fromkeys(SIX, "float32")), 2)
    spoiled(folder, lambda part: part.astype(dict.fromkeys(SIX[:2], "int64")), 5)
    fits = [ei.cfa(d, MODEL, group="band", ordered=ordered) for d in (ei.scan(folder), whole())]
    close(*fits)


def test_a_scan_says_what_it_is(tmp_path: Path) -> None:
    scan = ei.scan(parted(whole(), tmp_path / "answers"))
    assert "900 rows and 11 columns in 8 parts" in repr(scan)
    assert set(SIX) <= set(scan.columns)


# -- bad input ------------------------------------------------------------------------------------


def refused(call: Callable[[], object], *codes: str, where: str = "") -> EmployerIdentityError:
    with pytest.raises((SurveyError, ModelError)) as told:
        call()
    assert {p.code for p in told.value.problems} == set(codes)
    assert where in str(told.value)
    return told.value


def spoiled(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame], part: int = 7) -> Path:
    path = folder / f"part-{part}.parquet"
    change(pd.read_parquet(path)).to_parquet(path)
    return folder


def fit(folder: Path, *, ordered: bool = False) -> ei.Fit:
    return ei.cfa(ei.scan(folder), MODEL, group="band", ordered=ordered)


BOTH = pytest.mark.parametrize("ordered", [True, False])


@BOTH
def test_text_in_part_7_is_told_by_its_part(ordered: bool, tmp_path: Path) -> None:
    folder = parted(whole(), tmp_path / "answers")
    spoiled(folder, lambda part: part.assign(adv2=part["adv2"].astype(str)))
    refused(lambda: fit(folder, ordered=ordered), "scan.part_differs", where="part-7.parquet")


@BOTH
def test_a_part_with_other_columns_is_told(ordered: bool, tmp_path: Path) -> None:
    folder = parted(whole(), tmp_path / "answers")
    spoiled(folder, lambda part: part.rename(columns={"adv2": "adv9"}), 3)
    spoiled(folder, lambda part: part.drop(columns="band"), 5)
    told = "scan.part_lacks", "part-3.parquet"
    error = refused(lambda: fit(folder, ordered=ordered), told[0], where=told[1])
    assert "part-5.parquet" in str(error)
    assert "adv2" in str(error)


def test_columns_that_are_not_needed_may_differ(tmp_path: Path) -> None:
    folder = parted(whole(), tmp_path / "answers")
    spoiled(folder, lambda part: part.drop(columns=["remark", "year"]))
    close(fit(folder), ei.cfa(whole(), MODEL, group="band"))


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    folder = parted(whole(), tmp_path / "answers")
    path = folder / "part-4.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    refused(lambda: ei.scan(folder), "scan.damaged", where="part-4.parquet")


@BOTH
def test_a_file_with_a_damaged_page_is_told(ordered: bool, tmp_path: Path) -> None:
    folder = parted(whole(), tmp_path / "answers")
    path = folder / "part-4.parquet"
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)
    path.write_bytes(data)
    refused(lambda: fit(folder, ordered=ordered), "scan.damaged", where="part-4.parquet")


@BOTH
@pytest.mark.parametrize("when", ["before", "while", "between"])
@pytest.mark.parametrize("what", ["size", "time", "gone"])
def test_a_part_that_changes_is_told(
    ordered: bool, when: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = parted(whole(), tmp_path / "answers")
    path, scan = folder / "part-2.parquet", ei.scan(folder)

    def change() -> None:
        if what == "size":
            spoiled(folder, lambda part: part.iloc[:-5], 2)
        elif what == "time":
            os.utime(path, ns=(1, 1))
        else:
            path.unlink()

    if when != "before":
        read = parquet.ParquetFile.iter_batches

        begun = []

        def changing(self: Any, *args: Any, **kwargs: Any) -> Any:
            begun.append(self)
            yield from read(self, *args, **kwargs)
            if len(begun) == (2 if when == "while" else 8):  # all of it, or of the last part
                change()

        monkeypatch.setattr(parquet.ParquetFile, "iter_batches", changing)
    else:
        change()
    if when == "between" and not ordered:
        ei.cfa(scan, MODEL)  # complete answers are read once
    else:
        call = partial(ei.cfa, scan, MODEL, ordered=ordered)
        refused(call, "scan.changed", where="part-2.parquet")


@BOTH
def test_a_group_that_one_part_has_is_noted(ordered: bool, tmp_path: Path) -> None:
    folder = parted(whole(), tmp_path / "answers")

    def respelt(part: pd.DataFrame) -> pd.DataFrame:
        return part.assign(band=part["band"].astype(str).replace("old", "Old").astype("category"))

    spoiled(folder, respelt)
    notes = {p.code: p for p in fit(folder, ordered=ordered).notes}
    told = notes["scan.group_in_one_part"]
    assert (told.where, told.values["part"], told.severity) == ("Old", "part-7.parquet", "warning")


@BOTH
def test_a_small_group_that_one_part_has_is_refused_with_the_part(
    ordered: bool, tmp_path: Path
) -> None:
    folder = parted(whole(), tmp_path / "answers")

    def misspelt(part: pd.DataFrame) -> pd.DataFrame:
        bands = part["band"].astype(str).to_numpy()
        bands[:3] = "yuong"
        return part.assign(band=pd.Categorical(bands))

    spoiled(folder, misspelt)
    codes = ("model.group_too_small", "scan.group_in_one_part")
    refused(lambda: fit(folder, ordered=ordered), *codes, where="part-7.parquet")


def test_files_by_group_are_as_they_should_be(tmp_path: Path) -> None:
    frame = whole().sort_values("band", ignore_index=True)
    for band, rows in frame.groupby("band", observed=True):
        rows.to_parquet(tmp_path / f"{band}.parquet")
    assert "scan.group_in_one_part" not in {p.code for p in fit(tmp_path).notes}


def test_a_stream_that_ends_after_one_pass_serves_what_takes_one() -> None:
    frame = whole(holes=True)
    stream = SOURCES["a stream"]
    close(*(ei.cfa(d, MODEL, estimator="ML") for d in (ei.scan(stream(frame)), frame)))
    refused(lambda: ei.cfa(ei.scan(stream(frame)), MODEL).estimates, "scan.once")
    refused(lambda: ei.cfa(ei.scan(stream(frame)), MODEL, ordered=True), "scan.once")


def test_a_query_with_another_answer_each_time_is_refused() -> None:
    scan = ei.scan(Query(whole(holes=True)))
    refused(lambda: ei.cfa(scan, MODEL).estimates, "scan.changed")
    scan = ei.scan(Query(whole(holes=True)))
    refused(lambda: ei.cfa(scan, MODEL, ordered=True), "scan.changed")


class Moving:
    """A query whose answers and groups are others the second time, but as many."""

    def __init__(self, frame: pd.DataFrame, column: str, value: object) -> None:
        self.frame, self.column, self.value, self.asked = frame, column, value, 0

    def __arrow_c_stream__(self, requested: object = None) -> object:
        self.asked += 1
        other = self.frame.assign(**{self.column: self.value})
        rows = self.frame if self.asked == 1 else other
        return pa.Table.from_pandas(rows).__arrow_c_stream__(requested)


@pytest.mark.parametrize(("column", "value"), [("adv2", 300), ("adv2", -3), ("band", "new")])
def test_answers_that_only_the_second_pass_meets_are_refused(column: str, value: object) -> None:
    scan = ei.scan(Moving(whole().astype({"band": str, "adv2": int}), column, value))
    refused(lambda: ei.cfa(scan, MODEL, group="band", ordered=True), "scan.changed")


@BOTH
def test_a_stream_that_breaks_is_refused(ordered: bool) -> None:
    table = pa.Table.from_pandas(whole())

    def broken() -> Any:
        yield table.to_batches()[0]
        raise OSError("connection lost")

    reader = pa.RecordBatchReader.from_batches(table.schema, broken())
    refused(lambda: ei.cfa(ei.scan(reader), MODEL, ordered=ordered), "scan.broken_stream")


BAD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "infinite": (lambda f: f.assign(adv1=f["adv1"].where(f.index != 3, np.inf)), "model.infinite"),
    "weights": (
        lambda f: f.assign(weight=f["weight"].where(f.index != 3, -1)), "model.bad_weights",
    ),
    "no weight": (lambda f: f.assign(weight=0.0), "model.weights_all_zero"),
    "empty": (lambda f: f.assign(adv1=np.nan), "model.item_empty"),
    "text": (lambda f: f.assign(adv1="five"), "model.not_numeric"),
    "misspelt": (lambda f: f.rename(columns={"adv1": "adv_1"}), "model.unknown_item_near"),
    "one group": (lambda f: f.assign(band="old"), "model.one_group"),
    "a number": (lambda f: f.assign(band=np.arange(len(f)) / 7), "model.group_is_number"),
    "copied": (lambda f: f.assign(adv1=f["adv2"]), "model.singular_in_group"),
    "few": (lambda f: f.iloc[:12], "model.group_too_small"),
    "never together": (
        lambda f: f.assign(
            adv1=f["adv1"].where(f.index % 2 == 0), adv2=f["adv2"].where(f.index % 2 == 1)
        ),
        "model.never_together_in_group",
    ),
}  # fmt: skip


ORDERED = {
    "copied": (BAD["copied"][0], "ordered.perfect_in_group"),
    "halves": (lambda f: f.assign(adv1=f["adv1"] + 0.5 * (f.index % 9 == 1)), "ordered.not_whole"),
    "hardly any": (
        lambda f: f.assign(adv1=1 + (f.index % 90 == 1)), "ordered.one_category_left_in_group",
    ),
    "flat": (
        lambda f: f.assign(adv1=f["adv1"].where(f["band"] != "old", 4)),
        "model.item_constant_in_group",
    ),
}  # fmt: skip


def told_of(frame: pd.DataFrame, **asked: Any) -> list[list[tuple[object, ...]]]:
    """What is said of answers in memory, and of the same in batches."""
    told = []
    for data in (frame, ei.scan(frame)):
        with pytest.raises(EmployerIdentityError) as error:
            ei.cfa(data, MODEL, group="band", **asked)
        told.append([(p.code, p.where, p.count, dict(p.values)) for p in error.value.problems])
    return told


@pytest.mark.parametrize("bad", BAD)
def test_what_is_refused_in_memory_is_refused_in_batches(bad: str) -> None:
    spoil, code = BAD[bad]
    told = told_of(spoil(whole()), weights="weight")
    assert {p[0] for p in told[0]} == {code}
    assert told[0] == told[1]


@pytest.mark.parametrize("bad", sorted({*BAD, *ORDERED}))
def test_so_it_is_with_ordered_answers(bad: str) -> None:
    spoil, code = ORDERED.get(bad) or BAD[bad]
    told = told_of(spoil(whole()), weights="weight", ordered=True)
    assert code in {p[0] for p in told[0]}
    assert told[0] == told[1]


def test_numbers_are_no_categories() -> None:
    frame = whole(9_000).assign(adv1=np.arange(9_000))
    told = told_of(frame, ordered=True)
    assert told[0] == told[1]
    assert told[0][0][:2] == ("ordered.too_many_categories", "adv1")
    frame["adv1"] = frame["adv1"] + 0.25
    told = told_of(frame, ordered=True)
    assert told[0] == told[1]
    assert told[0][0][:3] == ("ordered.not_whole", "adv1", 9_000)


def test_a_name_of_everybody_is_no_group() -> None:
    frame = whole(30_000).assign(band=[f"person {i}" for i in range(30_000)])
    refused(lambda: ei.cfa(ei.scan(frame), MODEL, group="band"), "scan.too_many_groups")


def test_what_cannot_be_scanned_is_refused(tmp_path: Path) -> None:
    refused(lambda: ei.scan(3), "scan.no_source")
    refused(lambda: ei.scan(tmp_path), "scan.no_parts")
    refused(lambda: ei.scan(tmp_path / "*.parquet"), "scan.no_parts")


@BOTH
def test_what_needs_people_needs_them_in_memory(ordered: bool) -> None:
    scan = ei.scan(whole())
    found = ei.cfa(scan, MODEL, ordered=ordered)
    refused(found.factor_scores, "ordered.not_offered" if ordered else "scan.needs_rows")
    refused(lambda: ei.dynamic_cutoffs(found), "scan.needs_rows")
    ladder = ei.invariance(scan, MODEL, group="band", ordered=ordered)
    refused(lambda: ei.conclusions(ladder), "scan.needs_rows")
    refused(lambda: ei.simulated_cutoffs(ladder), "scan.needs_rows")


@pytest.mark.parametrize(
    "call",
    [
        partial(ei.compare_models, factors={"one": SIX}), partial(ei.align, group="band"),
        partial(ei.invariance_across, groups=["band"], models={"one": MODEL}), ei.agreement,
    ],
)  # fmt: skip
def test_what_takes_no_scan_says_where_to_read_it(call: Callable[..., object]) -> None:
    with pytest.raises(EmployerIdentityError, match="read in batches") as told:
        call(ei.scan(whole()))
    assert [p.code for p in told.value.problems] in (["edge.unfit_scan"], ["scan.needs_rows"])


@pytest.mark.parametrize("holes", [True, False])
def test_intervals_of_bias_are_there_without_people(holes: bool) -> None:
    frame = whole(1500, holes=holes)
    frame["adv1"] = (frame["adv1"] - (frame["band"] == "old")).clip(lower=1)
    ladders = [ei.invariance(data, MODEL, group="band") for data in (ei.scan(frame), frame)]
    found, in_memory = (ei.dmacs(ladder) for ladder in ladders)
    assert "adv1" in set(found["item"])
    for column in found.select_dtypes("number"):
        one, other = found[column].to_numpy(), in_memory[column].to_numpy()
        # intervals are of normal draws here and of drawn people there
        assert np.allclose(one, other, atol=0.03, equal_nan=True), column


def test_groups_are_aligned_by_the_moments_of_a_scan() -> None:
    frame = whole(3_000)
    of_scan = ei.cfa(ei.scan(frame), MODEL, group="band", estimator="ML").moments
    one = ei.align(of_scan, MODEL, group="band").means
    other = ei.align(frame, MODEL, group="band", estimator="ML").means
    assert np.allclose(one["est"], other["est"], atol=1e-6)
