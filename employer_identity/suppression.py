"""What may be shown of whom: decided once for the data, for every cell that any report can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from employer_identity.privacy import MINIMUM

if TYPE_CHECKING:
    from employer_identity.survey import Survey

Kind = Literal["persons", "scores", "items", "distributions"]
"""How many answered; means of the pillars; means of single questions; shares of their answers."""
Reason = Literal["", "few", "sibling", "parent"]
"""May be shown; too few persons; a smaller sibling could be had by subtraction; its parent may not.
"""


@dataclass(frozen=True, eq=False)
class Suppression:
    """What may be shown of whom.

    Attributes
    ----------
    cells
        One row a cell: column (employer's, sector's, or a grouping), parent (its sector; else ""),
        unit, and for each `Kind` the `Reason` why it is hidden. No counts.
    minimum
        Smallest number of persons that is shown.
    """

    cells: pd.DataFrame
    minimum: int = MINIMUM


def decide(survey: Survey, *, minimum: int = MINIMUM) -> Suppression:
    """Decide for every cell (stub)."""
    raise NotImplementedError
