"""The employees, in words: who wants to stay, and whether a sense of us lies in between."""

from __future__ import annotations

import pandas as pd

from employer_identity.language import listing
from employer_identity.reports.study import STAY, Study
from employer_identity.structural import INFLATED, Pathways


def who(study: Study) -> list[str]:
    """Say whom this part is about."""
    key = "who" if study.instrument.employer else "who_plain"
    told = [study.tell(f"brand.staying.{key}", n=study.survey.n)]
    if study.outside is not None:
        told.append(study.tell("brand.staying.not_public"))
    return [" ".join(told)]


def staying(study: Study) -> list[str]:
    """Say which scores go with wanting to stay; or that their shares cannot be told apart."""
    table = study.staying
    if table is None:
        return [study.tell("brand.staying.no_stay")]
    words = {"outcome": study.labels([STAY])}
    r2 = study.tell("brand.staying.r2", r2=float(table["r2"].iloc[0]))
    if (table["vif"] > INFLATED).any():
        vif = float(table["vif"].max())
        return [study.tell("brand.staying.collinear", vif=vif, **words), r2]
    clear = (table["ci_lower"] > 0) | (table["ci_upper"] < 0)
    told = [_slopes(study, table[clear]), r2]
    if clear.any() and not clear.all():
        named = study.labels(table.loc[~clear, "pillar"])
        told.insert(1, study.tell("brand.staying.others", named=named))
    return [" ".join(told)]


def _slopes(study: Study, rows: pd.DataFrame) -> str:
    outcome = study.labels([STAY])
    if rows.empty:
        return study.tell("brand.staying.no_slopes", outcome=outcome)
    named = [
        study.tell("brand.with.points", name=study.labels([r["pillar"]]), value=r["slope"],
                   lower=r["ci_lower"], upper=r["ci_upper"])
        for r in rows.to_dict("records")
    ]  # fmt: skip
    named_all = listing(named, study.language)
    return study.tell("brand.staying.slopes", outcome=outcome, named=named_all)


def identity(study: Study) -> list[str]:
    """Say what goes with a shared identity, or why single paths cannot be read."""
    found = study.pathways
    if found is None:
        return [study.tell("brand.staying.no_identity")]
    first, *middle, _ = found.explain(study.language).split("\n\n")
    return [first, _between(study, found) if found.readable else middle[0]]


def limits(study: Study) -> list[str]:
    """Say what the model of a shared identity assumes and does not show; nothing without it."""
    found = study.pathways
    return [] if found is None else [found.explain(study.language).split("\n\n")[-1]]


def _between(study: Study, found: Pathways) -> str:
    paths = found.paths[found.paths["lhs"] == found.mediator]
    clear = paths[(paths["std_lower"] > 0) | (paths["std_upper"] < 0)]
    mediator = study.labels([found.mediator])
    if clear.empty:
        return study.tell("brand.staying.between_none", mediator=mediator)
    named = [
        study.tell("brand.with.points", name=study.labels([r["rhs"]]), value=r["std"],
                   lower=r["std_lower"], upper=r["std_upper"])
        for r in clear.to_dict("records")
    ]  # fmt: skip
    all_named = listing(named, study.language)
    return study.tell("brand.staying.between", mediator=mediator, named=all_named)
