"""Where templates and sample lie: in a wheel inside the package, in a checkout beside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _place(*parts: str) -> Path:
    inside = _PACKAGE.joinpath(*parts)
    return inside if inside.exists() else _PACKAGE.parent.joinpath(*parts)


def sample() -> Path:
    """Return the folder of the sample survey."""
    return _place("data", "sample")


def notebooks() -> dict[str, Path]:
    """Return the report templates by name."""
    return {path.stem: path for path in sorted(_place("notebooks", "reports").glob("*.ipynb"))}
