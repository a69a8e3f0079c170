"""Categories that hardly anybody chose, merged in all groups alike.

Groups can only be compared over the same categories, and a threshold needs answers on both of its
sides. With a ceiling the lowest categories are empty in some group as a rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import Problem, Severity
from employer_identity.language import listing
from employer_identity.measurement.coded import Coding
from employer_identity.measurement.tabulated import Tables

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

LEAST = 5  # answers to a category in each group, below which it is merged
MANY = (
    11  # categories beyond which an item is better taken for continuous: 0 to 10 is a usual scale
)
SHOWN = 6  # groups named in one message
# codes without and with groups
MERGED = ("ordered.merged", "ordered.merged_in_group")
LEFT = ("ordered.one_category_left", "ordered.one_category_left_in_group")


@dataclass(frozen=True)
class Blocks:
    """An item's categories, those that became one in one tuple.

    Parameters
    ----------
    item
        Its name.
    codes
        Codes by block; both rise.
    """

    item: str
    codes: tuple[tuple[float, ...], ...]

    def __str__(self) -> str:
        """Write the blocks of several, such as ``1+2+3, 6+7``."""
        joined = ["+".join(f"{c:g}" for c in block) for block in self.codes if len(block) > 1]
        return ", ".join(joined)


@dataclass(frozen=True, eq=False)
class Collapsed:
    """Answers after merging.

    Parameters
    ----------
    answers
        (n, p); a merged answer has the code that most people in its block chose.
    merged
        Of each item of which categories were merged.
    notes
        The same in words, as changes; and as errors, items of which one category was left.
    """

    answers: Array
    merged: tuple[Blocks, ...]
    notes: tuple[Problem, ...]


def collapse(
    names: Sequence[str], answers: Array, group: Integers, ordered: Booleans,
    *, labels: Sequence[str] = ("",), least: int = LEAST,
) -> Collapsed:  # fmt: skip
    """Merge categories, the same in all groups, until each has enough answers in every group.

    The lowest ones are merged until they have; so are the highest; one in between joins the one
    below it. An item that a group did not answer, or answered all alike, is left as it is: no
    merging helps it.

    Parameters
    ----------
    names
        The p items.
    answers
        (n, p), NaN where there is none.
    group
        Each row's group number, (n,).
    ordered
        Which items are ordered, (p,).
    labels
        Labels of the groups.
    least
        Answers that each category needs in each group, at least 1.
    """
    found = answers.copy()
    merged: list[Blocks] = []
    notes: list[Problem] = []
    for at in np.flatnonzero(ordered).tolist():
        seen = ~np.isnan(answers[:, at])
        codes, number = np.unique(answers[seen, at], return_inverse=True)
        counts = np.zeros((len(labels), len(codes)), dtype=np.int64)
        np.add.at(counts, (group[seen], number), 1)
        own = _merged(names[at], codes, counts, labels, least)
        if own is None:
            continue
        notes.append(own.note)
        if own.blocks is not None:
            found[seen, at] = own.kept[own.block][number]
            merged.append(own.blocks)
    return Collapsed(found, tuple(merged), tuple(notes))


def collapsed(tables: Tables, labels: Sequence[str], least: int) -> tuple[Coding, list[Problem]]:
    """Merge categories as `collapse` does, given only how often each was chosen.

    Returns the categories, and what was done in words.
    """
    number, called, notes = list(tables.coding.number), list(tables.coding.called), []
    for at, codes in enumerate(tables.coding.values):
        own = _merged(tables.names[at], codes, tables.people[:, at, : len(codes)], labels, least)
        if own is not None:
            notes.append(own.note)
            if own.blocks is not None:
                number[at], called[at] = own.block, own.kept
    return Coding(tables.coding.values, tuple(number), tuple(called)), notes


@dataclass(frozen=True, eq=False)
class _Merged:
    """One item's merging.

    Parameters
    ----------
    note
        What is said of it.
    blocks
        The merged categories; None where nothing would be left.
    block
        Each category's block, (K,).
    kept
        Each block's code: its most frequent one, the lowest of equals.
    """

    note: Problem
    blocks: Blocks | None
    block: Integers
    kept: Array


def _merged(
    name: str, codes: Array, counts: Array | Integers, labels: Sequence[str], least: int
) -> _Merged | None:
    """Merge an item's categories with counts (G, K); None where all are enough or none help."""
    if ((counts > 0).sum(axis=1) < 2).any() or (counts >= least).all():
        return None
    few = [label for label, own in zip(labels, counts, strict=True) if (own < least).any()]
    block = merging(counts, least)
    if block[-1] == 0:
        return _Merged(_told(LEFT, name, few, least, ""), None, block, codes[:1])
    blocks, total = range(int(block[-1]) + 1), counts.sum(axis=0)
    together = Blocks(name, tuple(tuple(codes[block == b].tolist()) for b in blocks))
    best = [int(np.argmax(np.where(block == b, total, -1))) for b in blocks]
    return _Merged(_told(MERGED, name, few, least, str(together)), together, block, codes[best])


def merging(counts: Array | Integers, least: int) -> Integers:
    """Number the blocks that categories are merged into, from 0 up, (K,).

    Parameters
    ----------
    counts
        Answers by group and category, (G, K).
    least
        As for `collapse`; where no two blocks would have as many, all is one block.
    """
    count = counts.shape[1]
    upward = np.cumsum(counts, axis=1).min(axis=0) >= least
    downward = np.cumsum(counts[:, ::-1], axis=1).min(axis=0)[::-1] >= least
    enough = counts.min(axis=0) >= least
    if not upward.any():
        return np.zeros(count, dtype=np.int64)
    low, high = int(np.argmax(upward)), count - 1 - int(np.argmax(downward[::-1]))
    if high <= low:
        return np.zeros(count, dtype=np.int64)
    category = np.arange(count)
    begins = enough & (category > low) & (category < high) | (category == high)
    return np.cumsum(begins)


def not_whole(names: Sequence[str], answers: Array) -> list[Problem]:
    """Say which ordered items (n, a) hold no categories."""
    with np.errstate(invalid="ignore"):
        broken = ((answers != np.rint(answers)) & ~np.isnan(answers)).sum(axis=0)
    pairs = zip(names, broken.tolist(), strict=True)
    return [Problem("ordered.not_whole", name, count) for name, count in pairs if count]


def doubtful(tables: Tables, labels: Sequence[str], people: Integers) -> list[Problem]:
    """Say which items have very many categories, and which groups are too small.

    This is best asked after merging: a group needs as many ``people`` (G,) as there are thresholds.
    """
    counts = tables.coding.counts
    pairs = zip(tables.names, counts.tolist(), strict=True)
    found = [
        Problem("ordered.many_categories", name, count, {"most": MANY}, "warning")
        for name, count in pairs if count > MANY
    ]  # fmt: skip
    thresholds = int((counts - 1).sum())
    small = [label for label, n in zip(labels, people, strict=True) if n < thresholds]
    if small:
        code = "ordered.too_few_rows_in_group" if small[0] else "ordered.too_few_rows"
        found.append(Problem(code, listing(small[:SHOWN]), thresholds))
    return found


def _told(
    codes: tuple[str, str], item: str, few: Sequence[str], least: int, blocks: str
) -> Problem:
    """Tell what was merged, or that nothing would be left, and which groups are the reason."""
    values = {"least": least, "groups": listing(few[:SHOWN]), "blocks": blocks}
    severity: Severity = "change" if blocks else "error"
    return Problem(codes[bool(few[0])], item, len(few), values, severity)
