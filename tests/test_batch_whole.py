"""Batches as they are used: the real report, processes that are killed, many machines."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from employer_identity.errors import ReportError
from employer_identity.loading import load_survey
from employer_identity.reports.batch import batch
from employer_identity.reports.kernels import drop
from employer_identity.reports.parameter_files import ParameterSet
from employer_identity.reports.run import report
from employer_identity.reports.stamps import STATE, read_stamps, stands
from employer_identity.studies import write_study
from tests.batches import SMALL, all_files, make, quick, statuses, town
from tests.test_batch import NAMES

__all__ = ["quick"]
pytestmark = [pytest.mark.slow, pytest.mark.notebook]
KILLS, EMPLOYERS, SECONDS = 20, 60, 30
_SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
_CLUSTER = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}


@pytest.fixture(scope="module", autouse=True)
def no_kernel_stays() -> Iterator[None]:
    yield
    drop()


def pages(folder: Path) -> dict[str, bytes]:
    return {n: (folder / n).read_bytes() for n in all_files(folder) if n.startswith(("nl/", "en/"))}


# --- Killed again and again


class Killed:
    """A batch whose processes are killed at random until there have been enough of them."""

    def __init__(self, arguments: list[str], out: Path) -> None:
        self.program = [sys.executable, "-m", "employer_identity.cli.main", *arguments]
        self.out, self.random = out, random.Random(20_26_03)
        self.known: dict[Path, int] = {}
        self.everybody: set[psutil.Process] = set()
        self.kills: list[str] = []

    def run(self) -> None:
        while len(self.kills) < KILLS:
            parent = psutil.Popen(self.program, **_SILENT)
            if self.random.random() < 0.8:  # else it may be killed before it has begun
                self.wait_for_kernel(parent)
            while parent.poll() is None and len(self.kills) < KILLS:
                self.wait(parent)
                self.kill(parent)
            if len(self.kills) == KILLS and parent.poll() is None:
                assert parent.wait(600) in (0, 1)  # 1: one lost its process twice
            self.nobody_stays()
        for _ in range(3):
            if subprocess.run(self.program, capture_output=True, check=False).returncode == 0:
                break
        else:
            pytest.fail("it does not come to its end")
        self.look()

    def wait_for_kernel(self, parent: psutil.Popen) -> None:
        while parent.poll() is None and not self.below(parent)["kernel"]:
            time.sleep(0.05)

    def below(self, parent: psutil.Popen) -> dict[str, list[psutil.Process]]:
        """Return the processes at work, by what they are."""
        found: dict[str, list[psutil.Process]] = {"worker": [], "kernel": [], "other": []}
        with contextlib.suppress(psutil.Error):  # one has ended in the meantime
            for process in parent.children(recursive=True):
                line = " ".join(process.cmdline())
                kind = "worker" if "spawn_main" in line else "other"
                found["kernel" if "ipykernel_launcher" in line else kind].append(process)
        return found

    def wait(self, parent: psutil.Popen) -> None:
        """Wait until a few reports more are made, or for some seconds."""
        there, enough = len(self.known), self.random.randint(1, 3)
        until = time.monotonic() + self.random.uniform(1, 8)
        while parent.poll() is None and time.monotonic() < until:
            self.look()
            if len(self.known) - there >= enough:
                return
            time.sleep(0.05)

    def look(self) -> None:
        """Check that no stamp that was seen has gone or was written again."""
        found = {p: p.stat().st_mtime_ns for p in self.out.glob(f"{STATE}/stamps/*/*.json")}
        assert {path: found.get(path) for path in self.known} == self.known
        self.known = found

    def kill(self, parent: psutil.Popen) -> None:
        kinds = {"parent": [parent], **self.below(parent)}
        self.everybody |= {process for those in kinds.values() for process in those}
        del kinds["other"]
        kind = self.random.choice([kind for kind, those in kinds.items() if those])
        try:
            self.random.choice(kinds[kind]).send_signal(signal.SIGKILL)
        except psutil.Error:
            return
        self.kills.append(kind)
        if kind == "parent":
            parent.wait(SECONDS)
            self.nobody_stays()

    def nobody_stays(self) -> None:
        """Check that whoever worked for a parent that is gone ends by itself."""
        _, alive = psutil.wait_procs(list(self.everybody), timeout=SECONDS)
        assert alive == []
        self.everybody = set()


def test_killed_twenty_times_it_ends_with_sixty_right_reports(tmp_path: Path) -> None:
    waves = (replace(SMALL.waves[0], insiders=1600),)
    write_study(replace(SMALL, waves=waves, employers=EMPLOYERS, small=()), tmp_path / "study")
    files = [str(tmp_path / "study" / name) for name in ("employees.csv", "instrument.toml")]
    options = ["-s", files[0], "-i", files[1], "-j", "2", "--quiet"]
    out, calm = tmp_path / "out", tmp_path / "calm"
    killed = Killed(["batch", *options, "-o", str(out)], out)
    killed.run()
    assert {"parent", "worker", "kernel"} == set(killed.kills)
    assert len(killed.known) == EMPLOYERS
    assert all(stands(stamp, out) for stamp in read_stamps(out).values())
    left = [name for name in all_files(out) if re.search(r"\.part$|/work/|/run$|^failed/", name)]
    assert left == []
    undisturbed = [sys.executable, "-m", "employer_identity.cli.main", "batch", *options]
    subprocess.run([*undisturbed, "-o", str(calm)], check=True, capture_output=True)
    assert len(pages(calm)) == 2 * EMPLOYERS  # each with its facts
    assert pages(out) == pages(calm)
    assert (out / "numbers.parquet").exists()


# --- Ways of making the same


def test_a_kernel_of_its_own_makes_the_same_bytes(tmp_path: Path) -> None:
    survey = town()
    sets = [ParameterSet(name, {"employer": name}) for name in ("Ark", "Elm")]
    make(survey, tmp_path / "warm", sets=sets, jobs=1)
    alone = make(survey, tmp_path / "alone", sets=sets, jobs=2, isolated=True)
    assert statuses(alone) == {"Ark nl": "made", "Elm nl": "made"}
    assert pages(tmp_path / "warm") == pages(tmp_path / "alone")
    single = report("employer_report", survey=survey, employer="Ark", output=tmp_path / "ark.html")
    assert single.read_bytes() == (tmp_path / "warm" / "nl" / "ark.html").read_bytes()


def test_many_machines_make_the_same_bytes(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    survey = town()
    here = make(survey, tmp_path / "here", jobs=2, languages=["nl", "en"])
    with distributed.LocalCluster(n_workers=2, **_CLUSTER) as cluster:
        address = cluster.scheduler_address
        there = make(survey, tmp_path / "there", scheduler=address, languages=["nl", "en"])
        again = make(survey, tmp_path / "there", scheduler=address, languages=["nl", "en"])
    assert statuses(there) == statuses(here)
    assert pages(tmp_path / "there") == pages(tmp_path / "here")
    assert set(statuses(again).values()) == {"kept", "withheld"}


def test_a_scheduler_that_goes_stops_the_batch_with_one_message(
    quick: Path, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    survey = town()
    with distributed.LocalCluster(n_workers=1, **_CLUSTER) as cluster:

        def stop(*_: Any) -> None:
            cluster.close()

        with pytest.raises(ReportError) as caught:
            make(survey, tmp_path / "out", scheduler=cluster.scheduler_address, on_report=stop)
    assert [p.code for p in caught.value.problems] == ["batch.scheduler_gone"]
    made = make(survey, tmp_path / "out", jobs=1)
    assert {"kept", "made", "withheld"} == set(statuses(made).values())


def test_names_that_mean_harm_in_the_real_report(tmp_path: Path) -> None:
    names = NAMES[:5]
    out = tmp_path / "deep" / "out"
    survey = town({'<b onclick="x">care</b>': dict.fromkeys(names, 30)})
    made = make(survey, out, jobs=2, languages=["en"], formats=["html", "pdf", "ipynb"])
    assert statuses(made) == {f"{name} en": "made" for name in names}
    assert {p.name for p in (tmp_path / "deep").iterdir()} == {"out"}
    for path in out.glob("en/*.html"):
        page = path.read_text(encoding="utf-8")
        assert "<script" not in page
        assert "<b onclick" not in page
        assert 'class="missing"' not in page
    assert len(list(out.glob("en/*.pdf"))) == len(names)


def test_a_batch_from_a_file_is_that_of_the_survey(tmp_path: Path) -> None:
    write_study(SMALL, tmp_path / "study")
    answers, instrument = (tmp_path / "study" / n for n in ("employees.csv", "instrument.toml"))
    survey = load_survey(answers, instrument=instrument)
    first = make(survey, tmp_path / "out", by="sector")
    assert set(statuses(first).values()) == {"made"}
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    again = [sys.executable, "-m", "employer_identity.cli.main", "batch", "--by", "sector", "-q"]
    again += ["-s", str(answers), "-i", str(instrument), "-o", str(tmp_path / "out")]
    told = subprocess.run(again, env=environment, capture_output=True, text=True, check=True)
    assert told.stderr == "2 rapporten: 2 ongewijzigd.\n"


def test_a_batch_of_the_study_with_the_public_and_margins(tmp_path: Path) -> None:
    write_study(replace(SMALL, outsiders=60), tmp_path / "study")
    files = {n: f"{f}.csv" for n, f in (("public", "public"), ("people", "public_people"))}
    beside = {name: str(tmp_path / "study" / file) for name, file in files.items()}
    margins = tmp_path / "margins.toml"
    margins.write_text("[gender]\nwoman = 0.5\nman = 0.5\n", encoding="utf-8")
    out, folder = tmp_path / "out", tmp_path / "study"
    asked: dict[str, Any] = {"survey": folder / "employees.csv", "output": out, "jobs": 1}
    asked |= {"instrument": folder / "instrument.toml", "languages": ["en"]}
    asked |= {"sets": [ParameterSet("set", {"group": ""})], "margins": str(margins), **beside}
    made = batch("employer_brand_study", **asked)
    assert [r.status for r in made.records] == ["made"], [r.problem for r in made.records]
    text = next((out / "en").glob("*.html")).read_text(encoding="utf-8")
    assert "weighted to Gender, as “margins.toml” has them" in text
    assert "This chapter is about the public: 60 people" in text
    assert [r.status for r in batch("employer_brand_study", **asked).records] == ["kept"]
    margins.write_text("[gender]\nwoman = 0.6\nman = 0.4\n", encoding="utf-8")
    assert [r.status for r in batch("employer_brand_study", **asked).records] == ["made"]
