"""What replications say, with the uncertainty that comes from there being so many of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Z = 1.959963984540054
BOOTSTRAPS = 2000


@dataclass(frozen=True)
class Estimate:
    """A quantity with its 95 % Monte-Carlo interval."""

    value: float
    low: float
    high: float

    def spelled(self, percent: bool) -> tuple[str, str]:
        """Return the value and the interval as text."""
        if percent:
            return f"{100 * self.value:.1f} %", f"{100 * self.low:.1f} to {100 * self.high:.1f}"
        return f"{self.value:.3f}", f"{self.low:.3f} to {self.high:.3f}"


def share(happened: pd.Series) -> Estimate:
    """Estimate how often an event happens that a replication has once (Wilson 1927)."""
    kept = happened.dropna().to_numpy(dtype=float)
    n, p = len(kept), float(kept.mean())
    centre, spread = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return Estimate(
        p, float(centre - spread) / (1 + Z**2 / n), float(centre + spread) / (1 + Z**2 / n)
    )


def mean(values: pd.Series) -> Estimate:
    """Estimate a mean over replications, also of shares within each."""
    kept = values.dropna().to_numpy(dtype=float)
    centre, half = float(kept.mean()), Z * float(kept.std(ddof=1)) / np.sqrt(len(kept))
    return Estimate(centre, centre - half, centre + half)


def se_over_sd(estimates: pd.DataFrame, errors: pd.DataFrame) -> Estimate:
    """Mean standard error over the true one, averaged over parameters; bootstrapped percentiles."""
    kept = estimates.notna().all(axis=1).to_numpy()
    est, se = estimates.to_numpy(dtype=float)[kept], errors.to_numpy(dtype=float)[kept]
    rng = np.random.default_rng(20240521)
    drawn = [_ratio(est[at], se[at]) for at in rng.integers(len(est), size=(BOOTSTRAPS, len(est)))]
    low, high = np.quantile(drawn, (0.025, 0.975), method="inverted_cdf")
    return Estimate(_ratio(est, se), float(low), float(high))


def _ratio(est: NDArray[np.float64], se: NDArray[np.float64]) -> float:
    with np.errstate(divide="ignore"):  # of few replications one may be drawn again and again
        return float((se.mean(axis=0) / est.std(axis=0, ddof=1)).mean())
