"""Dask frames: the same sums on many workers, also when one of them dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.intake.pieces import Wanted
from employer_identity.measurement.sums import Batch, MomentSums, Sums
from tests.test_scan import MODEL, SIX, close, refused, whole

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")
SAME = 1e-10
WANTED = Wanted(tuple(SIX), "band")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # its own, while it closes


@pytest.fixture
def client() -> Iterator[Any]:
    """Two workers, each a process of its own."""
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    with cluster, distributed.Client(cluster) as found:
        yield found


@pytest.fixture
def no_client() -> Iterator[None]:
    """Dask by itself: one whose scheduler was lost stays Dask's choice until another is made."""
    with dask.config.set(scheduler="sync"):
        yield


def all_rows(batch: Batch) -> Sums[MomentSums]:
    every = np.ones(len(batch.codes), dtype=bool)
    return Sums.of(batch, every, {}, partial(MomentSums.of, fourth=True))


def slowly(marks: str, batch: Batch) -> Sums[MomentSums]:
    """Leave a mark, and take a while, so that a worker can be killed meanwhile."""
    Path(marks, f"{os.getpid()}-{time.time_ns()}").touch()
    time.sleep(0.3)
    return all_rows(batch)


def same(one: Sums[MomentSums], other: Sums[MomentSums]) -> None:
    labels = sorted(map(str, other.labels))
    one, other = (s.labelled(labels).weighed() for s in (one, other))
    assert (one.people == other.people).all()
    ours, theirs = one.body, other.body
    mine, yours = ours.patterns, theirs.patterns
    assert np.allclose(mine.mean, yours.mean, rtol=SAME)
    assert np.allclose(mine.covariance, yours.covariance, rtol=SAME, atol=SAME)
    assert ours.products is not None
    assert theirs.products is not None
    size = np.abs(theirs.products.sums).max()
    assert np.allclose(ours.products.sums, theirs.products.sums, rtol=SAME, atol=SAME * size)


def test_two_workers_give_the_same_sums_and_the_same_fit(client: Any) -> None:
    frame = whole(4000)
    scan = ei.scan(dd.from_pandas(frame, npartitions=9))
    expected = ei.scan(frame).total(WANTED, all_rows)
    found = scan.total(WANTED, all_rows)
    assert found is not None
    assert expected is not None
    same(found, expected)
    holes = whole(2000, holes=True)
    scan = ei.scan(dd.from_pandas(holes, npartitions=5))
    asked: dict[str, Any] = {"group": "band", "cluster": "team", "weights": "weight"}
    close(*(ei.cfa(data, MODEL, **asked) for data in (scan, holes)))
    asked |= {"ordered": True}
    close(*(ei.cfa(data, MODEL, **asked) for data in (scan, holes)))


def test_a_worker_that_is_killed_midway_changes_nothing(client: Any, tmp_path: Path) -> None:
    frame = whole(4000)
    scan = ei.scan(dd.from_pandas(frame, npartitions=12))
    victim = next(iter(client.run(os.getpid).values()))

    def kill() -> None:
        while not any(tmp_path.glob(f"{victim}-*")):
            time.sleep(0.02)
        os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = scan.total(WANTED, partial(slowly, str(tmp_path)))
    killer.join()
    assert victim not in client.run(os.getpid).values()
    assert found is not None
    expected = ei.scan(frame).total(WANTED, all_rows)
    assert expected is not None
    same(found, expected)


def test_a_scheduler_that_was_closed_is_told(client: Any) -> None:
    scan = ei.scan(dd.from_pandas(whole(), npartitions=3))
    client.close()
    refused(lambda: ei.cfa(scan, MODEL), "scan.no_scheduler")


def test_a_scheduler_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    address = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "dask", "scheduler", "--no-dashboard", "--port", "0",
               "--host", "127.0.0.1", "--scheduler-file", str(address)]  # fmt: skip
    scheduler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with dask.config.set({"distributed.comm.timeouts.connect": "2s"}):
            client = distributed.Client(scheduler_file=str(address), timeout=60)
            scan = ei.scan(dd.from_pandas(whole(), npartitions=3))
            killer = threading.Timer(1.0, scheduler.kill)  # no workers: the sums are waited for
            killer.start()
            refused(lambda: ei.cfa(scan, MODEL), "scan.no_scheduler")
            client.close()
    finally:
        scheduler.kill()
        scheduler.wait()


@pytest.mark.usefixtures("no_client")
def test_text_in_a_partition_is_told_by_its_number() -> None:
    parts = [whole(120).assign(adv1=lambda f: f["adv1"].astype(float)) for _ in range(8)]
    parts[6] = parts[6].assign(adv1="five")
    scan = ei.scan(dd.from_map(lambda k: parts[k], range(8), meta=parts[0].iloc[:0]))
    refused(lambda: ei.cfa(scan, MODEL), "scan.not_numeric", where="partition 7")


@pytest.mark.usefixtures("no_client")
def test_partitions_without_rows_are_nothing() -> None:
    frame = whole()
    parts = [frame.iloc[:0], frame.iloc[:400], frame.iloc[:0], frame.iloc[400:]]
    scan = ei.scan(dd.from_map(lambda k: parts[k], range(4), meta=frame.iloc[:0]))
    close(*(ei.cfa(data, MODEL, group="band") for data in (scan, pd.concat(parts))))
