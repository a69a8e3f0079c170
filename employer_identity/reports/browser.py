"""An installed Chromium, Chrome or Edge, asked to print a page: the second maker of PDFs.

It reads a copy of the page that may load nothing, in a profile of its own that is removed again.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from employer_identity.errors import Problem, ReportError
from employer_identity.language import refusal

NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
SECONDS = 120
"""How long a browser may take over one report; a large one takes two seconds."""

_FLAGS = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-pdf-header-footer", "--generate-pdf-document-outline"),
)
_NOTHING_FROM_OUTSIDE = (
    '<head><meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
_DATE = re.compile(rb"/(?:CreationDate|ModDate) \(D:[^)]*\)")
_NODE = re.compile(rb"\(node\d{8}\)")


@cache
def browser() -> tuple[str, ...] | None:
    """Return the command of a browser that prints, tried on an empty page; None without one.

    The sandbox is given up only where the browser refuses to start with it, as it does for root.
    """
    for program in filter(None, map(shutil.which, NAMES)):
        for command in ((program,), (program, "--no-sandbox")):
            if _print((*command, *_FLAGS), "<title>-</title>"):
                return command
    return None


def print_page(html: str) -> bytes:
    """Print a self-contained page: a tagged PDF with an outline, the same bytes every time.

    Parameters
    ----------
    html
        The whole document. Nothing it names outside itself is loaded, and no script is run.

    Raises
    ------
    ReportError
        If there is no browser, or it did not print.
    """
    command = browser()
    page = html.replace("<head>", _NOTHING_FROM_OUTSIDE, 1)
    pdf = _print((*command, *_FLAGS), page) if command else b""
    if not pdf:
        values = {"seconds": SECONDS}
        raise refusal(ReportError, [Problem("pdf.browser_failed", values=values)])
    return _the_same_each_time(pdf)


def _the_same_each_time(pdf: bytes) -> bytes:
    """Take out dates and number the nodes from one, at the same length so that offsets hold.

    The browser counts nodes from wherever its start happened to bring it.
    """
    places = {node: n for n, node in enumerate(sorted(set(_NODE.findall(pdf))), start=1)}
    numbered = _NODE.sub(lambda found: b"(node%08d)" % places[found[0]], pdf)
    return _DATE.sub(lambda found: b" " * len(found[0]), numbered)


def _print(command: tuple[str, ...], html: str) -> bytes:
    """Return what the browser printed, or nothing if it failed or took too long."""
    # A browser that was stopped may still be writing to its profile.
    with tempfile.TemporaryDirectory(
        prefix="employer-identity-", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        page, printed = folder / "page.html", folder / "page.pdf"
        page.write_text(html, encoding="utf-8")
        places = (f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={printed}")
        try:
            subprocess.run(
                [*command, *places, page.as_uri()],
                timeout=SECONDS,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # not a pipe: a child left behind would hold it open
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return b""
        pdf = printed.read_bytes() if printed.is_file() else b""
        return pdf if pdf.rstrip().endswith(b"%%EOF") else b""
