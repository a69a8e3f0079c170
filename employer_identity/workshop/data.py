"""Data for the class: a survey of one's own with a planted item, pupils' tests, first answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from employer_identity.errors import Problem, WorkshopError
from employer_identity.language import LANGUAGES, describe, say
from employer_identity.questionnaire import Grouping
from employer_identity.reports.places import sample
from employer_identity.simulate import ItemShift, Truth, simulate_survey
from employer_identity.survey import Survey
from employer_identity.workshop.room import ROOM

RESPONDENTS = 1500
REFERENCE, FOCAL = "gen_x", "gen_z"
PLANTED = ItemShift(FOCAL, "adv2", intercept=-1.2)
TRUTH = Truth(
    grouping="generation",
    shares={"gen_x": 0.34, "millennial": 0.33, "gen_z": 0.33},
    means={FOCAL: {"advancement": 0.1}},
    shifts=(PLANTED,),
)
"""The youngest stand a little higher on the pillar, and answer one of its items much lower."""
MOST_STUDENTS = 9999


def class_survey(student: int = 1) -> Survey:
    """Return a student's own survey of three generations; the trap in it is the same for all.

    Parameters
    ----------
    student
        Number on the list, 1 to 9999: the same number gives the same survey.

    Raises
    ------
    WorkshopError
        If that is no such number.
    """
    whole = isinstance(student, int | np.integer) and not isinstance(student, bool)
    if not whole or not 1 <= student <= MOST_STUDENTS:
        raise refused(Problem("workshop.student_number", values={"most": MOST_STUDENTS}))
    return _drawn(int(student))


@cache
def _drawn(student: int) -> Survey:
    """Draw the survey of one student, with words for its groups."""
    survey = simulate_survey(RESPONDENTS, preset="idealised", seed=student, truth=TRUTH)
    label = {t: say("workshop.generation.label", t) for t in LANGUAGES}
    groups = {g: {t: say(f"workshop.generation.{g}", t) for t in LANGUAGES} for g in TRUTH.shares}
    grouping = Grouping(
        column=TRUTH.grouping, order=tuple(TRUTH.shares), label=label, labels=groups
    )
    instrument = survey.instrument.model_copy(update={"groupings": (grouping,)})
    return Survey(survey.answers, instrument)


def pupils() -> pd.DataFrame:
    """Return the tests x1 to x9 of 301 pupils (Holzinger & Swineford, 1939), one row a pupil."""
    from semopy.examples import holzinger39

    frame = holzinger39.get_data()[[f"x{k}" for k in range(1, 10)]]
    return pd.DataFrame(frame.astype(float))


def first_answers() -> pd.DataFrame:
    """Return invented answers of 120 people to a short questionnaire of one's own.

    Columns ``trust1`` to ``trust3`` and ``pride1`` to ``pride3`` (1 to 5; ``trust3`` is worded the
    other way round), and ``team`` (office, workshop, road: the last has six people).
    """
    rng = np.random.default_rng(1)
    n, own = 120, 0.6
    common = rng.standard_normal((n, 1))
    scales = own * common + np.sqrt(1 - own**2) * rng.standard_normal((n, 2))
    latent = 0.8 * np.repeat(scales, 3, axis=1) + 0.6 * rng.standard_normal((n, 6))
    answers = np.clip(np.round(3.4 + 1.1 * latent), 1, 5).astype(int)
    answers[:, 2] = 6 - answers[:, 2]
    names = [f"{scale}{k}" for scale in ("trust", "pride") for k in (1, 2, 3)]
    team = np.array(["office"] * 64 + ["workshop"] * 50 + ["road"] * 6)
    return pd.DataFrame(answers, columns=names).assign(team=team)


def data(name: str) -> Path:
    """Return the path of a data file: in the folder ``data`` beside the notebook, or the package's.

    Raises
    ------
    WorkshopError
        If there is no such file.
    """
    places = (Path("data"), Path("..") / "data", sample())  # solutions lie one folder deeper
    found = next((p / name for p in places if (p / name).is_file()), None)
    if found is None:
        names = ", ".join(sorted(p.name for p in sample().iterdir()))
        raise refused(Problem("workshop.no_data", name, values={"names": names}))
    return found


def keep(name: str, text: str) -> str:
    """Write a text beside the notebook, unless a file of that name is there; return the name.

    Raises
    ------
    WorkshopError
        If the folder cannot be written to.
    """
    try:
        with Path(name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        pass  # the student's own work
    except OSError as error:
        raise refused(Problem("workshop.not_kept", name)) from error
    return name


def refused(problem: Problem) -> WorkshopError:
    """Build a refusal in the language of the workshop."""
    return WorkshopError(describe(problem, ROOM.language), (problem,))
