"""Run a cell's replications in two processes; keep each one's numbers, so that a rerun resumes."""

from __future__ import annotations

import json
import math
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from employer_identity.errors import ConvergenceError, ModelError

RESULTS = Path(__file__).parents[1] / "docs" / "validation"
CHUNK = 20  # replications that a process does at a time
DIGITS = 6  # kept of each number
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Row = dict[str, float]


@dataclass(frozen=True)
class Cell:
    """One population with what is done to a draw from it.

    Parameters
    ----------
    name
        Also of the file with its results.
    design
        The population and the sample's size: a frozen dataclass.
    replicate
        Takes the design and a random generator, returns a draw's numbers.
    replications
        How many, unless asked for otherwise.
    draws
        Name of the cell whose draws these are; empty: its own.
    """

    name: str
    design: Any
    replicate: Callable[[Any, np.random.Generator], Row]
    replications: int
    draws: str = ""

    def generator(self, replication: int) -> np.random.Generator:
        """Random numbers of one replication, whichever others are run."""
        return np.random.default_rng([zlib.crc32((self.draws or self.name).encode()), replication])


def one(cell: Cell, replication: int) -> Row:
    """Do one replication; without numbers where no estimate was reached."""
    try:
        found = cell.replicate(cell.design, cell.generator(replication))
    except (ConvergenceError, ModelError):
        return {}
    return {name: float(f"{value:.{DIGITS}g}") for name, value in found.items()}


def _several(cell: Cell, replications: list[int]) -> dict[int, Row]:
    return {number: one(cell, number) for number in replications}


def run(
    cells: Iterable[Cell], replications: int | None, folder: Path = RESULTS, processes: int = 2
) -> None:
    """Run what is missing of the cells, and store after every few replications.

    Parameters
    ----------
    cells
        What is to be run.
    replications
        Of each cell; None: the cell's own number.
    folder
        Where results are kept.
    processes
        How many work at the same time, each on one thread.
    """
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read by the processes when they load numpy
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for cell in cells:
            rows = stored(cell, folder)
            wanted = replications or cell.replications
            missing = [number for number in range(wanted) if number not in rows]
            parts = [missing[at : at + CHUNK] for at in range(0, len(missing), CHUNK)]
            for done in as_completed([pool.submit(_several, cell, part) for part in parts]):
                rows |= done.result()
                store(cell, rows, folder)
                print(f"\r{cell.name}: {len(rows)} of {wanted}", end="", file=sys.stderr)
            if missing:
                print(file=sys.stderr)


def _design(cell: Cell) -> Any:
    """Return the design as a file gives it back."""
    return json.loads(json.dumps(asdict(cell.design)))


def stored(cell: Cell, folder: Path = RESULTS) -> dict[int, Row]:
    """Read a cell's replications; none where the design is another one by now."""
    path = folder / f"{cell.name}.json"
    if not path.exists():
        return {}
    kept: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if kept["design"] != _design(cell):
        return {}
    return {
        int(number): {} if values is None else _named(kept["columns"], values)
        for number, values in kept["rows"].items()
    }


def _named(columns: list[str], values: list[float | None]) -> Row:
    return {c: math.nan if v is None else v for c, v in zip(columns, values, strict=True)}


def store(cell: Cell, rows: Mapping[int, Row], folder: Path = RESULTS) -> None:
    """Write a cell's replications, a line each: beside it first, then renamed."""
    columns = list(next((row for row in rows.values() if row), {}))
    lines = []
    for number in sorted(rows):
        values = [None if math.isnan(v) else v for v in rows[number].values()]
        lines.append(f'"{number}": {json.dumps(values or None, separators=(",", ":"))}')
    text = ",\n".join(lines)
    head = f'"design": {json.dumps(_design(cell))},\n"columns": {json.dumps(columns)}'
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{cell.name}.json.part"
    part.write_text(f'{{{head},\n"rows": {{\n{text}\n}}}}\n', encoding="utf-8")
    part.replace(folder / f"{cell.name}.json")


def results(cell: Cell, folder: Path = RESULTS) -> pd.DataFrame:
    """Return a cell's numbers, a row a replication; missing where no estimate was reached."""
    rows = stored(cell, folder)
    return pd.DataFrame.from_dict({n: rows[n] for n in sorted(rows)}, orient="index", dtype=float)
