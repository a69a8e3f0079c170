"""The studies by name."""

from collections.abc import Mapping

from validation import (
    alignment,
    anonymity,
    brand,
    ceiling,
    crossed,
    cutoffs,
    lavaan,
    limit,
    missing,
    ordered,
    pathways,
    planted,
    planted_ordered,
)
from validation.running import Cell

STUDIES: Mapping[str, tuple[Cell, ...]] = {
    "ceiling": ceiling.CELLS,
    "limit": limit.CELLS,
    "crossed": crossed.CELLS,
    "missing": missing.CELLS,
    "planted": planted.CELLS,
    "lavaan": lavaan.CELLS,
    "pathways": pathways.CELLS,
    "brand": brand.CELLS,
    "ordered": ordered.CELLS,
    "ordered_lavaan": ordered.BESIDE,
    "planted_ordered": planted_ordered.CELLS,
    "alignment": alignment.CELLS,
    "anonymity": anonymity.CELLS,
    "cutoffs": cutoffs.CELLS,
}
