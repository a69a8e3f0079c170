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
        if ((counts > 0).sum(axis=1) < 2).any() or (counts >= least).all():
            continue
        few = [label for label, own in zip(labels, counts, strict=True) if (own < least).any()]
        block = merging(counts, least)
        if block[-1] == 0:
            notes.append(_told(LEFT, names[at], few, least, ""))
            continue
        blocks = Blocks(names[at], _by_block(codes, block))
        found[seen, at] = _kept(codes, counts.sum(axis=0), block)[number]
        merged.append(blocks)
        notes.append(_told(MERGED, names[at], few, least, str(blocks)))
    return Collapsed(found, tuple(merged), tuple(notes))


def merging(counts: Integers, least: int) -> Integers:
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


def doubtful_codes(
    names: Sequence[str], answers: Array, group: Integers, ordered: Booleans,
    labels: Sequence[str] = ("",),
) -> list[Problem]:  # fmt: skip
    """Say which ordered items hold no categories or very many, and which groups are too small.

    Arguments are those of `collapse`, after which this is best asked: a group needs as many people
    as there are thresholds.
    """
    found, thresholds = [], 0
    for at in np.flatnonzero(ordered).tolist():
        mine = answers[~np.isnan(answers[:, at]), at]
        broken = int((mine != np.round(mine)).sum())
        categories = len(np.unique(mine))
        thresholds += categories - 1
        if broken:
            found.append(Problem("ordered.not_whole", names[at], broken))
        elif categories > MANY:
            values = {"most": MANY}
            found.append(
                Problem("ordered.many_categories", names[at], categories, values, "warning")
            )
    if any(problem.severity == "error" for problem in found):
        return found
    sizes = np.bincount(group, minlength=len(labels))
    small = [label for label, n in zip(labels, sizes, strict=True) if n < thresholds]
    if small:
        code = "ordered.too_few_rows_in_group" if small[0] else "ordered.too_few_rows"
        found.append(Problem(code, listing(small[:SHOWN]), thresholds))
    return found


def _by_block(codes: Array, block: Integers) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(codes[block == b].tolist()) for b in range(int(block[-1]) + 1))


def _kept(codes: Array, counts: Integers, block: Integers) -> Array:
    """Return each category's new code: its block's most frequent one, the lowest of equals."""
    best = [np.argmax(np.where(block == b, counts, -1)) for b in range(int(block[-1]) + 1)]
    return np.asarray(codes[np.array(best)[block]])


def _told(
    codes: tuple[str, str], item: str, few: Sequence[str], least: int, blocks: str
) -> Problem:
    """Tell what was merged, or that nothing would be left, and which groups are the reason."""
    values = {"least": least, "groups": listing(few[:SHOWN]), "blocks": blocks}
    severity: Severity = "change" if blocks else "error"
    return Problem(codes[bool(few[0])], item, len(few), values, severity)
