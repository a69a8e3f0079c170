"""Reading files: formats, header habits, several files as one survey, and every refusal."""

from __future__ import annotations

from pathlib import Path

from employer_identity.intake.files import read


def test_cells_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id;w;q\n007;1,5; 2\n008;.;NA\n")
    raw = read([path])
    assert raw.frame.astype(object).to_numpy().tolist()[0] == ["007", "1,5", " 2"]
    assert raw.frame.isna().to_numpy().tolist()[1] == [False, True, True]
    assert raw.places([0, 1]) == ["2", "3"]
