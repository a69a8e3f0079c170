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
    "Check": "loading",
    "Fit": "fit",
    "Instrument": "questionnaire",
    "Ladder": "ladder",
    "ModelComparison": "models",
    "Moments": "measurement.moments",
    "Pathways": "structural",
    "Survey": "survey",
    "Truth": "simulate",
    "batch": "reports.batch",
    "cfa": "cfa",
    "check_survey": "loading",
    "compare_models": "models",
    "crosscheck": "crosscheck",
    "difference_test": "difference",
    "htmt": "discriminant",
    "invariance": "invariance",
    "latent_means": "bias",
    "load_instrument": "instrument",
    "load_survey": "loading",
    "new_instrument": "starter",
    "pathways": "structural",
    "reliability": "reliability",
    "report": "reports.run",
    "simulate_survey": "simulate",
}
__all__ = [
    "Check",
    "Fit",
    "Instrument",
    "Ladder",
    "ModelComparison",
    "Moments",
    "Pathways",
    "Survey",
    "Truth",
    "__version__",
    "batch",
    "cfa",
    "check_survey",
    "compare_models",
    "crosscheck",
    "difference_test",
    "htmt",
    "invariance",
    "latent_means",
    "load_instrument",
    "load_survey",
    "new_instrument",
    "pathways",
    "reliability",
    "report",
    "simulate_survey",
]

if TYPE_CHECKING:
    from employer_identity.bias import latent_means
    from employer_identity.cfa import cfa
    from employer_identity.crosscheck import crosscheck
    from employer_identity.difference import difference_test
    from employer_identity.discriminant import htmt
    from employer_identity.fit import Fit
    from employer_identity.instrument import load_instrument
    from employer_identity.invariance import invariance
    from employer_identity.ladder import Ladder
    from employer_identity.loading import Check, check_survey, load_survey
    from employer_identity.measurement.moments import Moments
    from employer_identity.models import ModelComparison, compare_models
    from employer_identity.questionnaire import Instrument
    from employer_identity.reliability import reliability
    from employer_identity.reports.batch import batch
    from employer_identity.reports.run import report
    from employer_identity.simulate import Truth, simulate_survey
    from employer_identity.starter import new_instrument
    from employer_identity.structural import Pathways, pathways
    from employer_identity.survey import Survey


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'employer_identity' has no attribute {name!r}")
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
