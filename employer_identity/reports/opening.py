"""Open what a report is about: files, snapshots of them, or what a batch has prepared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from employer_identity import privacy
from employer_identity.errors import ReportError
from employer_identity.language import Language, refusal
from employer_identity.loading import load_survey
from employer_identity.reports.beside import beside, of_sample, open_panel, weighed
from employer_identity.reports.parameters import floor_problems
from employer_identity.reports.places import sample
from employer_identity.reports.prepared import open_prepared
from employer_identity.reports.settling import chosen_groups
from employer_identity.reports.snapshot import SUFFIX, read_snapshot
from employer_identity.reports.study import Study
from employer_identity.reports.withholding import is_compared, study_problems
from employer_identity.reports.wording import speaking


def open_study(
    survey: str = "",
    *,
    instrument: str = "",
    group: str = "",
    wave: str = "",
    language: Language = "nl",
    minimum_n: int = privacy.MINIMUM,
    prepared: str = "",
    sha256: str = "",
    groups: str = "",
    public: str = "",
    people: str = "",
    margins: str = "",
    theme: str = "",
    accept_identifiability: bool = False,
) -> Study:
    """Open a survey file, a snapshot or (empty) the sample as a study.

    Where there are waves, the study is of the one named, else of the last; of all of them where
    they are what is compared. With `prepared`, a folder that `write_prepared` wrote, survey, wave
    and smallest number of persons are those of the folder, and `sha256` is its hash. `groups` are
    columns to compare by one after the other, with commas between them. `public` and `people` are
    what the public answered (the sample has its own), `margins` what the survey is weighted to.
    Without two groups to compare the study is of everybody together, and `Study.uncompared` says
    which grouping that was.

    Raises
    ------
    ReportError
        If people could be identified and that is not accepted, or nothing may be shown.
    """
    with speaking(language):
        if problems := floor_problems(minimum_n, accepted=accept_identifiability):
            raise refusal(ReportError, problems)
    if prepared:
        made = open_prepared(prepared, sha256)
        least = made.suppression.minimum
        columns = chosen_groups(groups, made.survey.instrument)
        of = (made.wave, made.waves, made, columns, made.beside, theme)
        return _settled(Study(made.survey, group, language, least, *of))
    source = Path(survey) if survey else sample() / "employees.csv"
    if source.suffix == SUFFIX:
        answers = read_snapshot(source, sha256)
    else:
        answers = load_survey(source, instrument=instrument or sample() / "instrument.toml")
    columns = chosen_groups(groups, answers.instrument)
    pooled = answers.instrument.wave in (group, *columns)
    chosen = "" if pooled or not answers.waves else wave or answers.waves[-1]
    files = of_sample("employer_brand_study", {"public": public, "people": people}, not survey)
    panel = open_panel(files["public"], files["people"], answers)
    answers, rakings = weighed(answers, margins, chosen)
    more = beside(answers, chosen, panel=panel, rakings=rakings, margins=margins)
    waves = {name: answers.of_wave(name).n for name in answers.waves} if chosen else {}
    studied = answers.of_wave(chosen) if chosen else answers
    own = (chosen, waves, None, columns, more, theme)
    return _settled(Study(studied, group, language, minimum_n, *own))


def _settled(study: Study) -> Study:
    """Return the study without its groups where they leave nothing to compare; or refuse it."""
    found = (study.survey, study.suppression, study.group)
    with speaking(study.language):
        if problems := study_problems(*found):
            raise refusal(ReportError, problems)
    if not study.group or is_compared(*found):
        return study
    return replace(study, group="", uncompared=study.group)
