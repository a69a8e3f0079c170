"""A page about what a check of a survey found: for whoever has to put the file right."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from employer_identity.errors import Problem
from employer_identity.language import Language, describe, number, say
from employer_identity.loading import Check

_TEMPLATE = Path(__file__).parent / "template"


def check_page(check: Check, language: Language = "nl") -> str:
    """Write one self-contained HTML page: errors, warnings, and what was changed.

    Parameters
    ----------
    check
        What `check_survey` found.
    language
        Language of the page.
    """
    title = check.source or say("checking.page.unnamed", language)
    kicker = say("checking.page.kicker", language)
    style = "\n".join(
        (_TEMPLATE / name).read_text(encoding="utf-8") for name in ("style.css", "findings.css")
    )
    body = [
        f'<header><p class="kicker">{escape(kicker)}</p><h1>{escape(title)}</h1></header>',
        f'<p class="verdict">{escape(_verdict(check, language))}</p>',
        _cards(check, language),
        _section("errors", check.errors, language),
        _section("warnings", check.warnings, language),
        _section("changes", check.changes, language),
    ]
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(kicker)}: {escape(title)}</title>
<style>
{style}
</style>
</head>
<body class="check">
<main>
{"".join(body)}
</main>
</body>
</html>
"""


def _verdict(check: Check, language: Language) -> str:
    if check.survey is None:
        return say("checking.verdict.errors", language, n=len(check.errors))
    if check.warnings:
        return say("checking.verdict.warnings", language, n=len(check.warnings))
    return say("checking.verdict.good", language)


def _cards(check: Check, language: Language) -> str:
    """How many of each, and respondents where there is a survey."""
    counts = {
        "errors": len(check.errors),
        "warnings": len(check.warnings),
        "changes": len(check.changes),
    }
    if check.survey is not None:
        counts["respondents"] = check.survey.n
    cells = [
        f'<div class="{"alarm" if kind == "errors" and n else kind}">'
        f"<dt>{escape(say(f'checking.card.{kind}', language, n=n))}</dt>"
        f"<dd>{number(n, ',', language)}</dd></div>"
        for kind, n in counts.items()
    ]
    return f'<dl class="cards">{"".join(cells)}</dl>'


def _section(kind: str, problems: Sequence[Problem], language: Language) -> str:
    """One table of findings, or a sentence that there are none."""
    title = f"<h2>{escape(say(f'checking.title.{kind}', language))}</h2>"
    if not problems:
        return f"{title}<p>{escape(say(f'checking.none.{kind}', language))}</p>"
    head = "".join(
        f'<th scope="col">{escape(say(f"checking.head.{column}", language))}</th>'
        for column in ("where", "count", kind)
    )
    rows = "".join(_row(p, language) for p in problems)
    note = escape(say(f"checking.note.{kind}", language))
    return (
        f'{title}<p class="note">{note}</p><table class="found {kind}"><thead><tr>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table>"
    )


def _row(problem: Problem, language: Language) -> str:
    """One finding: its place and number stand in columns of their own."""
    message = describe(problem, language).removeprefix(f"{problem.where}: ")
    count = number(problem.count, ",", language) if problem.count else ""
    return (
        f"<tr><td>{escape(problem.where)}</td><td>{count}</td>"
        f"<td>{escape(message[:1].upper() + message[1:])}</td></tr>"
    )
