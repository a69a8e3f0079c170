"""Batches that are killed again and again, and batches on the workers of Dask."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from employer_identity.designs import SAMPLE
from employer_identity.reports.batch import batch
from employer_identity.studies import write_study
from employer_identity.writing import PART

pytestmark = [pytest.mark.slow, pytest.mark.notebook]
KILLS, EMPLOYERS = 20, 60
PROGRAM = "from employer_identity.cli.main import app\nif __name__ == '__main__': app()\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One wave of sixty employers, none of them too small to be reported on."""
    folder = tmp_path_factory.mktemp("study")
    wave = replace(SAMPLE.waves[-1], insiders=1500)
    design = replace(SAMPLE, waves=(wave,), small=(), least=12, employers=EMPLOYERS, effects={})
    write_study(design, folder / "study")
    return folder / "study"


def asked(study: Path, output: Path) -> list[str]:
    """Return the command of a batch, in a program that may start processes of its own."""
    program = study.parent / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    files = ["-s", str(study / "employees.csv"), "-i", str(study / "instrument.toml")]
    return [sys.executable, str(program), "batch", *files, "-o", str(output), "-q", "-j", "2"]


@pytest.fixture(scope="module")
def undisturbed(study: Path) -> dict[str, bytes]:
    """The same batch, left in peace: name of a report -> its bytes."""
    output = study.parent / "undisturbed"
    subprocess.run(asked(study, output), check=True, capture_output=True)
    pages = {path.stem: path.read_bytes() for path in (output / "nl").glob("*.html")}
    assert len(pages) == EMPLOYERS
    return pages


def family(parent: psutil.Process) -> Iterator[psutil.Process]:
    """Yield a batch, its workers and their kernels."""
    yield parent
    with contextlib.suppress(psutil.Error):
        yield from (p for p in parent.children(recursive=True) if is_ours(p))


def is_ours(process: psutil.Process) -> bool:
    """Whether a process is a worker or a kernel; not the tracker of multiprocessing."""
    with contextlib.suppress(psutil.Error):
        line = " ".join(process.cmdline())
        return "spawn_main" in line or "ipykernel" in line
    return False


def stamps(output: Path) -> dict[str, tuple[int, str]]:
    """Return when each stamp was written, and the hash of its page."""
    found = {}
    for path in (output / ".batch" / "stamps").glob("*/*.json"):
        with contextlib.suppress(OSError, ValueError):
            digest = json.loads(path.read_text(encoding="utf-8"))["files"]["html"]
            found[path.stem] = path.stat().st_mtime_ns, digest
    return found


def test_whatever_is_killed_a_batch_ends_whole(
    study: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """Parents, workers and kernels are killed at random; what was stamped is never made again."""
    output, draw = tmp_path / "reports", random.Random(20261124)
    seen: dict[str, tuple[int, str]] = {}
    killed: list[psutil.Process] = []
    met: list[psutil.Process] = []
    kinds: set[str] = set()
    code: int | None = None
    program = None
    while code != 0:
        if program is None or program.poll() is not None:
            program = subprocess.Popen(asked(study, output), stderr=subprocess.DEVNULL)
        if len(killed) == KILLS:
            code = program.wait(600)
            assert code == 0
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(draw.uniform(2.0, 7.0))
        alive = list(family(psutil.Process(program.pid))) if program.poll() is None else []
        met += alive
        for name, stamp in stamps(output).items():
            assert seen.setdefault(name, stamp) == stamp, name
        if alive:
            victim = draw.choice(alive)
            kinds.add(kind_of(victim, program.pid))
            with contextlib.suppress(psutil.Error):
                victim.kill()
            killed.append(victim)
    assert kinds == {"parent", "worker", "kernel"}
    final = stamps(output)
    assert {name: final[name] for name in seen} == seen
    pages = {path.stem: path.read_bytes() for path in (output / "nl").glob("*.html")}
    assert pages == undisturbed
    assert all(hashlib.sha256(pages[n]).hexdigest() == digest for n, (_, digest) in final.items())
    assert not [*output.rglob(f"*{PART}"), *output.rglob("*.arrow"), *output.rglob("*.pickle")]
    _, left = psutil.wait_procs(met, timeout=20)
    assert [p for p in left if is_ours(p) and p.status() != psutil.STATUS_ZOMBIE] == []


def kind_of(process: psutil.Process, parent: int) -> str:
    """Say what a process of a batch does."""
    if process.pid == parent:
        return "parent"
    with contextlib.suppress(psutil.Error):
        return "kernel" if "ipykernel" in " ".join(process.cmdline()) else "worker"
    return "worker"


def test_workers_of_dask_make_the_same_pages(
    study: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        made = batch(
            survey=study / "employees.csv",
            instrument=study / "instrument.toml",
            output=tmp_path / "reports",
            scheduler=cluster.scheduler_address,
        )
    assert made.counts == {"made": EMPLOYERS}
    pages = {path.stem: path.read_bytes() for path in (made.folder / "nl").glob("*.html")}
    assert pages == undisturbed
    time.sleep(2)  # kernels look for their parents once a second
    assert not [p for p in psutil.process_iter() if is_kernel_of(p, made.folder)]


def is_kernel_of(process: psutil.Process, folder: Path) -> bool:
    """Whether a kernel still works in a batch's folder."""
    with contextlib.suppress(psutil.Error):
        return "ipykernel" in " ".join(process.cmdline()) and str(folder) in process.cwd()
    return False
