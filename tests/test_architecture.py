"""Which room may call which, and which room may use which package: read off the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "employer_identity"

# From the ground up: a room imports only from rooms before it. A new room is given its place here.
# fmt: off
GROUND = [
    "errors", "writing", "adjusting", "inert", "language", "terms", "showing", "edge",
    "proportions", "toml_text", "paging", "questionnaire_words", "questionnaire", "special",
    "consistency", "consistency_groupings", "instrument",
]
ENGINE = [
    "threads", "arrow", "syntax", "definitions", "ordering", "table", "coded", "layout",
    "published", "moments", "patterns", "normal", "implied", "delta", "bivariate", "polychoric",
    "polyserial", "mixed", "responses", "likelihood", "scoring", "starts", "indices", "scored",
    "alike", "categorised", "departures", "products", "rows", "robust", "saturated", "scaling",
    "placing", "spread", "twostep", "sums", "tabulated", "ordered_faults", "categorical",
    "weighted", "evidence", "summed", "restricting", "misalignment", "aligning",
]
INTAKE = [
    "raw", "cells", "headers", "respondents", "text", "parquet", "excel", "spss", "joining",
    "files", "pieces", "partitions", "parts", "streams",
]
DATA = [
    "narrow", "survey", "answers", "spelling", "columns", "questions", "labelling", "groupings",
    "screening", "loading", "answer_words", "profiles", "bands", "ratings", "clusters",
    "guessing", "starter", "panel", "panel_loading", "presets", "population", "simulate",
    "designs", "insiders", "public", "studies", "dividing", "collapsing", "clustering",
    "column_checks", "sample", "levels", "replications", "scan", "scanned", "aligned_factor",
    "uncertainty",
]
AUDIT = [
    "facts", "pieces", "atoms", "pages", "recovery", "system", "bounds", "published", "search",
    "banded", "listed", "folder", "whom", "stating", "outsiders",
]
MODEL = [
    "criteria", "estimates", "defined", "measures", "ordered_residuals", "residuals", "scores",
    "modification", "factor_scores", "improper", "ledger", "export", "explain", "summary",
    "fit", "checks", "cfa", "difference", "crosscheck", "reliability", "agreement", "expected",
    "alignment_check", "cutoffs", "planted", "redraws", "refits",
]
VERDICT = [
    "rungs", "decision", "ladder_log", "states", "climbing", "divisions", "discriminant",
    "general", "structures", "bounds", "recommendation", "model_words", "structural_words",
    "structural", "resampling", "weighing", "raking", "attractiveness", "brand", "importance",
    "drivers", "switching", "trend", "shrinkage", "standing", "protection", "privacy",
    "nesting", "suppression", "curves", "alignable", "ladder_frames", "ladder", "invariance",
    "across_result", "across", "latent", "bias", "conclusions", "unmerged", "treatment",
    "roads", "aligned", "alignment", "simulated", "dynamic", "league", "model_comparison",
    "models", "planned_surveys", "planning",
]
TABLES = [
    "tabulation", "model_tables", "measurement_tables", "structure_tables", "bias_tables",
    "standing_tables", "across_tables", "public_words", "public_tables", "treatment_tables",
    "alignment_tables", "cutoff_tables", "league_tables", "tables",
]
FIGURES = [
    "drawing", "diagram", "distributions", "loadings", "comparisons", "heatmap", "consequences",
    "standings", "crossings", "plane", "public_maps", "public_figures", "public_shares",
    "employer_figures", "expected_curves", "treatment_figures", "alignment_figures", "figures",
    "structure_figures",
]
EXPLORER = [
    "exploring", "explorer",
]
REPORTS = [
    "places", "records", "parameters", "parameter_files", "snapshot", "beside", "prepared",
    "outside", "earlier", "checking", "kernels", "engine", "execution", "render", "manuscript",
    "latex", "word", "table_files", "browser", "pdf", "inspection", "documents", "tasks",
    "index", "stated", "stamps", "site", "work", "crew", "withholding", "leagues", "employers",
    "settling", "wording", "study", "estimation", "treatment_words", "verdict", "public_words",
    "work_words", "trend_words", "structure_words", "staying_words", "employer_words", "theme",
    "leftovers", "prose", "practices", "data_words", "unit", "measured", "grouped", "measurement",
    "reporting", "page", "methods", "hidden_words", "unit_facts",
    "unit_words", "study_facts", "unit_questions", "plan", "opening", "run", "orders",
    "index_facts", "batch", "alignment_words", "cutoff_words", "league_words",
]
WORKSHOP = [
    "source", "room", "data", "targets", "judging", "unknown_names", "feedback", "pictures",
    "building", "handout", "running",
]
CLI = [
    "shared", "parameters", "templates", "report", "progress", "batch", "check",
    "instrument_new", "instrument", "simulate", "workshop", "audit", "main",
]
# fmt: on
INTAKE = [f"intake.{room}" for room in INTAKE]
REPORTS = [f"reports.{room}" for room in REPORTS]
WORKSHOP = [f"workshop.{room}" for room in WORKSHOP]
CLI = [f"cli.{room}" for room in CLI]
AUDIT = [f"audit.{room}" for room in AUDIT]
ABOVE = [
    *INTAKE,
    *DATA,
    *AUDIT,
    *MODEL,
    *VERDICT,
    *TABLES,
    *FIGURES,
    *EXPLORER,
    *REPORTS,
    *WORKSHOP,
    *CLI,
]
ROOMS = [*GROUND, *[f"measurement.{m}" for m in ENGINE], *ABOVE]

# A package that is used in few rooms: everybody else gets its results from them.
HOMES = {
    "pandas": ABOVE,
    "matplotlib": FIGURES,
    "seaborn": FIGURES,
    "great_tables": ["tabulation"],
    "papermill": REPORTS,
    "nbclient": [*REPORTS, *WORKSHOP],
    "openpyxl": ["intake.excel"],
    "pyreadstat": ["intake.spss"],
    "nbconvert": REPORTS,
    "nbformat": [*REPORTS, *WORKSHOP],
    "weasyprint": ["reports.pdf"],
    "docx": ["reports.word"],
    "pydantic": [*GROUND, "audit.facts", "reports.parameters", "reports.stamps"],
    "typer": CLI,
    "yaml": ["reports.parameter_files"],
    "ipywidgets": ["explorer"],
}
INSIDE_FUNCTIONS = ("semopy", "statsmodels")  # each costs over a second


@cache
def modules() -> dict[str, ast.Module]:
    """Return every module of the package by its room's name."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__init__.py" and "template" not in path.parts
    }


def statements(node: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Walk the import statements that run, and tell which stand inside a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, in_function
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        else:
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from statements(child, in_function or is_function)


def imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Return the dotted names a module imports, each with whether that is inside a function."""
    for node, inside in statements(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield f"relative import on line {node.lineno}", inside
            yield from ((f"{node.module}.{alias.name}", inside) for alias in node.names)


def room_of(name: str) -> str:
    """Return the room a dotted name inside the package belongs to, or what is left of the name."""
    name = name.removeprefix("employer_identity.")
    return next((r for r in ROOMS if name == r or name.startswith(f"{r}.")), name)


def faults(room: str, tree: ast.Module) -> list[str]:
    """Return what a room imports and should not."""
    below = ROOMS[: ROOMS.index(room)] if room in ROOMS else []
    found = []
    for name, inside in imports(tree):
        top = name.partition(".")[0]
        if top == "employer_identity" and name != "employer_identity.__version__":
            target = room_of(name)
            if target not in below:
                found.append(f"{room} imports {target}")
        elif name.startswith("relative"):
            found.append(f"{room}: {name}")
        elif top in HOMES and room not in HOMES[top]:
            found.append(f"{room} imports {top}")
        elif top in INSIDE_FUNCTIONS and not inside:
            found.append(f"{room} imports {top} outside a function")
    return found


def test_every_module_has_its_place() -> None:
    assert not set(modules()) - set(ROOMS)


def test_rooms_import_downwards_and_packages_stay_at_home() -> None:
    assert [fault for room, tree in modules().items() for fault in faults(room, tree)] == []


def test_the_audit_knows_nothing_of_how_it_was_decided() -> None:
    below = ROOMS[: ROOMS.index(AUDIT[0])]
    hiding = {"protection", "privacy", "nesting", "suppression"}
    assert not hiding & set(below)
    assert {name for name in modules() if name.startswith("audit.")} == set(AUDIT)


@pytest.mark.parametrize(
    ("room", "source", "fault"),
    [
        ("invariance", "from employer_identity.cfa import cfa", None),
        ("cfa", "from employer_identity.invariance import Ladder", "cfa imports invariance"),
        ("cfa", "from employer_identity import invariance", "cfa imports invariance"),
        ("cfa", "def f():\n    import employer_identity.cli.main", "cfa imports cli.main"),
        ("cfa", "from employer_identity import report", "cfa imports report"),
        ("cfa", "import employer_identity", "cfa imports employer_identity"),
        ("cfa", "from .fit import Fit", "cfa: relative import on line 1"),
        ("figures", "from employer_identity import __version__", None),
        ("scores", "if TYPE_CHECKING:\n    from employer_identity.fit import Fit", None),
        ("measurement.table", "import pandas.api", "measurement.table imports pandas"),
        ("measurement.layout", "from employer_identity.measurement.table import Row", None),
        ("figures", "import matplotlib.pyplot as plt", None),
        ("tables", "from matplotlib import pyplot", "tables imports matplotlib"),
        ("cfa", "import semopy", "cfa imports semopy outside a function"),
        ("cfa", "def f():\n    import semopy", None),
    ],
)
def test_the_check_sees_a_fault(room: str, source: str, fault: str | None) -> None:
    assert faults(room, ast.parse(source))[:1] == ([fault] if fault else [])


def test_modules_and_functions_stay_readable() -> None:
    long = [
        f"{path.relative_to(PACKAGE)}: {lines} lines"
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]
    for room, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                long += [f"{room}.{node.name}: {lines} lines"] if lines > 50 else []
    assert long == []


def fresh(code: str) -> str:
    """Run code in a Python that has imported nothing yet; return what it prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = (
        "{'pandas', 'scipy.stats', 'matplotlib', 'seaborn', 'semopy', 'statsmodels', 'pydantic'}"
    )
    assert fresh(f"import sys, employer_identity; print({heavy} & set(sys.modules))") == "set()"


def test_every_public_name_is_there() -> None:
    code = "import employer_identity as ei; print([n for n in ei.__all__ if not hasattr(ei, n)])"
    assert fresh(code) == "[]"
