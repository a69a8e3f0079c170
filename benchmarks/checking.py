"""Time and memory of reading and checking a survey of a million respondents.

    python benchmarks/checking.py              a million rows
    python benchmarks/checking.py --rows 100000

Makes a CSV file of 40 columns in a temporary folder (sixteen items and six outcomes that hang
together, groupings, employer, sector, wave, date, duration, weight, respondent, and columns that
nobody asked for), and checks it in a fresh process. Seconds are those of `check_survey`; start and
imports are not counted. On a busy computer those on the clock say who else was at work. The peak is
the most memory the whole process ever held.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from employer_identity.instrument import load_instrument
from employer_identity.reports.places import sample

ROWS, COLUMNS, BLOCK = 1_000_000, 40, 100_000
SECONDS, GIBIBYTES = 20, 2
CHECK = """
import json, resource, sys, time
from employer_identity.loading import check_survey
start, spent = time.perf_counter(), time.process_time()
found = check_survey(sys.argv[1], instrument=sys.argv[2])
seconds, spent = time.perf_counter() - start, time.process_time() - spent
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
codes = [p.code for p in found.problems]
figures = {"seconds": seconds, "spent": spent, "peak": peak, "n": found.survey.n}
print(json.dumps(figures | {"codes": codes}))
"""


def write(path: Path, instrument: Path, rows: int) -> None:
    """Write a survey for the sample's instrument, block by block."""
    writer = None
    for start in range(0, rows, BLOCK):
        table = pa.Table.from_pandas(
            block(start, min(BLOCK, rows - start), instrument), preserve_index=False
        )
        writer = writer or arrow_csv.CSVWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def block(start: int, n: int, path: Path) -> pd.DataFrame:
    """Draw the respondents of one block."""
    instrument = load_instrument(path)
    rng = np.random.default_rng(start)
    general = rng.normal(size=n)
    employer = rng.integers(0, 500, n)
    columns: dict[str, object] = {
        "respondent": [f"R{start + k:07d}" for k in range(n)],
        "employer": [f"Employer {k:03d}" for k in employer],
        "sector": np.array(["care", "education", "industry", "retail"])[employer % 4],
        "wave": rng.choice(["2025", "2026"], n),
        "date": rng.choice(np.array(["2025-03-07", "2026-03-09", "2026-03-20"]), n),
        "duration": np.round(np.exp(rng.normal(5.8, 0.2, n))).astype(int),
        "weight": np.round(rng.uniform(0.5, 1.5, n), 4),
    }
    for grouping in instrument.groupings:
        if grouping.source:
            columns[grouping.source] = rng.integers(1950, 2006, n)
        elif not grouping.cross:
            columns[grouping.column] = rng.choice(grouping.order or ("one", "two"), n)
    pillars = {p: 0.8 * general + 0.6 * rng.normal(size=n) for p in instrument.factors}
    of = {i.name: pillars[i.pillar] for i in instrument.items}
    for name in (*instrument.item_names, *instrument.outcome_names):
        latent = 0.7 * of.get(name, general) + 0.7 * rng.normal(size=n)
        answers = pd.Series(np.clip(np.round(4.5 + 1.3 * latent), 1, 7).astype(int))
        columns[name] = answers.astype("Int64").mask(rng.random(n) < 0.02)
    for k in range(COLUMNS - len(columns)):
        columns[f"unasked_{k}"] = rng.integers(0, 1000, n)
    return pd.DataFrame(columns)


def main() -> None:
    """Make the file, check it, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    instrument = sample() / "instrument.toml"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.csv"
        write(path, instrument, rows)
        size = path.stat().st_size / 2**20
        command = [sys.executable, "-c", CHECK, str(path), str(instrument)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert not [c for c in found["codes"] if ".changed." not in c], found["codes"]
    print(f"{found['n']:,} respondents, {COLUMNS} columns, {size:,.0f} MiB of CSV")
    print(f"{found['seconds']:.1f} s on the clock (allowed: {SECONDS}),", end=" ")
    print(f"{found['spent']:.1f} s of processor; peak {found['peak']:.2f} GiB", end=" ")
    print(f"(allowed: {GIBIBYTES})")
    sys.exit(found["seconds"] > SECONDS or found["peak"] > GIBIBYTES)


if __name__ == "__main__":
    main()
