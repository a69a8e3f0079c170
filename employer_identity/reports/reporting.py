"""The reporting checklist of a measurement report: every line filled, or marked as not done."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from employer_identity.reports import data_words
from employer_identity.reports.measured import Compared, Measurement

Row = tuple[str, str, str]


def checklist(m: Measurement) -> list[Row]:
    """Return (part, line, what stands here) for every line of the checklist."""
    parts = {
        "glance": _glance(m),
        "before": _before(m),
        "data": _data(m),
        "model": _model(m),
        "results": _results(m),
        "invariance": _invariance(m),
        "scores": _scores(m),
        "wording": _wording(m),
    }
    return [
        (m.say(f"checklist.part.{part}"), line, value)
        for part, rows in parts.items()
        for line, value in rows.items()
    ]


def _named(m: Measurement, rows: dict[str, str]) -> dict[str, str]:
    """Put words in the place of keys."""
    return {m.say(f"checklist.line.{key}"): value for key, value in rows.items()}


def _see(m: Measurement, section: str) -> str:
    return m.say("checklist.see", section=m.say(f"section.{section}"))


def _glance(m: Measurement) -> dict[str, str]:
    found, left = m.study.fit.reported, m.study.fit.residuals["residual"]
    indices = {k: float(found[k]) for k in ("cfi", "rmsea", "srmr")}
    rows = {
        "global": m.say("checklist.global", **indices),
        "local": m.say("checklist.local", r=float(left[left.abs().idxmax()])),
        "retained": m.say("checklist.yes"),
    }
    return _named(m, rows)


def _before(m: Measurement) -> dict[str, str]:
    keys = ("model", "criteria", "respecification", "software", "estimator", "algorithm")
    rows = dict.fromkeys(keys, _see(m, "before"))
    rows["treatment"] = _see(m, "treatment")
    rows |= {"power": m.say("not_done"), "registered": m.say("not_recorded")}
    return _named(m, rows)


def _data(m: Measurement) -> dict[str, str]:
    """The lines on the data, as the studies answer them, and what only this report asks."""
    rows = dict(data_words.checklist(m.study))
    others = m.study.without_straight_liners
    own = {
        "mechanism": _see(m, "limits"),
        "alike_without": _see(m, "data") if others else m.say("not_done"),
    }
    return rows | _named(m, own)


def _model(m: Measurement) -> dict[str, str]:
    rows = dict.fromkeys(("df", "identification", "improper"), _see(m, "model"))
    return _named(m, rows | {"simulation": m.say("checklist.nothing_simulated")})


def _results(m: Measurement) -> dict[str, str]:
    rows = dict.fromkeys(("chisq", "indices", "residuals"), _see(m, "fit"))
    rows["estimates"] = _see(m, "estimates")
    tried = [*(["structures"] if m.comparison else []), *(["invariance"] if m.ladders else [])]
    rows["tried"] = "; ".join(_see(m, section) for section in tried) or m.say("checklist.none")
    return _named(m, rows)


def _invariance(m: Measurement) -> dict[str, str]:
    if not m.ladders or m.across is None:
        return _named(m, {"table": m.say("checklist.no_groups")})
    rows = dict.fromkeys(("table", "rules"), _see(m, "invariance"))
    tests = m.across.tests
    family = m.say("checklist.family", tests=tests, k=len(m.across.pairs))
    rows["multiplicity"] = family if tests else m.say("checklist.no_tests")
    left_out = any(by.left_out for by in m.compared)
    rows["small"] = _see(m, "groupings") if left_out else m.say("checklist.none_left_out")
    rows["released"] = _see(m, "released")
    rows["dmacs"] = _largest(m)
    allowed = [by for by in m.compared if by.means_allowed]
    words = {"n": len(allowed), "total": len(m.study.groups)}
    means = m.say("checklist.compared", **words) if allowed else m.say("checklist.not_allowed")
    rows["means"] = means
    rows["contrasts"] = m.say("checklist.contrasts") if allowed else means
    rows["moved"] = _moved(m, allowed) if allowed else means
    return _named(m, rows)


def _largest(m: Measurement) -> str:
    """Give the largest shift of an answer over all groupings."""
    sizes = [float(by.dmacs["d"].max()) for by in m.compared if len(by.dmacs)]
    if sizes:
        return m.say("checklist.dmacs", d=max(sizes))
    linked = any("scalar" in ladder.levels for ladder in m.ladders)
    return m.say("checklist.no_shift" if linked else "checklist.unlinked")


def _moved(m: Measurement, allowed: Iterable[Compared]) -> str:
    aside = any(by.items_aside for by in allowed)
    return _see(m, "means") if aside else m.say("checklist.nothing_aside")


def _scores(m: Measurement) -> dict[str, str]:
    rows = {"omega": _see(m, "reliability")}
    rows |= dict.fromkeys(("alternatives", "htmt", "supported"), _see(m, "structures"))
    rows["hierarchical"] = _hierarchical(m)
    if m.comparison is None:
        rows |= dict.fromkeys(("alternatives", "htmt", "supported"), m.say("checklist.alone"))
    found = m.agreement is not None
    rows["aggregation"] = _see(m, "reliability") if found else m.say("checklist.no_employers")
    return _named(m, rows)


def _hierarchical(m: Measurement) -> str:
    """Give what the bifactor model says of the total, where it may be believed."""
    if m.comparison is None:
        return m.say("checklist.alone")
    found = {name: float(m.comparison.general[name]) for name in ("omega_h", "ecv", "puc")}
    key = "checklist.no_bifactor" if np.isnan(found["omega_h"]) else "checklist.hierarchical"
    return m.say(key, **found)


def _wording(m: Measurement) -> dict[str, str]:
    rows = dict.fromkeys(("association", "suppressed", "limits"), _see(m, "limits"))
    adapted, insiders = m.instrument.adaptation, m.instrument.referent == "employer"
    rows["adaptation"] = _see(m, "limits") if adapted else m.say("checklist.no_adaptation")
    rows["frame"] = _see(m, "limits") if insiders else m.say("not_recorded")
    bands = bool(data_words.bands(m.study))
    rows["bands"] = _see(m, "data") if bands else m.say("checklist.no_bands")
    return _named(m, rows)
