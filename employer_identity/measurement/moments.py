"""Sufficient statistics of complete answers: n, mean, covariance a group; parts add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import number, refusal, say
from employer_identity.measurement.published import PrintedColumn, PrintedMatrix, read
from employer_identity.showing import Showing, View, are_tellable

Array = NDArray[np.float64]
Known = Literal["means", "covariances", "correlations"]


@dataclass(frozen=True, eq=False, repr=False)
class Moments(Showing):
    """What complete-data estimation needs to know of the answers.

    Make it from a printed table with `published`, put groups together with `of_groups`, or take
    that of a fit: ``fit.moments``. `cfa` and `invariance` accept it in the place of answers.

    Parameters
    ----------
    names
        The p items, in the order of the arrays.
    n
        Respondents a group, (G,).
    mean
        (G, p); zeros where means are not known.
    covariance
        With divisor n, (G, p, p).
    groups
        Labels, (G,); one empty label where there are no groups. Numbered if left out.
    known
        ``means`` (and covariances), ``covariances`` alone, or ``correlations`` alone.
    """

    names: tuple[str, ...]
    n: NDArray[np.int64]
    mean: Array
    covariance: Array
    groups: tuple[str, ...] = ()
    known: Known = "means"

    def __post_init__(self) -> None:
        if not self.groups:
            count = len(self.n)
            numbered = tuple(str(g + 1) for g in range(count)) if count > 1 else ("",)
            object.__setattr__(self, "groups", numbered)

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        answers: Array,
        codes: NDArray[np.intp],
        groups: tuple[str, ...] = (),
    ) -> Moments:
        """Compute from complete answers (n, p) and each row's group number (n,)."""
        parts = [answers[codes == g] for g in range(int(codes.max(initial=0)) + 1)]
        # about the mean of all: sums of squares about zero would cancel
        mean = np.stack([part.mean(axis=0) for part in parts])
        centred = [part - m for part, m in zip(parts, mean, strict=True)]
        covariance = np.stack([c.T @ c / len(c) for c in centred])
        return cls(tuple(names), np.array([len(part) for part in parts]), mean, covariance, groups)

    @classmethod
    def published(
        cls,
        items: Iterable[str] | None = None,
        *,
        n: int,
        covariance: PrintedMatrix | None = None,
        correlation: PrintedMatrix | None = None,
        sds: PrintedColumn | None = None,
        means: PrintedColumn | None = None,
    ) -> Moments:
        """Take one group's covariance or correlation matrix as it was printed.

        A matrix is a full square, the lower triangle as a list of rows of growing length (of
        correlations also without the diagonal), or a data frame, whose empty half is filled from
        the other. Variances and standard deviations have divisor n - 1, as is customary.

        Parameters
        ----------
        items
            The p items, in the order of the matrix. None: those that name a frame's rows.
        n
            Respondents, more than p.
        covariance, correlation
            One of them.
        sds
            Standard deviations that go with correlations, (p,): a list in the order of the items,
            or a dict or series by item. Without them the model must not depend on the items' units,
            and groups cannot be compared.
        means
            (p,), likewise. Without them there are no intercepts, and no rung from scalar on.

        Returns
        -------
        Moments

        Raises
        ------
        ModelError
            With all that is wrong with the table: its shape, names, n, cells that hold no number,
            are not symmetric or beyond what a correlation can be, and items whose correlations
            contradict one another.

        Notes
        -----
        Fits checked against lavaan's ``sample.cov``, ``sample.mean`` and ``sample.nobs``.

        Examples
        --------
        >>> table = [[], [0.44], [0.40, 0.53]]
        >>> ei.Moments.published(["a", "b", "c"], n=156, correlation=table, sds=[1.1, 0.9, 1.2])
        """
        table = read(items, n, covariance, correlation, sds, means)
        known: Known = "covariances" if table.means is None else "means"
        # unit variances, as they will be read, where correlations are all there is
        divisor = (table.n - 1) / table.n
        if covariance is None and sds is None:
            known, divisor = "correlations", 1.0
        mean = np.zeros(len(table.items)) if table.means is None else table.means
        S = table.matrix * divisor
        return cls(table.items, np.array([table.n]), mean[None], S[None], known=known)

    @classmethod
    def of_groups(cls, parts: Mapping[str, Moments]) -> Moments:
        """Put groups together: label -> Moments of one group.

        Parameters
        ----------
        parts
            At least two, of the same items in any order, all with means or all without; the first
            is the reference group unless another is asked for.

        Raises
        ------
        ModelError
            If the groups cannot be compared: with the label of each that differs.

        Examples
        --------
        >>> women = ei.Moments.published(["a", "b"], n=156, covariance=[[1.2], [0.5, 1.1]])
        >>> men = ei.Moments.published(["a", "b"], n=120, covariance=[[1.0], [0.4, 1.3]])
        >>> both = ei.Moments.of_groups({"women": women, "men": men})
        """
        problems = _incomparable(parts)
        if problems:
            raise refusal(ModelError, problems)
        first, *_ = parts.values()
        same = [part.select(first.names) for part in parts.values()]
        return cls(
            first.names,
            np.concatenate([part.n for part in same]),
            np.concatenate([part.mean for part in same]),
            np.concatenate([part.covariance for part in same]),
            tuple(str(label) for label in parts),
            first.known,
        )

    @cached_property
    def log_determinant(self) -> Array:
        """Logarithm of each covariance matrix's determinant, (G,)."""
        return np.asarray(np.linalg.slogdet(self.covariance)[1])

    def count(self, given: int = 0) -> int:
        """How many known means, variances and covariances there are, those of given items apart."""
        each = 3 if self.known == "means" else 1
        p, x = len(self.names), given
        return len(self.n) * (p * (p + each) // 2 - x * (x + each) // 2)

    def __add__(self, other: Moments) -> Moments:
        """Moments of both parts together, group by group."""
        if set(self.names) != set(other.names) or set(self.groups) != set(other.groups):
            raise refusal(ModelError, [Problem("model.moments_parts_differ")])
        if not self.known == other.known == "means":
            raise refusal(ModelError, [Problem("model.moments_parts_need_means")])
        other = other.select(self.names).arranged(self.groups)
        n = self.n + other.n
        share = (other.n / n)[:, None]
        step = other.mean - self.mean
        between = (share * (1 - share))[:, :, None] * step[:, :, None] * step[:, None, :]
        s = share[:, :, None]
        within = self.covariance * (1 - s) + other.covariance * s
        return Moments(self.names, n, self.mean + share * step, within + between, self.groups)

    def select(self, names: Sequence[str]) -> Moments:
        """Moments of some items, in the order asked."""
        at = [self.names.index(name) for name in names]
        return Moments(
            tuple(names), self.n, self.mean[:, at], self.covariance[:, at][:, :, at], self.groups,
            self.known,
        )  # fmt: skip

    def arranged(self, groups: Sequence[str]) -> Moments:
        """Moments of some groups, in the order asked."""
        at = [self.groups.index(label) for label in groups]
        return Moments(
            self.names, self.n[at], self.mean[at], self.covariance[at], tuple(groups), self.known
        )

    def pooled(self) -> Moments:
        """Moments of all groups as one; needs means that are known."""
        n = self.n.sum()
        share = self.n / n
        mean = share @ self.mean
        step = self.mean - mean
        covariance = np.einsum("g,gij->ij", share, self.covariance)
        covariance += np.einsum("g,gi,gj->ij", share, step, step)
        return Moments(self.names, np.array([n]), mean[None], covariance[None])

    def _lines(self) -> tuple[str, str]:
        shown = self.names if len(self.names) < 9 else (*self.names[:3], "...", self.names[-1])
        first = say(
            "model.moments_heading", what=say(f"model.moments_known.{self.known}"),
            items=len(self.names), names=", ".join(shown), groups=len(self.n),
        )  # fmt: skip
        sizes = [int(n) for n in self.n]
        if not are_tellable(sizes):
            return first, f"n {number(sum(sizes), ',')}"
        each = zip(self.groups, sizes, strict=True)
        return first, ", ".join(f"{label or 'n'} {number(n, ',')}" for label, n in each)

    def _view(self) -> View:
        return View.of(self._lines())


def _incomparable(parts: Mapping[str, Moments]) -> list[Problem]:
    """Say why groups cannot stand beside each other."""
    labels = [str(label) for label in parts]
    if len(labels) < 2 or "" in labels or len(set(labels)) < len(labels):
        return [Problem("model.moments_labels", ", ".join(labels), len(labels))]
    problems = []
    items = set(next(iter(parts.values())).names)
    for label, part in zip(labels, parts.values(), strict=True):
        if len(part.n) > 1:
            problems.append(Problem("model.moments_group_of_groups", label, len(part.n)))
        if part.known == "correlations":
            problems.append(Problem("model.moments_group_without_sds", label))
        if set(part.names) != items:
            values = {"items": ", ".join(sorted(items ^ set(part.names)))}
            problems.append(Problem("model.moments_group_items", label, values=values))
    without = [label for label, part in zip(labels, parts.values(), strict=True)
               if part.known == "covariances"]  # fmt: skip
    if 0 < len(without) < len([p for p in parts.values() if p.known != "correlations"]):
        where = ", ".join(without)
        problems.append(Problem("model.moments_group_without_means", where, len(without)))
    return problems
