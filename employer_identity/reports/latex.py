"""Tables as LaTeX: one document that compiles by itself, each table ready to be taken out.

Three rules (booktabs), heads repeated on every page (longtable), captions above, notes below. Any
engine will do: signs that pdfLaTeX has no letter for are written as commands.
"""

from __future__ import annotations

import re
import unicodedata

from employer_identity.inert import one_line
from employer_identity.language import say
from employer_identity.reports.manuscript import Manuscript, Table

_SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "|": "$|$", "\N{SUPERSCRIPT TWO}": "$^2$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\leq$", "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
    "\N{MULTIPLICATION SIGN}": r"$\times$", "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MINUS SIGN}": "$-$", "\N{RIGHTWARDS ARROW}": r"$\rightarrow$", "\N{EN DASH}": "--",
    "\N{LEFT SINGLE QUOTATION MARK}": "`", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": "``", "\N{RIGHT DOUBLE QUOTATION MARK}": "''",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
}  # fmt: skip
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau"
_SIGNS |= {
    unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}"): rf"$\{name}$"
    for size, names in (
        ("SMALL", f"{_GREEK} upsilon phi chi psi omega"),
        ("CAPITAL", "Gamma Delta Theta Xi Pi Sigma Upsilon Phi Psi Omega"),
    )
    for name in names.split()
}
_SIGNS |= {"\N{GREEK SMALL LETTER LAMDA}": r"$\lambda$"}
_SIGNS |= {"\N{GREEK CAPITAL LETTER LAMDA}": r"$\Lambda$"}
_MINUS = re.compile(r"(?<![\w.,-])-(?=\d)")
_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[a4paper,landscape,margin=2cm]{geometry}
\usepackage{array,booktabs,caption,longtable}
\captionsetup{justification=raggedright,singlelinecheck=false,labelfont=bf,labelsep=newline,%
  textfont=it}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1}}
\newcolumntype{R}[1]{>{\raggedleft\arraybackslash}p{#1}}
\setlength{\tabcolsep}{4pt}
\setlength{\LTleft}{0pt}
\renewcommand{\tablename}{WORD}
\begin{document}
\small
"""
_ROUNDED = 0.999
"""Keeps widths that are written with four decimals from adding up to more than there is."""


def write_latex(manuscript: Manuscript) -> bytes:
    """Write all tables of a report."""
    head = _PREAMBLE.replace("WORD", say("manuscript.table", manuscript.language))
    note = say("manuscript.note", manuscript.language)
    tables = "\n".join(_table(table, note) for table in manuscript.tables)
    return f"% {one_line(manuscript.title)}\n{head}\n{tables}\n\\end{{document}}\n".encode()


def escaped(text: str) -> str:
    """Write a text so that LaTeX sets it as it is; a hyphen before a number is a minus sign."""
    signs = "".join(_SIGNS.get(sign, sign) for sign in one_line(text))
    return _MINUS.sub("$-$", signs)


def _table(table: Table, note: str) -> str:
    cells = table.cells
    # Between columns lie two separations, and none at the sides.
    room = rf"\dimexpr\linewidth-{2 * (len(cells.heads) - 1)}\tabcolsep\relax"
    columns = "".join(
        f"{'R' if right else 'L'}{{{share * _ROUNDED:.4f}{room}}}"
        for right, share in zip(cells.right, table.shares(), strict=True)
    )
    heads = " & ".join(escaped(head) for head in cells.heads)
    return "\n".join(
        [
            f"% --- {table.number}: {table.key}",
            rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}",
            rf"\caption{{{escaped(table.caption)}}}\label{{tab:{_name(table.key)}}}\\",
            rf"\toprule {heads} \\ \midrule",
            r"\endfirsthead",
            rf"\toprule {heads} \\ \midrule",
            r"\endhead",
            r"\bottomrule",
            r"\endfoot",
            *_lines(table),
            r"\end{longtable}",
            *([rf"\noindent\emph{{{note}}} {escaped(cells.note)}", ""] if cells.note else []),
        ]
    )


def _lines(table: Table) -> list[str]:
    count = len(table.cells.heads)
    return [
        rf"\multicolumn{{{count}}}{{@{{}}l@{{}}}}{{\textbf{{{escaped(line)}}}}} \\*"
        if isinstance(line, str)
        else " & ".join(_protected(cell) for cell in line) + r" \\"
        for line in table.lines()
    ]


def _protected(cell: str) -> str:
    """Write a cell; a bracket at its begin would be taken for an argument of the line break."""
    text = escaped(cell)
    return f"{{}}{text}" if text.startswith(("[", "*")) else text


def _name(key: str) -> str:
    """Return a name for references: letters, digits and hyphens."""
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in key)
