"""Writing files whole: beside their place, then renamed, so that nobody meets half of one."""

from __future__ import annotations

import os
from pathlib import Path

PART = ".part"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write bytes, or a text as UTF-8 with its line ends as they are."""
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")  # another process has its own
    try:
        part.write_bytes(content if isinstance(content, bytes) else content.encode())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
