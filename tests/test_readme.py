"""What the README shows works: its code runs, its links lead somewhere, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
LINKS = re.findall(r"\]\(([^)#:]+)\)", README)
NAMED = re.findall(r"`((?:docs|data|tests|notebooks|examples|benchmarks)/[\w./-]+)`", README)


@pytest.mark.parametrize("code", BLOCKS, ids=[f"block{i + 1}" for i in range(len(BLOCKS))])
def test_its_code_runs_and_says_something(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})
    assert re.search(r"chi2\(|may be compared", capsys.readouterr().out)


@pytest.mark.parametrize("path", [*LINKS, *NAMED])
def test_what_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_there_is_something_to_check() -> None:
    assert len(BLOCKS) == 4
    assert "docs/images/report.png" in LINKS


@pytest.mark.parametrize("command", ["check", "report", "batch"])
def test_its_options_exist(command: str) -> None:
    from employer_identity.cli.main import app

    shown = re.findall(rf"employer-identity {command} (.*)", README)
    assert shown
    text = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
    for option in re.findall(r"--[\w-]+", " ".join(shown)):
        assert option in text
