"""The set-up: `run.py` step by step, lists of requirements, the version."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load run.py as it would be in a folder of its own."""
    for name in ("run.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "run", raising=False)
    module = __import__("run")
    yield module
    del sys.modules["run"]


class Steps:
    """Stand in for the set-up's commands: note each, make what it would, fail where told to."""

    def __init__(self, run: ModuleType, *failing: str) -> None:
        self.run, self.failing, self.taken = run, failing, []

    def __call__(self, *command: str) -> bool:
        name = next(
            n
            for n in ("venv", "install uv", "uv pip install", "pip install")
            if n in self.named(command)
        )
        self.taken.append(name)
        if name in self.failing:
            return False
        if name == "venv":
            self.run.program("python").parent.mkdir()
            self.run.program("python").touch()
        return True

    @staticmethod
    def named(command: tuple[str, ...]) -> str:
        if command[1:3] == ("-m", "venv"):
            return "venv"
        if command[-1] == "uv":
            return "install uv"
        return "uv pip install" if Path(command[0]).stem == "uv" else "pip install"


@pytest.fixture
def steps(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Steps]:
    def begin(*failing: str) -> Steps:
        noted = Steps(run, *failing)
        monkeypatch.setattr(run, "run_quietly", noted)
        return noted

    return begin


def test_the_first_run_sets_up_and_the_second_does_nothing(
    run: ModuleType, steps: Callable[..., Steps]
) -> None:
    first = steps()
    run.set_up()
    assert first.taken == ["venv", "install uv", "uv pip install"]
    second = steps()
    run.set_up()
    assert second.taken == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_new_requirements_are_installed_in_the_same_environment(
    run: ModuleType, steps: Callable[..., Steps], name: str
) -> None:
    steps()
    run.set_up()
    with (run.ROOT / name).open("a") as file:
        file.write("# changed\n")
    again = steps()
    run.set_up()
    assert again.taken == ["install uv", "uv pip install"]


def test_another_python_or_folder_gets_a_new_environment(
    run: ModuleType, steps: Callable[..., Steps], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps()
    run.set_up()
    monkeypatch.setattr(run, "identity", lambda: "3.13.9 cpython elsewhere")
    again = steps()
    run.set_up()
    assert again.taken[0] == "venv"


@pytest.mark.parametrize("failing", [["uv pip install"], ["install uv"]])
def test_pip_takes_over_where_uv_fails(
    run: ModuleType, steps: Callable[..., Steps], failing: list[str]
) -> None:
    noted = steps(*failing)
    run.set_up()
    assert noted.taken[-1] == "pip install"
    assert run.stamped() == [run.identity(), run.wanted()]


def test_without_a_network_it_says_so_and_goes_on_the_next_time(
    run: ModuleType, steps: Callable[..., Steps], capsys: pytest.CaptureFixture[str]
) -> None:
    steps("install uv", "pip install")
    assert run.main(["report"]) == 1
    said = capsys.readouterr()
    assert "network" in said.err
    assert said.out == ""
    again = steps()
    run.set_up()
    assert again.taken == ["install uv", "uv pip install"]


def test_an_environment_left_half_made_is_made_again(
    run: ModuleType, steps: Callable[..., Steps]
) -> None:
    steps("venv")
    with pytest.raises(run.SetupError, match="No virtual environment"):
        run.set_up()
    steps()
    run.set_up()
    run.program("python").unlink()  # as when the Python it was made from has been removed
    again = steps()
    run.set_up()
    assert again.taken[0] == "venv"


def test_an_environment_of_somebody_else_is_left_alone(
    run: ModuleType, steps: Callable[..., Steps]
) -> None:
    theirs = run.VENV / "theirs"
    theirs.parent.mkdir()
    theirs.touch()
    noted = steps()
    with pytest.raises(run.SetupError, match="Rename or delete it"):
        run.set_up()
    assert theirs.exists()
    assert noted.taken == []


def test_a_python_without_venv_is_told_what_to_install(
    run: ModuleType, steps: Callable[..., Steps], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps()
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(run.SetupError, match="apt install python3-venv"):
        run.set_up()
    assert not run.VENV.exists()


def test_an_interruption_is_no_traceback(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(run.TASKS, "lab", interrupted)
    assert run.main(["lab"]) == run.INTERRUPTED
    assert "Stopped" in capsys.readouterr().err


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13)])
def test_an_old_python_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        runpy.run_path(str(ROOT / "run.py"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to end by")
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(5)", 5),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM),
    ],
)
def test_the_exit_code_of_the_task_is_handed_through(
    run: ModuleType, code: str, expected: int
) -> None:
    assert run.hand_over([sys.executable, "-c", code]) == expected


@pytest.mark.parametrize(
    ("given", "present", "absent"),
    [
        (["test", "-k", "survey"], ["-k", "survey", "-m"], ["--all"]),
        (["test", "--all"], ["pytest"], ["--all", "not slow and not browser"]),
        (["report", "--language", "en"], ["employer_brand_study", "--language", "en"], []),
        (["lab"], ["workshop", "--language", "nl"], []),
        (["lab", "en"], ["workshop", "--language", "en"], []),
        (["lab", "explore"], ["jupyterlab"], ["workshop"]),
        (["lab", "--no-browser"], ["jupyterlab", "--no-browser"], ["workshop"]),
        (["workshop"], ["-c"], []),
        (["sample"], ["-c"], []),
        (["validate", "--study", "crossed"], ["-m", "validation", "--study", "crossed"], []),
        (["docs"], ["mkdocs", "build", "--strict"], []),
    ],
)
def test_each_task_runs_its_program(
    run: ModuleType,
    steps: Callable[..., Steps],
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    present: list[str],
    absent: list[str],
) -> None:
    steps()
    calls = []
    monkeypatch.setattr(run, "hand_over", lambda command, **_: calls.append(command) or 7)
    monkeypatch.chdir(run.ROOT)
    assert run.main(given) == 7
    words = [str(word) for word in calls[0]]
    assert Path(words[0]).parent == run.program("python").parent
    assert set(present) <= set(words)
    assert not set(absent) & set(words)


@pytest.mark.parametrize("can_be_had", [True, False])
def test_the_lowest_versions_have_an_environment_of_their_own(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, can_be_had: bool
) -> None:
    taken, calls = [], []
    monkeypatch.setattr(run, "set_up", lambda: None)
    monkeypatch.setattr(run, "run_quietly", lambda *words: taken.append(words) or can_be_had)
    monkeypatch.setattr(run, "hand_over", lambda words, **_: calls.append(words) or 0)
    monkeypatch.chdir(run.ROOT)
    run.program("uv").parent.mkdir(parents=True)
    run.program("uv").touch()
    assert run.main(["lowest", "-k", "survey"]) == (0 if can_be_had else 1)
    assert str(run.LOWEST) in taken[0]
    if can_be_had:
        assert "lowest-direct" in taken[1]
        assert calls[0][0] == run.program("python", run.LOWEST)
        assert {"-k", "survey", run.TIER_ONE} <= set(calls[0])


def test_an_unknown_task_is_wrong_use(run: ModuleType) -> None:
    with pytest.raises(SystemExit) as stop:
        run.main(["make-coffee"])
    assert stop.value.code == 2


def requirements(lines: list[str]) -> dict[str, str]:
    """Return name -> specifier, names in one spelling; conda's slim builds count as the package."""
    found = {}
    for line in lines:
        name, specifier = re.fullmatch(r"([A-Za-z0-9._-]+?)((?:[<>=!~].*)?)", line).groups()
        found[re.sub(r"[-_.]+", "-", name).lower().removesuffix("-base")] = specifier
    return found


def test_conda_and_pip_ask_for_the_same() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"][0] == "conda-forge"
    conda = [line for line in environment["dependencies"] if isinstance(line, str)]
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    assert [line for line in pip if line.startswith("-")] == ["--editable ."]
    asked = requirements(conda) | requirements([line for line in pip if not line.startswith("-")])
    assert asked.pop("python") == PROJECT["requires-python"]
    assert asked.pop("pip") == ""
    assert asked == requirements(PROJECT["dependencies"])


def test_the_seven_packages_of_the_assignment_are_required() -> None:
    seven = {"jupyterlab", "pandas", "statsmodels", "semopy", "seaborn", "papermill", "nbval"}
    assert seven <= set(requirements(PROJECT["dependencies"]))


def test_constraints_hold_versions_only_and_every_requirement() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [re.fullmatch(r"([a-z0-9._-]+)==[\w.!+]+( ; [\w ='<>!.*()]+)?", line) for line in lines]
    assert [line for line, pin in zip(lines, pins, strict=True) if not pin] == []
    extras = PROJECT["optional-dependencies"]
    several = [line for name in ("docs", "test", "pdf", "lab") for line in extras[name]]
    asked = requirements([*PROJECT["dependencies"], *several])
    assert set(asked) <= {pin[1] for pin in pins if pin}


def test_the_version_is_the_same_everywhere() -> None:
    import employer_identity

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert employer_identity.__version__ == PROJECT["version"] == citation["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d.*?)\] - (\S+)$", changes, re.M)
    newest = (PROJECT["version"], str(citation.get("date-released")))
    assert released[:1] == ([newest] if "date-released" in citation else [])


def test_the_pythons_named_are_those_allowed() -> None:
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={named[0]}"
    listed = f"{', '.join(named[:-1])} or {named[-1]}"
    assert f"needs Python {listed}" in (ROOT / "run.py").read_text(encoding="utf-8")


def test_notebooks_with_committed_outputs_are_not_stripped() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = {hook["id"]: hook for repository in config["repos"] for hook in repository["hooks"]}
    assert re.match(hooks["nbstripout"]["exclude"], "notebooks/explore/01_first_look.ipynb")
    assert not re.match(hooks["nbstripout"]["exclude"], "notebooks/reports/a.ipynb")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_continuous_integration_script_is_sound() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
