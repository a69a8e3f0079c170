"""From the HTML of a report to its PDF: by WeasyPrint, else by an installed browser.

Both make a tagged file in the document's language, with an outline, and the same bytes for the same
HTML on one computer. WeasyPrint also writes the page numbers of the contents.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from functools import cache
from types import ModuleType
from typing import Any, Literal, cast

from employer_identity.errors import Problem, ReportError
from employer_identity.language import Language, refusal, say
from employer_identity.reports.browser import browser, print_page

Maker = Literal["weasyprint", "chromium"]

# WeasyPrint never frees the memory of a text with such a feature, 0.2 MB a report. The digits of
# the fonts that are used have one width without it.
_NO_FEATURES = "* { font-variant-numeric: normal !important; }"


@cache
def pdf_maker() -> Maker:
    """Return what makes PDFs here; looked for once, so that a batch is made by one of them.

    Raises
    ------
    ReportError
        If neither WeasyPrint with its libraries nor a browser is there; says what to install.
    """
    missing = _weasyprint()
    if isinstance(missing, ModuleType):
        return "weasyprint"
    if browser():
        return "chromium"
    raise refusal(ReportError, [missing, Problem("pdf.no_browser")])


def made_by(language: Language) -> str:
    """Say what makes PDFs here, and what such a PDF lacks."""
    return say(f"pdf.made_by.{pdf_maker()}", language)


def write_pdf(html: str) -> bytes:
    """Turn the HTML of a report into a PDF.

    Parameters
    ----------
    html
        A whole document. Only what it holds itself is used; no address is asked for anything.

    Raises
    ------
    ReportError
        If nothing here makes PDFs, or it failed on this document.
    """
    return _lay_out(html) if pdf_maker() == "weasyprint" else print_page(html)


def _lay_out(html: str) -> bytes:
    weasyprint: Any = _weasyprint()
    try:
        only_itself = weasyprint.urls.URLFetcher(allowed_protocols=["data"])
        document = weasyprint.HTML(string=html, url_fetcher=only_itself)
        pdf = document.write_pdf(
            stylesheets=[weasyprint.CSS(string=_NO_FEATURES)],
            pdf_variant="pdf/ua-1",
            font_config=_fonts(),
        )
        return bytes(pdf)
    except Exception as error:
        values = {"kind": type(error).__name__}
        raise refusal(ReportError, [Problem("pdf.layout_failed", values=values)]) from error


@cache
def _weasyprint() -> ModuleType | Problem:
    """Return WeasyPrint, or what it lacks."""
    # Where pango is missing it prints advice of its own.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import weasyprint
        except ImportError:
            return Problem("pdf.no_weasyprint")
        except OSError:  # a library that it loads by name
            return Problem("pdf.no_pango")
    # What it says about CSS that is meant for screens is nothing to its reader.
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return cast("ModuleType", weasyprint)


@cache
def _fonts() -> Any:
    """Return the fonts of this computer, read once: they would pile up in memory otherwise."""
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()
