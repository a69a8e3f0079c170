"""Faults planted one at a time (mutants.toml): each must turn a test red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MUTANTS = tomllib.loads((Path(__file__).with_name("mutants.toml")).read_text(encoding="utf-8"))
NAMED = {f"{number}-{m['file']}": m for number, m in enumerate(MUTANTS["mutant"], start=1)}
LEFT_OUT = (".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "dist")
FAILED = 1  # pytest's exit code where a test failed; others are no verdict


@pytest.mark.parametrize("mutant", NAMED.values(), ids=NAMED)
def test_the_code_to_change_is_there_once(mutant: dict[str, str]) -> None:
    text = (ROOT / "employer_identity" / mutant["file"]).read_text(encoding="utf-8")
    assert text.count(mutant["code"]) == 1
    assert mutant["instead"] != mutant["code"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to break."""
    folder = tmp_path_factory.mktemp("mutants") / "project"
    ignored = shutil.ignore_patterns(*LEFT_OUT, "__pycache__")
    shutil.copytree(ROOT, folder, ignore=ignored)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("mutant", NAMED.values(), ids=NAMED)
def test_a_test_turns_red(mutant: dict[str, str], tree: Path) -> None:
    path = tree / "employer_identity" / mutant["file"]
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(mutant["code"], mutant["instead"]), encoding="utf-8")
    given = mutant["tests"] if "-m " in mutant["tests"] else f"{mutant['tests']} -m 'not slow'"
    command = f"{sys.executable} -B -m pytest -x -q -p no:cacheprovider {given}"
    alone = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, shell=True, cwd=tree, env=os.environ | alone, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    finally:
        path.write_text(whole, encoding="utf-8")
    assert done.returncode == FAILED, done.stdout[-1500:]
