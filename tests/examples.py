"""Models and answers that several tests share; every number comes from a seed."""

import numpy as np
import pandas as pd

PILLARS = {"pro": 4, "adv": 4, "ent": 4, "imp": 4}
FOUR = "\n".join(
    f"{pillar} =~ " + " + ".join(f"{pillar}{i + 1}" for i in range(k))
    for pillar, k in PILLARS.items()
)
ITEMS = tuple(f"{pillar}{i + 1}" for pillar, k in PILLARS.items() for i in range(k))


def answers(n, seed, *, mean=0.0, shift=None, loading=None):
    """Normal answers to 16 items of four correlated pillars; items may be shifted or load anew."""
    rng = np.random.default_rng(seed)
    general = rng.normal(size=n)
    columns = {}
    for pillar, k in PILLARS.items():
        factor = 0.8 * general + 0.6 * rng.normal(size=n) + mean
        for i in range(k):
            item = f"{pillar}{i + 1}"
            slope = (loading or {}).get(item, 0.75)
            noise = rng.normal(size=n) * 0.66
            columns[item] = 5 + slope * factor + noise + (shift or {}).get(item, 0.0)
    return pd.DataFrame(columns)


def two_groups(n=500, seed=1, **second):
    """Two groups, the second with whatever is planted."""
    frames = [answers(n, seed), answers(n, seed + 1000, **second)]
    return pd.concat(frames, keys=["old", "young"], names=["band", "row"]).reset_index("band")
