"""What a notebook offers while one types: all public names, what they take, examples that run."""

from __future__ import annotations

import doctest
import inspect
import shutil
import warnings
from pathlib import Path

import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from prepared import SAMPLE, examples

import employer_identity as ei

FUNCTIONS = sorted(n for n in ei.__all__ if inspect.isfunction(getattr(ei, n)))
CLASSES = sorted(n for n in ei.__all__ if inspect.isclass(getattr(ei, n)))
LONG = {
    "plan",
    "simulated_cutoffs",
    "report",
    "batch",
}  # these make documents, or draw many surveys


@pytest.fixture(scope="module")
def completer() -> IPCompleter:
    return InteractiveShell().Completer


def offered(completer: IPCompleter, text: str) -> set[str]:
    """Return what IPython offers after a text."""
    completer.namespace = {"ei": ei, "survey": examples()["survey"]}
    with provisionalcompleter(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {c.text.rpartition(".")[2] for c in completer.completions(text, len(text))}


def test_dir_has_every_public_name_and_no_other() -> None:
    assert dir(ei) == sorted(ei.__all__)


@pytest.mark.parametrize("jedi", [True, False])
def test_every_public_name_is_offered_after_a_point(completer: IPCompleter, jedi: bool) -> None:
    completer.use_jedi = jedi
    assert {n for n in ei.__all__ if not n.startswith("_")} <= offered(completer, "ei.")
    assert offered(completer, "ei.inva") == {"invariance", "invariance_across"}


def test_what_can_be_asked_of_a_result_is_offered(completer: IPCompleter) -> None:
    completer.use_jedi = False
    assert {"of_wave", "pillar_scores", "answers"} <= offered(completer, "survey.")


def test_a_misspelt_name_is_told_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'invariance'"):
        ei.invarience  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute 'zebra'$"):
        ei.zebra  # noqa: B018


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_tells_its_arguments_and_what_it_does(name: str) -> None:
    shell = InteractiveShell()
    shell.push({"ei": ei})
    found = shell.object_inspect(f"ei.{name}")  # what shift-tab asks for
    first = next(iter(inspect.signature(getattr(ei, name)).parameters))
    assert found["definition"].startswith(f"ei.{name}(")
    assert first in found["definition"]
    assert "Examples\n--------\n>>> " in found["docstring"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in FUNCTIONS]
)
def test_the_example_of_a_function_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ran(getattr(ei, name), name, tmp_path, monkeypatch) > 0


@pytest.mark.parametrize("name", CLASSES)
def test_examples_of_classes_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(getattr(ei, name), name, tmp_path, monkeypatch)


class WhereGiven(doctest.OutputChecker):
    """Compares an output only where an example gives one."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return not want.strip() or super().check_output(want, got, optionflags)


def ran(thing: object, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the examples of a docstring beside a copy of the sample; return how many there are."""
    for path in SAMPLE.iterdir():
        shutil.copy(path, folder)
    monkeypatch.chdir(folder)
    runner = doctest.DocTestRunner(WhereGiven(), verbose=False)
    finder = doctest.DocTestFinder(exclude_empty=True)
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ei.errors.EmployerIdentityWarning)
        for test in finder.find(thing, name, module=False, globs=dict(examples())):
            result = runner.run(test)
            assert result.failed == 0, test.name
            count += result.attempted
    return count


def test_an_example_that_fails_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        """>>> survey.n
        1
        """

    with pytest.raises(AssertionError, match="wrong"):
        ran(wrong, "wrong", tmp_path, monkeypatch)
