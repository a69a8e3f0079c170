"""Whole simulated studies in a folder: employees, public, questionnaire, and what is planted."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from employer_identity.designs import StudyDesign
from employer_identity.errors import Problem, SurveyError
from employer_identity.insiders import (
    BACKGROUNDS,
    CONTRACT,
    CONTRACTS,
    HASTE,
    Insiders,
    draw_employer_pillars,
    draw_insiders,
)
from employer_identity.language import refusal
from employer_identity.population import (
    MEN,
    READINESS,
    REGIONS,
    SECTORS,
    Employers,
    Floats,
    draw_employers,
)
from employer_identity.presets import DONT_KNOW, OUTCOMES
from employer_identity.public import (
    DRIVERS,
    PUBLIC_SHARES,
    REPUTATION_WITH_IMPRESARIOSHIP,
    Image,
    Outsiders,
    draw_image,
    draw_outsiders,
    public_truth,
)
from employer_identity.simulate import PILLARS

FILES = ("employees.csv", "public.csv", "public_people.csv", "instrument.toml", "truth.toml")


@dataclass(frozen=True)
class Study:
    """A simulated study: what is in its files, and what is true of it.

    Attributes
    ----------
    insiders, outsiders
        The answers.
    employers, pillars, image
        The employers, their latent means of the pillars (employers x pillars), and what the public
        makes of them.
    """

    design: StudyDesign
    insiders: Insiders
    outsiders: Outsiders
    employers: Employers
    pillars: Floats
    image: Image


def draw_study(design: StudyDesign) -> Study:
    """Draw a study; the same design gives the same study.

    Raises
    ------
    SurveyError
        If there are too few employees for the employers, or too few employers to be shown.
    """
    least = max(design.least_insiders, 2 * design.employers)
    smallest = min(wave.insiders for wave in design.waves)
    if smallest < least:
        values = {"least": least}
        raise refusal(SurveyError, [Problem("simulate.too_few", design.name, smallest, values)])
    ground, inside, outside = np.random.default_rng(design.seed).spawn(3)
    employers = draw_employers(
        ground,
        design.employers,
        design.sectors,
        least=design.least,
        small=design.small,
        spread=design.spread,
    )
    pillars = draw_employer_pillars(ground, design, employers)
    image = draw_image(ground, employers, pillars)
    insiders = draw_insiders(inside, design, employers, pillars)
    outsiders = draw_outsiders(outside, design, employers, image)
    return Study(design, insiders, outsiders, employers, pillars, image)


def write_study(
    design: StudyDesign, folder: str | Path, *, replace: bool = False
) -> tuple[Path, ...]:
    """Write a study's files, the same bytes every time, and return their paths.

    ``employees.csv``, ``public.csv`` (what the public makes of employers), ``public_people.csv``
    (the public itself), ``instrument.toml`` and ``truth.toml``. All are written before the first
    takes its name.

    Parameters
    ----------
    design
        What is simulated: `designs.SAMPLE`, `designs.NATIONAL`, or one of your own.
    folder
        Where they go; it is made if it does not exist.
    replace
        Whether files of these names may be replaced.

    Raises
    ------
    SurveyError
        If such files are there and may not be replaced, the design is impossible, or the folder
        cannot be written to.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise refusal(SurveyError, [Problem("simulate.no_folder", str(folder))])
    there = [name for name in FILES if (folder / name).exists()]
    if there and not replace:
        values = {"files": ", ".join(there)}
        raise refusal(
            SurveyError, [Problem("simulate.in_the_way", str(folder), len(there), values)]
        )
    texts = _texts(draw_study(design))
    try:
        _write(texts, folder)
    except OSError as error:
        values = {"message": error.strerror or type(error).__name__}
        problem = Problem("simulate.not_written", str(folder), values=values)
        raise refusal(SurveyError, [problem]) from error
    return tuple(folder / name for name in FILES)


def _write(texts: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=folder) as beside:
        for name, text in texts.items():
            (Path(beside) / name).write_bytes(text.encode("utf-8"))
        for name in FILES:
            os.replace(Path(beside) / name, folder / name)


def _texts(study: Study) -> dict[str, str]:
    """Contents of the files by their names."""
    frames = (study.insiders.answers, study.outsiders.ratings, study.outsiders.people)
    texts = [frame.to_csv(index=False, lineterminator="\n") for frame in frames]
    texts.append((files("employer_identity") / "studies.toml").read_text(encoding="utf-8"))
    head = "# What is true of the files beside this one. All of it is invented; written with them."
    texts.append("\n".join([head, "", *_toml(_truth(study))]) + "\n")
    return dict(zip(FILES, texts, strict=True))


def _truth(study: Study) -> dict[str, object]:
    """Everything that is planted, as nested tables."""
    design, insiders = study.design, study.insiders
    generations = {g: design.truth.means.get(g, {}) for g in design.truth.shares}
    sectors = {s: _pillars(SECTORS[s].means) for s in design.sectors}
    planted = [{k: v for k, v in asdict(s).items() if v} for s in design.truth.shifts]
    populations = {w: p.to_dict("index") for w, p in insiders.populations.items()}
    return {
        "design": design.name,
        "seed": design.seed,
        "preset": design.preset,
        "employer_share_of_variance": design.employer_share,
        "straight_liners": design.straight_liners,
        "time_straight_liners_take": HASTE,
        "missing": design.missing,
        "rows_without_answers_a_wave": design.silent,
        "planted": planted,
        "waves": {
            w.name: {"respondents": w.insiders, "first": w.first, "last": w.last}
            for w in design.waves
        },
        "shares": design.truth.shares,
        "effects": {"generation": generations, "sector": sectors, **design.effects},
        "outcomes": {name: _pillars(weights) for name, weights in OUTCOMES.items()},
        "dont_know": DONT_KNOW,
        "contracts": {g: dict(zip(CONTRACT, c, strict=True)) for g, c in CONTRACTS.items()},
        "cultural_background": BACKGROUNDS,
        "response": {**READINESS, "men_as_a_share_of_women": MEN},
        "population": populations,
        "public": {
            "respondents": design.outsiders,
            "employers_shown": design.shown,
            "reputation_with_impresarioship": REPUTATION_WITH_IMPRESARIOSHIP,
            "shares": PUBLIC_SHARES,
            "population": study.outsiders.population.to_dict("index"),
            **public_truth(),
        },
        "employers": {name: _employer(study, k) for k, name in enumerate(study.employers.names)},
    }


def _pillars(values: Sequence[float] | Floats) -> dict[str, float]:
    return {p: round(float(v), 3) for p, v in zip(PILLARS, values, strict=True)}


def _employer(study: Study, place: int) -> dict[str, object]:
    """What is true of one employer."""
    image = study.image
    drivers = zip(DRIVERS, image.drivers[place], strict=True)
    return {
        "sector": study.employers.sectors[place],
        "region": REGIONS[study.employers.homes[place]],
        "awareness": round(float(image.awareness[place]), 3),
        "attractiveness": round(float(image.attractiveness[place]), 3),
        "pillars": _pillars(study.pillars[place]),
        "image": {driver: round(float(value), 3) for driver, value in drivers},
    }


def _toml(table: Mapping[str, object], path: str = "") -> Iterator[str]:
    """Lines of a TOML table; what lies three deep stands on one line."""
    deep = path.count(".") > 0
    nested = {k: v for k, v in table.items() if isinstance(v, Mapping) and not deep}
    lists = {k: v for k, v in table.items() if isinstance(v, list)}
    yield from (
        f"{_key(k)} = {_value(v)}" for k, v in table.items() if k not in nested and k not in lists
    )
    for name, rows in lists.items():
        for row in rows:
            yield from ("", f"[[{name}]]", *_toml(row))
    for name, inner in nested.items():
        below = f"{path}.{_key(name)}".removeprefix(".")
        plain = any(not isinstance(v, Mapping) for v in inner.values()) or below.count(".")
        yield from (["", f"[{below}]"] if plain else [])
        yield from _toml(inner, below)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
