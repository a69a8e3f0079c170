"""A release: what its wheel and source archive hold, and the wheel at work with nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "employer_identity"
LITTER = (  # what use leaves in a checkout
    "answers.csv",
    "employer_brand_study.nl.html",
    "reports/nl/ark.html",
    "data/mine/employees.csv",
    "employer_identity/reports/__pycache__/run.cpython-311.pyc",
    "employer_identity/.mypy_cache/cache.json",
    "notebooks/reports/.ipynb_checkpoints/employer_report-checkpoint.ipynb",
    "notebooks/reports/employer_report.html",
    "notebooks/reports/employer_report.facts.json",
    "notebooks/explore/mine.csv",
    "docs/ark.html",
    "build/site/index.html",
    "my_workshop/nl/1_one_of_us.ipynb",
)
NOT_COPIED = (".git", ".venv", "build", "dist", "my_workshop", "__pycache__", ".*_cache", "*.html")
THREE = (
    "- {employer: Vrolijke Eland}\n- {employer: Witte Vlinder}\n- {by: sector, employer: care}\n"
)

WHEEL = """
    dist-info: METADATA RECORD WHEEL .txt LICENSE
    employer_identity: .py .toml .typed
    employer_identity/audit: .py
    employer_identity/cli: .py
    employer_identity/data: .csv .md .toml
    employer_identity/instruments: .toml
    employer_identity/intake: .py
    employer_identity/measurement: .py
    employer_identity/notebooks: .ipynb
    employer_identity/reports: .css .j2 .js .json .py
    employer_identity/sentences: .toml
    employer_identity/workshop: .py .toml
"""
SOURCE = """
    .: .cff .gitignore .md .py .toml .txt .yaml .yml LICENSE Makefile PKG-INFO
    .ci: run
    benchmarks: .R .md .png .py
    data: .csv .md .toml
    docs: .css .js .json .md .png .webp
    employer_identity: .css .j2 .js .json .py .toml .typed
    examples: .md .toml
    notebooks: .cfg .csv .ipynb .md
    tests: .R .csv .json .py .toml
    validation: .R .md .py
    website: .py
"""


CERTIFICATES = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}  # as in run.py


class Built(NamedTuple):
    """A wheel and a source archive."""

    wheel: Path
    source: Path


def build(tree: Path, into: Path, *kinds: str) -> None:
    asked = [part for kind in kinds for part in ("-t", kind)]
    command = [sys.executable, "-m", "hatchling", "build", *asked, "-d", str(into)]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build both from a checkout that has been used."""
    tree = tmp_path_factory.mktemp("tree") / "checkout"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for name in LITTER:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("of this checkout", encoding="utf-8")
    into = tmp_path_factory.mktemp("dist")
    build(tree, into, "wheel", "sdist")
    (wheel,), (source,) = into.glob("*.whl"), into.glob("*.tar.gz")
    return Built(wheel, source)


def wheel_contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def source_names(source: Path) -> list[str]:
    with tarfile.open(source) as archive:
        return [member.name.partition("/")[2] for member in archive if member.isfile()]


def kinds(names: Iterable[tuple[str, str]]) -> str:
    """List which kinds of file lie where, from pairs of a place and a path."""
    found = dict[str, set[str]]()
    for place, path in names:
        name = Path(path)
        kind = name.suffix if name.suffix and place != "dist-info" else name.name
        found.setdefault(place, set()).add(".txt" if kind.endswith(".txt") else kind)
    lines = (f"    {place}: {' '.join(sorted(found[place]))}\n" for place in sorted(found))
    return "\n" + "".join(lines)


def sorted_kinds(listed: str) -> str:
    pairs = (line.strip().split(": ") for line in listed.strip().splitlines())
    return "\n" + "".join(f"    {where}: {' '.join(sorted(k.split()))}\n" for where, k in pairs)


def in_wheel(name: str) -> str:
    first, *rest = name.split("/")
    if first.endswith(".dist-info"):
        return "dist-info"
    return f"{first}/{rest[0]}" if len(rest) > 1 else first


@pytest.mark.slow
def test_a_wheel_holds_what_it_needs_and_nothing_else(built: Built) -> None:
    inside = wheel_contents(built.wheel)
    assert kinds((in_wheel(name), name) for name in inside) == sorted_kinds(WHEEL)
    assert b"of this checkout" not in inside.values()
    used = [path for pattern in ("*.py", "*.toml") for path in PACKAGE.rglob(pattern)]
    used += [PACKAGE / "py.typed", *(PACKAGE / "reports" / "template").iterdir()]
    beside = [*(ROOT / "notebooks" / "reports").glob("*.ipynb"), *(ROOT / "data/sample").iterdir()]
    wanted = {path.relative_to(ROOT).as_posix() for path in used}
    wanted |= {f"employer_identity/{path.relative_to(ROOT).as_posix()}" for path in beside}
    assert {name for name in inside if ".dist-info/" not in name} == wanted
    assert built.wheel.stat().st_size < 2_000_000


@pytest.mark.slow
def test_a_source_archive_holds_a_checkout_and_makes_the_same_wheel(
    built: Built, tmp_path: Path
) -> None:
    names = source_names(built.source)
    places = ((name.partition("/")[0] if "/" in name else ".", name) for name in names)
    assert kinds(places) == sorted_kinds(SOURCE)
    assert not set(LITTER) & set(names)
    assert {f"tests/{path.name}" for path in Path(__file__).parent.glob("*.py")} <= set(names)
    assert built.source.stat().st_size < 9_000_000
    with tarfile.open(built.source) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    build(tree, tmp_path / "dist", "wheel")
    (again,) = (tmp_path / "dist").iterdir()
    assert wheel_contents(again) == wheel_contents(built.wheel)


def install(wheel: Path, environment: Path) -> Path:
    """Make an environment with a wheel and what it asks for; from the cache where it has all."""
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    uv = shutil.which("uv", path=beside)
    if uv is None:
        pytest.skip("needs uv, which run.py installs")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    asked = ("--quiet", "--python", python, "-c", ROOT / "constraints.txt", wheel)
    for how in (["--offline"], []):
        command = [uv, "pip", "install", *how, *asked]
        done = subprocess.run(command, capture_output=True, text=True, env=CERTIFICATES)
        if done.returncode == 0:
            return python
    pytest.fail(done.stderr)


class Alone:
    """The command line of a wheel in an environment of its own, away from the checkout."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.folder = folder
        self.program = python.with_name(f"employer-identity{python.suffix}")
        hidden = ("PYTHONPATH", "VIRTUAL_ENV")
        self.variables = {k: v for k, v in os.environ.items() if k not in hidden}

    def __call__(self, *arguments: str) -> str:
        """Run a command that succeeds; return what it prints."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def page(self, *arguments: str) -> str:
        """Run a command that prints where the page is that it made; return the page."""
        return (self.folder / self(*arguments).splitlines()[-1]).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_wheel_alone_does_all_that_is_promised(built: Built, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    python = install(built.wheel, tmp_path / "environment")
    run = Alone(python, folder)
    answers, own = "study/employees.csv", "own.toml"
    assert '<html lang="nl">' in run.page("report")  # the sample's
    run("simulate", "--output", "study", "--size", "1500")
    assert "0 fouten" in run("check", answers, "-i", "study/instrument.toml")
    run("instrument", "new", "--from", answers, "--output", own)
    assert "0 fouten" in run("check", answers, "-i", own)
    (folder / "three.yaml").write_text(THREE, encoding="utf-8")
    study = ("--survey", answers, "-i", "study/instrument.toml", "-l", "en")
    assert "no order of them" in run.page("report", *study)  # no employer of a hundred people
    assert '<html lang="en">' in run.page("batch", *study, "--sets", "three.yaml", "-o", "few")
    assert len([*(folder / "few" / "en").glob("*.html")]) == 3
    assert "Nothing that is hidden" in run("audit", "few", "-l", "en")
    run("workshop", "class", "--solutions")
    assert len([*(folder / "class").rglob("*.ipynb")]) == 12
    assert (folder / "class" / "data" / "employees.csv").is_file()
