"""Do employees share an identity with their employer? Does the questionnaire mean the same to all?

``import employer_identity as ei``; every public name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "cfa": "cfa",
    "Fit": "fit",
    "Moments": "measurement.moments",
    "invariance": "invariance",
    "Ladder": "invariance",
    "difference_test": "invariance",
    "latent_means": "bias",
    "reliability": "reliability",
}
__all__ = [
    "Fit",
    "Ladder",
    "Moments",
    "__version__",
    "cfa",
    "difference_test",
    "invariance",
    "latent_means",
    "reliability",
]

if TYPE_CHECKING:
    from employer_identity.bias import latent_means
    from employer_identity.cfa import cfa
    from employer_identity.fit import Fit
    from employer_identity.invariance import Ladder, difference_test, invariance
    from employer_identity.measurement.moments import Moments
    from employer_identity.reliability import reliability


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'employer_identity' has no attribute {name!r}")
    value = getattr(import_module(f"employer_identity.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
