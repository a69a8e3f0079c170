"""From the frames on the public to the facts that are stated of it.

The public's people are others than the employees: their facts have a frame of their own. Which
employers somebody was shown and knows are questions of their own, too: the number of those who
were shown an employer is the number who answered whether they know it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import Teller

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument


def teller(instrument: Instrument) -> Teller:
    """Return who states what is told of the public, which has no waves."""
    return Teller(instrument, frame="outsiders")


def drawn(frame: pd.DataFrame, instrument: Instrument, least: int = 0) -> Iterator[Fact]:
    """State the shares of `Attractiveness.table` that the map shows: who knows, and who likes it.

    Those of fewer people than `least` are withheld.
    """
    tell = teller(instrument)
    for r in frame.to_dict("records"):
        relative = r["relative"] if r["known"] >= least else np.nan
        for asked, share in (("knows", r["awareness"]), ("likes", relative)):
            yield _said(tell, f"{asked} {r['employer']}", share, least)


def employers(frame: pd.DataFrame, instrument: Instrument, least: int) -> Iterator[Fact]:
    """State the rows of the table of employers: how many were shown each, and the shares."""
    tell = teller(instrument)
    for r in frame.to_dict("records"):
        knows = f"knows {r['employer']}"
        yield tell.number(tell.everybody, "count", r["shown"], measure=knows, element="market")
        absolute = r["absolute"] if r["known"] >= least else np.nan
        yield _said(tell, f"wants {r['employer']}", absolute, least)
    yield from drawn(frame, instrument, least)


def _said(tell: Teller, measure: str, share: float, least: int) -> Fact:
    return tell.share(tell.everybody, measure, share, "market", least=least)


def ranked(frame: pd.DataFrame, instrument: Instrument) -> Iterator[Fact]:
    """State the rows of `Attractiveness.ranking`: how many know an employer, and who likes it."""
    tell = teller(instrument)
    for r in frame.itertuples():
        own = tell.everybody, f"likes {r.employer}", r.known, r.relative, "ranking"
        yield from tell.part(*own)


def named(frame: pd.DataFrame, instrument: Instrument) -> Iterator[Fact]:
    """State of which employers a chart ranks, without saying how many know them."""
    tell = teller(instrument)
    for employer in frame["employer"]:
        yield tell.number(tell.everybody, "count", None, measure=f"likes {employer}")


def drivers(
    frame: pd.DataFrame, instrument: Instrument, element: str, views: Iterable[str]
) -> Iterator[Fact]:
    """State which shares of people find a driver important, and have it where they work.

    What they think of employers at large is a share of their judgements, and not of them.
    """
    tell = teller(instrument)
    for r in frame.to_dict("records"):
        for view in views:
            yield tell.share(tell.everybody, f"{view} {r['driver']}", r[view], element)


def shares(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str | None,
    element: str,
    *,
    least: int,
    counted: bool = True,
) -> Iterator[Fact]:
    """State rows of `suppression.withhold_shares`, what is hidden withheld.

    Parameters
    ----------
    group
        The column by which it is divided; None: everybody only.
    least
        Fewest people of whom a share is shown.
    counted
        Whether it says how many people each share is of.
    """
    tell = teller(instrument)
    for r in frame.to_dict("records"):
        scope = tell.of(str(group), r["group"]) if r["group"] else tell.everybody
        count, share = tell.part(
            scope, str(r["question"]), r["n"], r["share"], element, least=least
        )
        yield from ((count, share) if counted or r["hidden"] else (share,))


def largest(frame: pd.DataFrame, instrument: Instrument, element: str) -> Fact:
    """State how many people answered the question that most did: what a caption says."""
    tell = teller(instrument)
    r = frame.loc[frame["n"].idxmax()]
    asked = str(r["question"])
    return tell.number(tell.everybody, "count", r["n"], measure=asked, element=element)


def modelled(n: float, instrument: Instrument, element: str, measure: str) -> Fact:
    """State of how many people of the public a model tells."""
    tell = teller(instrument)
    return tell.number(tell.everybody, "count", n, measure=measure, element=element)
