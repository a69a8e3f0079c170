"""Do employees share an identity with their employer? Does the questionnaire mean the same to all?

``import employer_identity as ei``; every public name is loaded when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Across": "across_result",
    "Alignment": "aligned",
    "Check": "loading",
    "Fit": "fit",
    "Instrument": "questionnaire",
    "Ladder": "ladder",
    "ModelComparison": "model_comparison",
    "Moments": "measurement.moments",
    "Panel": "panel",
    "Pathways": "structural",
    "Scan": "scan",
    "Survey": "survey",
    "Truth": "simulate",
    "agreement": "agreement",
    "align": "alignment",
    "attractiveness": "attractiveness",
    "batch": "reports.batch",
    "belonging": "switching",
    "cfa": "cfa",
    "check_survey": "loading",
    "compare_models": "models",
    "conclusions": "conclusions",
    "crosscheck": "crosscheck",
    "derived_importance": "drivers",
    "difference_test": "difference",
    "dmacs": "bias",
    "drivers": "drivers",
    "dynamic_cutoffs": "dynamic",
    "explore": "explorer",
    "expected_scores": "curves",
    "htmt": "discriminant",
    "invariance": "invariance",
    "invariance_across": "across",
    "latent_means": "latent",
    "latent_variances": "latent",
    "league": "league",
    "load_instrument": "instrument",
    "load_panel": "panel_loading",
    "load_survey": "loading",
    "mean_contrasts": "latent",
    "new_instrument": "starter",
    "pathways": "structural",
    "plan": "planning",
    "rake": "raking",
    "read_margins": "raking",
    "reasons": "switching",
    "reliability": "reliability",
    "report": "reports.run",
    "scan": "scan",
    "shrunken_scores": "shrinkage",
    "simulate_survey": "simulate",
    "simulated_cutoffs": "simulated",
    "stay_regression": "switching",
    "switching": "switching",
    "unmerged": "unmerged",
}
_ROOMS = ("workshop",)  # public as a whole: ei.workshop.check
__all__ = [
    "Across",
    "Alignment",
    "Check",
    "Fit",
    "Instrument",
    "Ladder",
    "ModelComparison",
    "Moments",
    "Panel",
    "Pathways",
    "Scan",
    "Survey",
    "Truth",
    "__version__",
    "agreement",
    "align",
    "attractiveness",
    "batch",
    "belonging",
    "cfa",
    "check_survey",
    "compare_models",
    "conclusions",
    "crosscheck",
    "derived_importance",
    "difference_test",
    "dmacs",
    "drivers",
    "dynamic_cutoffs",
    "expected_scores",
    "explore",
    "htmt",
    "invariance",
    "invariance_across",
    "latent_means",
    "latent_variances",
    "league",
    "load_instrument",
    "load_panel",
    "load_survey",
    "mean_contrasts",
    "new_instrument",
    "pathways",
    "plan",
    "rake",
    "read_margins",
    "reasons",
    "reliability",
    "report",
    "scan",
    "shrunken_scores",
    "simulate_survey",
    "simulated_cutoffs",
    "stay_regression",
    "switching",
    "unmerged",
    "workshop",
]

if TYPE_CHECKING:
    from employer_identity import workshop
    from employer_identity.across import invariance_across
    from employer_identity.across_result import Across
    from employer_identity.agreement import agreement
    from employer_identity.aligned import Alignment
    from employer_identity.alignment import align
    from employer_identity.attractiveness import attractiveness
    from employer_identity.bias import dmacs
    from employer_identity.cfa import cfa
    from employer_identity.conclusions import conclusions
    from employer_identity.crosscheck import crosscheck
    from employer_identity.curves import expected_scores
    from employer_identity.difference import difference_test
    from employer_identity.discriminant import htmt
    from employer_identity.drivers import derived_importance, drivers
    from employer_identity.dynamic import dynamic_cutoffs
    from employer_identity.explorer import explore
    from employer_identity.fit import Fit
    from employer_identity.instrument import load_instrument
    from employer_identity.invariance import invariance
    from employer_identity.ladder import Ladder
    from employer_identity.latent import latent_means, latent_variances, mean_contrasts
    from employer_identity.league import league
    from employer_identity.loading import Check, check_survey, load_survey
    from employer_identity.measurement.moments import Moments
    from employer_identity.model_comparison import ModelComparison
    from employer_identity.models import compare_models
    from employer_identity.panel import Panel
    from employer_identity.panel_loading import load_panel
    from employer_identity.planning import plan
    from employer_identity.questionnaire import Instrument
    from employer_identity.raking import rake, read_margins
    from employer_identity.reliability import reliability
    from employer_identity.reports.batch import batch
    from employer_identity.reports.run import report
    from employer_identity.scan import Scan, scan
    from employer_identity.shrinkage import shrunken_scores
    from employer_identity.simulate import Truth, simulate_survey
    from employer_identity.simulated import simulated_cutoffs
    from employer_identity.starter import new_instrument
    from employer_identity.structural import Pathways, pathways
    from employer_identity.survey import Survey
    from employer_identity.switching import belonging, reasons, stay_regression, switching
    from employer_identity.unmerged import unmerged


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"employer_identity.{name}")
    if name not in _HOME:
        from difflib import get_close_matches

        near = "".join(
            f"; did you mean {n!r}?" for n in get_close_matches(name, __all__, n=1, cutoff=0.7)
        )
        raise AttributeError(f"module 'employer_identity' has no attribute {name!r}{near}")
    value = getattr(import_module(f"employer_identity.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keep ``ei.cfa`` the function when the room of the same name is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
