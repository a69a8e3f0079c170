"""The sample, damaged in every way files and surveys get damaged: each told exactly, nothing else.

A damage takes the survey's cells (all text) and returns cells, or a file's name and bytes. What is
expected are the codes of all errors and warnings, and of changes beyond those of the whole sample.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from employer_identity.instrument import load_instrument
from employer_identity.language import LANGUAGES, describe
from employer_identity.loading import Check, check_survey
from employer_identity.narrow import Narrow
from employer_identity.questionnaire import Instrument
from employer_identity.reports.places import sample

Frame = pd.DataFrame
Damage = Callable[[Frame], "Frame | tuple[str, bytes]"]
EVERY, USUAL = 9, {"survey.changed.banded"}
PILLAR = ["pro1", "pro2", "pro3", "pro4"]
ITEMS = [f"{stem}{k}" for k in range(1, 5) for stem in ("pro", "adv", "ent", "imp")]
OUTCOMES = ["shared_identity", "communication", "wellbeing", "reputation_inside"]
OUTCOMES += ["recommend", "stay_intent"]
QUESTIONS = [*ITEMS, *OUTCOMES]


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return load_instrument(sample() / "instrument.toml")


@pytest.fixture(scope="module")
def whole() -> Frame:
    """Return about a thousand rows of the sample, of both waves, all with an answer."""
    path = sample() / "employees.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False).iloc[::EVERY]
    return frame[(frame[ITEMS] != "").any(axis=1)].reset_index(drop=True)


def text_of(frame: Frame, separator: str = ",", end: str = "\n") -> str:
    return frame.to_csv(index=False, sep=separator, lineterminator=end)


def checked(made: Frame | tuple[str, bytes], folder: Path, instrument: Instrument) -> Check:
    name, data = made if isinstance(made, tuple) else ("answers.csv", text_of(made).encode())
    path = folder / name
    path.write_bytes(data)
    return check_survey(path, instrument=instrument)


# --- Damage to cells


def put(column: str, value: str, rows: int | slice = 40) -> Damage:
    """Put one value into some rows of a column."""

    def damage(frame: Frame) -> Frame:
        frame.loc[rows if isinstance(rows, slice) else frame.index[:rows], column] = value
        return frame

    return damage


def put_everywhere(value: str, columns: list[str], every: int = 30) -> Damage:
    """Put one value into every so manieth row of many columns, in other rows for each."""

    def damage(frame: Frame) -> Frame:
        for k, column in enumerate(columns):
            frame.loc[frame.index[k % every :: every], column] = value
        return frame

    return damage


def replace(column: str, becomes: dict[str, str]) -> Damage:
    return lambda frame: frame.assign(**{column: frame[column].replace(becomes)})


def map_cells(columns: list[str], change: Callable[[str], str]) -> Damage:
    return lambda frame: frame.assign(**{c: frame[c].map(change) for c in columns})


def both(*damages: Damage) -> Damage:
    def damage(frame: Frame) -> Frame:
        for one in damages:
            frame = one(frame)  # type: ignore[assignment]
        return frame

    return damage


def turned(*columns: str) -> Damage:
    return map_cells(list(columns), lambda cell: str(8 - int(cell)) if cell else "")


def copied(new: str, old: str) -> Damage:
    return lambda frame: frame.assign(**{new: frame[old]})


def appended(frame: Frame, new_ids: bool) -> Frame:
    again = frame.iloc[:60].copy()
    if new_ids:
        again["respondent"] = [f"X{k}" for k in range(60)]
    return pd.concat([frame, again], ignore_index=True)


def shifted(frame: Frame) -> Frame:
    """Let a cell slip in before the questions of a few rows, so that all are one too far."""
    answers = [c for c in frame if c in QUESTIONS]
    rows = frame.index[:4]
    frame.loc[rows, answers] = frame.loc[rows, ["cultural_background", *answers[:-1]]].to_numpy()
    return frame


def straight(frame: Frame) -> Frame:
    rows = frame.index[frame["pro1"] != ""][::8]
    frame.loc[rows, ITEMS] = np.tile(frame.loc[rows, ["pro1"]].to_numpy(), (1, len(ITEMS)))
    return frame


def skipped(frame: Frame) -> Frame:
    """Let one region skip the second half of the questionnaire."""
    frame.loc[frame["region"] == "north", ITEMS[8:]] = ""
    return frame


def narrow(frame: Frame) -> Frame:
    """Let one region never use the top answers, as with a scale of five points."""
    north = frame["region"] == "north"
    frame.loc[north, ITEMS] = frame.loc[north, ITEMS].replace({"6": "5", "7": "5"})
    return frame


def in_both_waves(frame: Frame) -> Frame:
    first, second = (frame.index[frame["wave"] == w][:20] for w in ("2025", "2026"))
    frame.loc[second, "respondent"] = frame.loc[first, "respondent"].to_numpy()
    return frame


def header_again(frame: Frame) -> Frame:
    """Paste two exports under each other, with the second one's header."""
    header = pd.DataFrame([dict(zip(frame, frame, strict=True))])
    return pd.concat([frame[:500], header, frame[500:]], ignore_index=True)


# --- Damage to files


def as_text(encoding: str, separator: str = ",", end: str = "\n") -> Damage:
    return lambda frame: ("answers.csv", text_of(frame, separator, end).encode(encoding))


def as_bytes(name: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda frame: (name, change(text_of(frame).encode()))


def dutch_excel(frame: Frame) -> tuple[str, bytes]:
    frame = map_cells(["weight"], lambda cell: cell.replace(".", ","))(frame)
    return "answers.csv", text_of(frame, ";", "\r\n").encode("cp1252")  # type: ignore[arg-type]


def above(*rows: list[str]) -> Damage:
    """Put rows above the header, filled up with blank cells."""

    def damage(frame: Frame) -> tuple[str, bytes]:
        blank = [""] * len(frame.columns)
        cells = [[*row, *blank][: len(blank)] for row in rows] + [list(frame)]
        titles = "\n".join(",".join(row) for row in cells)
        return "answers.csv", (titles + "\n" + text_of(frame).partition("\n")[2]).encode()

    return damage


def below(*rows: Callable[[str], str]) -> Damage:
    """Put rows between the header and the answers, made of the columns' names."""

    def damage(frame: Frame) -> Frame:
        made = [{name: row(name) for name in frame} for row in rows]
        return pd.concat([pd.DataFrame(made), frame], ignore_index=True)

    return damage


def workbook(frame: Frame, titles: bool = False) -> tuple[str, bytes]:
    """Make an Excel file, with a title over merged cells above the table if asked."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if titles:
        sheet.append(["Survey of employees"])
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=8)
        sheet.append([])
    sheet.append(list(frame))
    whole = [*QUESTIONS, "birth_year", "wave", "duration"]
    for row in frame.to_dict("records"):
        row |= {c: int(row[c]) if row[c] else None for c in whole}
        row["date"] = pd.Timestamp(row["date"]).to_pydatetime() if row["date"] else None
        sheet.append([cell if cell != "" else None for cell in row.values()])
    stream = io.BytesIO()
    book.save(stream)
    return "answers.xlsx", stream.getvalue()


def parquet(frame: Frame) -> tuple[str, bytes]:
    frame = frame.assign(**{c: pd.to_numeric(frame[c]).astype("Int64") for c in QUESTIONS})
    return "answers.parquet", frame.assign(sector=frame["sector"].astype("category")).to_parquet()


def broken_row(frame: Frame) -> tuple[str, bytes]:
    return "answers.csv", (text_of(frame) + "1,2,3,4\n" + "x," * 60 + "\n").encode()


DAMAGES: dict[str, tuple[Damage, set[str]]] = {
    # what reading understands
    "nothing": (lambda f: f, set()),
    "utf_16": (as_text("utf-16"), set()),
    "utf_8_with_mark": (as_text("utf-8-sig"), set()),
    "tabs_from_windows": (as_text("cp1252", "\t", "\r\n"), set()),
    "dutch_excel": (dutch_excel, set()),
    "quotes_everywhere": (lambda f: ("a.csv", f.to_csv(index=False, quoting=1).encode()), set()),
    "excel": (workbook, set()),
    "excel_with_merged_title": (lambda f: workbook(f, True), {"survey.changed.header_rows"}),
    "parquet": (parquet, set()),
    "title_rows": (above(["Survey 2026"], [""]), {"survey.changed.header_rows"}),
    "question_texts": (
        below(lambda c: f"What do you think of {c}?"), {"survey.changed.header_rows"}
    ),
    "qualtrics_header": (
        below(lambda c: f"About {c}", lambda c: f'{{"ImportId":"{c}"}}'),
        {"survey.changed.header_rows"},
    ),
    "columns_turned_round": (lambda f: f.iloc[:, ::-1], set()),
    "rows_turned_round": (lambda f: f.iloc[::-1], set()),
    "a_column_nobody_asked_for": (lambda f: f.assign(remark="as it was"), set()),
    "numbers_with_decimals": (map_cells(ITEMS, lambda c: f"{c}.0" if c else ""), set()),
    "spaces_around_cells": (map_cells([*ITEMS, "gender"], lambda c: f" {c} "), set()),
    "spellings_of_missing": (replace("pro1", {"": "NA"}), set()),
    "codes_of_limesurvey": (
        map_cells(ITEMS, lambda c: f"AO{int(c):02d}" if c else ""), {"survey.changed.answer_codes"}
    ),
    "dutch_dates": (
        map_cells(["date"], lambda c: "-".join(reversed(c.split("-"))) if c else ""), set()
    ),
    "rows_without_an_answer": (
        both(*(put(item, "", 9) for item in ITEMS)), {"survey.changed.no_item_answered"}
    ),
    # files that cannot be read
    "empty_file": (as_bytes("answers.csv", lambda _: b" \n"), {"intake.empty_file"}),
    "only_a_header": (lambda f: f.iloc[:0], {"survey.no_rows"}),
    "null_bytes": (as_bytes("answers.csv", lambda d: d + b"\0\0"), {"intake.null_bytes"}),
    "no_encoding": (
        as_bytes("answers.csv", lambda d: d.replace(b"woman", b"w\x81man\xff")),
        {"intake.wrong_encoding"},
    ),
    "ragged_rows": (broken_row, {"intake.ragged_rows"}),
    "open_quote": (
        as_bytes("answers.csv", lambda d: d.replace(b"\nR", b'\n"R', 1)), {"intake.open_quote"}
    ),
    "csv_called_excel": (as_bytes("answers.xlsx", bytes), {"intake.not_excel"}),
    "csv_called_parquet": (as_bytes("answers.parquet", bytes), {"intake.not_parquet"}),
    "csv_called_word": (as_bytes("answers.docx", bytes), {"intake.unknown_format"}),
    # columns
    "column_missing": (lambda f: f.drop(columns="wellbeing"), {"survey.missing_columns"}),
    "column_renamed": (
        lambda f: f.rename(columns={"wellbeing": "Well_being"}), {"survey.missing_column_near"}
    ),
    "column_twice": (
        lambda f: pd.concat([f, f[["pro1"]]], axis=1), {"survey.duplicate_column"}
    ),
    "item_copied": (copied("pro2", "pro1"), {"survey.identical_items"}),
    "outcome_copied": (copied("wellbeing", "recommend"), {"survey.identical_items"}),
    "item_constant": (put("adv2", "4", 10**6), {"survey.constant_item"}),
    "item_empty": (put("adv2", "", 10**6), {"survey.empty_column"}),
    # answers
    "text_in_scale": (put("ent1", "weet niet"), {"survey.text_in_scale"}),
    "averages": (put("ent1", "3.5"), {"survey.not_whole"}),
    "averages_with_comma": (put("ent1", "3,5"), {"survey.not_whole"}),
    "code_99": (put_everywhere("99", QUESTIONS), {"survey.missing_code_undeclared"}),
    "code_minus_1": (put_everywhere("-1", ITEMS), {"survey.missing_code_undeclared"}),
    "code_0": (put_everywhere("0", ITEMS[:3]), {"survey.missing_code_undeclared"}),
    "one_slip_of_the_hand": (put("ent1", "77", 1), {"survey.out_of_range"}),
    "scale_of_ten": (
        both(*(put("imp2", v, slice(k, k + 20)) for k, v in ((0, "8"), (30, "9"), (60, "10")))),
        {"survey.out_of_range"},
    ),
    "cells_shifted": (shifted, {"survey.text_in_scale"}),
    "header_pasted_again": (
        header_again,
        {
            "survey.text_in_scale", "survey.unknown_group", "survey.bad_weight",
            "survey.unreadable_date", "survey.unreadable_duration", "groupings.text_in_bands",
        },
    ),
    "item_turned": (turned("pro3"), {"survey.item_turned"}),
    "two_items_turned": (turned("pro3", "imp1"), {"survey.item_turned"}),
    "half_a_pillar_turned": (turned("pro1", "pro3"), {"survey.item_turned"}),
    "straight_liners": (straight, {"survey.straight_lining"}),
    "item_skipped": (put("imp4", "", 250), {"survey.missing_items"}),
    "item_skipped_by_some": (put("imp4", "", 160), {"survey.missing_items"}),
    "region_skipped": (skipped, {"survey.missing_groups"}),
    "region_with_another_scale": (narrow, {"survey.unused_answers"}),
    # people
    "same_person_twice": (put("respondent", "R1", 3), {"survey.duplicate_respondent"}),
    "rows_pasted_again": (lambda f: appended(f, False), {"survey.duplicate_respondent"}),
    "rows_copied_with_new_ids": (lambda f: appended(f, True), {"survey.repeated_rows"}),
    "in_both_waves": (in_both_waves, {"survey.in_two_waves"}),
    "wave_missing": (put("wave", ""), {"survey.no_wave"}),
    "dates_in_words": (put("date", "last week"), {"survey.unreadable_date"}),
    "american_dates": (put("date", "12/31/2025"), {"survey.unreadable_date"}),
    "durations_as_clock": (put("duration", "5:40"), {"survey.unreadable_duration"}),
    "durations_in_minutes": (
        map_cells(["duration"], lambda c: f"{int(c) / 60:.1f}" if c else ""),
        {"survey.not_in_seconds"},
    ),
    "speeders": (put("duration", "25", 3), {"survey.speeding"}),
    # groups
    "group_unknown": (put("education", "PhD"), {"survey.unknown_group"}),
    "group_nearly_known": (put("education", "hihger"), {"survey.unknown_group_near"}),
    "group_in_capitals": (replace("gender", {"woman": "Woman"}), {"survey.spelling_variant"}),
    "group_with_a_slip": (put("gender", "womann"), {"survey.spelling_variant"}),
    "sector_in_capitals": (
        both(put("employer", "Grijze Olifant"), put("sector", "CARE")), {"survey.spelling_variant"}
    ),
    "group_empty": (put("gender", "", 10**6), {"survey.empty_column"}),
    "one_group": (put("gender", "woman", 10**6), {"survey.one_group"}),
    "group_gone": (replace("contract", {"agency": "temporary"}), {"survey.unused_category"}),
    "group_small": (
        both(replace("contract", {"agency": "temporary"}), put("contract", "agency", 3)),
        {"survey.small_groups_in_waves"},
    ),
    "employer_in_two_sectors": (
        both(put("employer", "Grijze Olifant"), put("sector", "care", 20), put("sector", "it", 9)),
        {"survey.employers_in_sectors"},
    ),
    "birth_years_in_words": (put("birth_year", "long ago"), {"groupings.text_in_bands"}),
    "ages_for_birth_years": (
        map_cells(["birth_year"], lambda c: str(2026 - int(c)) if c else ""),
        {"groupings.ages_for_years"},
    ),
    "birth_years_slipped": (put("birth_year", "1066"), {"groupings.outside_bands"}),
    # weights
    "weight_missing": (put("weight", ""), {"survey.bad_weight"}),
    "weight_negative": (put("weight", "-1"), {"survey.bad_weight"}),
    "weight_in_words": (put("weight", "heavy"), {"survey.bad_weight"}),
    "weights_zero": (put("weight", "0", 10**6), {"survey.zero_weights"}),
    "weights_out_of_hand": (put("weight", "40", 5), {"survey.uneven_weights"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_told_exactly(
    name: str, whole: Frame, instrument: Instrument, tmp_path: Path
) -> None:
    damage, expected = DAMAGES[name]
    found = checked(damage(whole.copy()), tmp_path, instrument)
    told = "\n".join(describe(p) for p in found.problems)
    assert {p.code for p in found.problems} - USUAL == expected, told
    assert all(describe(p, language) for p in found.problems for language in LANGUAGES)
    assert (found.survey is None) == any(p.severity == "error" for p in found.problems)


@pytest.mark.parametrize("name", ["utf_16", "dutch_excel", "excel_with_merged_title", "parquet"])
def test_what_is_understood_gives_the_same_answers(
    name: str, whole: Frame, instrument: Instrument, tmp_path: Path
) -> None:
    plain = checked(whole, tmp_path, instrument).survey
    other = checked(DAMAGES[name][0](whole.copy()), tmp_path, instrument).survey
    assert plain is not None
    assert other is not None
    answers = other.answers.frame() if isinstance(other.answers, Narrow) else other.answers
    pd.testing.assert_frame_equal(plain.answers, answers)


def test_many_damages_are_told_in_one_pass(
    whole: Frame, instrument: Instrument, tmp_path: Path
) -> None:
    names = ["item_turned", "code_99", "group_unknown", "weight_missing", "dates_in_words"]
    names += ["column_missing", "same_person_twice", "speeders", "employer_in_two_sectors"]
    found = checked(both(*(DAMAGES[n][0] for n in names))(whole.copy()), tmp_path, instrument)
    expected = set().union(*(DAMAGES[n][1] for n in names))
    assert {p.code for p in found.problems} - USUAL == expected
