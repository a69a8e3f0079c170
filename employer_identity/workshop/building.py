"""Notebooks out of the source: the students', the solutions', and the instructor's notes.

What is built is the notebook format as it stands in a file; cells carry no outputs.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from employer_identity.language import LANGUAGES, Language, say
from employer_identity.workshop.source import Cell, Exercise, Part, parts

Notebook = dict[str, Any]
NO_NBVAL = "nbval-ignore-output"  # a picture's bytes depend on the fonts of the machine
OWN_SURVEY = ", student=student"


def student_notebook(part: Part, language: Language) -> Notebook:
    """Return a part as students get it: answers still to be given."""
    return _notebook(part, language, solved=False)


def solution_notebook(part: Part, language: Language) -> Notebook:
    """Return a part with every exercise solved and explained."""
    return _notebook(part, language, solved=True)


def text_of(notebook: Notebook) -> str:
    """Write a notebook as its file holds it."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _notebook(part: Part, language: Language, *, solved: bool) -> Notebook:
    cells = [_head(part, language, solved=solved), _set_up(language)]
    for cell in part.cells:
        cells += _cells(cell, language, solved=solved)
    cells.append(_markdown("answer", _end(part, language)))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language": language}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _head(part: Part, language: Language, *, solved: bool) -> Notebook:
    title = say("workshop.notebook.title", language, n=part.number, title=part.title[language])
    kind = "solved" if solved else "how"
    texts = [
        f"# {title}",
        f"**{part.question[language]}**",
        say("workshop.notebook.time", language, minutes=part.minutes),
        say(f"workshop.notebook.{kind}", language),
    ]
    return _markdown("question", "\n\n".join(texts))


def _set_up(language: Language) -> Notebook:
    missing = textwrap.wrap(say("workshop.notebook.no_package", language), 80)
    told = [json.dumps(f"{line} ", ensure_ascii=False) for line in missing]
    lines = [
        "try:",
        "    import employer_identity as ei",
        "except ModuleNotFoundError:",
        "    raise ModuleNotFoundError(",
        *[f"        {line}" for line in told],
        "    ) from None",
        "",
        f'language = ei.workshop.start("{language}")',
    ]
    return _code("start", "\n".join(lines))


def _end(part: Part, language: Language) -> str:
    return f"## {say('workshop.notebook.answer', language)}\n\n{part.answer[language]}"


def _cells(cell: Cell, language: Language, *, solved: bool) -> Iterator[Notebook]:
    if cell.text is not None:
        yield _markdown(cell.id, cell.text[language])
    elif cell.exercise is not None:
        yield from _exercise(cell.exercise, language, solved=solved)
    else:
        yield _code(cell.id, cell.code, [NO_NBVAL] if cell.is_figure else [])


def _exercise(exercise: Exercise, language: Language, *, solved: bool) -> Iterator[Notebook]:
    key, name = exercise.key, f"answer_{exercise.key}"
    heading = say("workshop.notebook.exercise", language, key=key)
    ask = f"### {heading}\n\n{exercise.ask[language]}"
    answer = exercise.solution[language] if solved else "..."
    survey = OWN_SURVEY if exercise.own_survey else ""
    code = f'{name} = {answer}\n\nei.workshop.check("{key}", {name}{survey})'
    yield _markdown(f"ask-{key}", ask)
    yield _code(f"answer-{key}", code)
    if solved:
        because = f"{say('workshop.notebook.because', language)} {exercise.because[language]}"
        yield _markdown(f"because-{key}", because)
    else:
        note = say("workshop.notebook.hint", language)
        yield _code(f"hint-{key}", f'# ei.workshop.hint("{key}")  # {note}')


def _markdown(name: str, text: str) -> Notebook:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(text)}


def _code(name: str, code: str, tags: list[str] | None = None) -> Notebook:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"tags": tags} if tags else {},
        "outputs": [],
        "source": _lines(code),
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def notes(language: Language) -> str:
    """Return the instructor's notes: times, pitfalls, questions to expect, and all answers."""
    total = sum(part.minutes for part in parts())
    texts = [f"# {say('workshop.notes.title', language)}"]
    texts.append(say("workshop.notes.opening", language, minutes=total))
    texts.append(_timetable(language))
    for part in parts():
        title = say("workshop.notebook.title", language, n=part.number, title=part.title[language])
        texts.append(f"## {title}")
        texts.append(say("workshop.notebook.time", language, minutes=part.minutes))
        texts.append(part.notes[language])
        texts.append(f"### {say('workshop.notes.answers', language)}")
        texts.append("\n".join(_answer(exercise, language) for exercise in part.exercises))
    return "\n\n".join(texts) + "\n"


def _answer(exercise: Exercise, language: Language) -> str:
    code = exercise.solution[language]
    return f"- **{exercise.key}** `{code}`. {exercise.because[language]}"


def readme(language: Language, *, solutions: bool) -> str:
    """Return what stands beside the notebooks of the class: what to open, and how."""
    texts = [f"# {say('workshop.readme.title', language)}"]
    texts.append(say("workshop.readme.opening", language))
    texts.append(_timetable(language))
    texts.append(say("workshop.readme.how", language))
    if solutions:
        texts.append(say("workshop.readme.solutions", language))
    return "\n\n".join(texts) + "\n"


def _timetable(language: Language) -> str:
    head = say("workshop.readme.table", language)
    rows = [
        f"| {p.number} | {p.title[language]} | {p.minutes} | `{p.name[language]}.ipynb` |"
        for p in parts()
    ]
    return "\n".join([head, "|--:|---|--:|---|", *rows])


def class_files(language: Language, *, solutions: bool) -> dict[str, str]:
    """Return the texts of all files of the class by their paths."""
    found = {"README.md": readme(language, solutions=solutions)}
    for part in parts():
        name = f"{part.name[language]}.ipynb"
        found[name] = text_of(student_notebook(part, language))
        if solutions:
            found[f"solutions/{name}"] = text_of(solution_notebook(part, language))
    if solutions:
        found["solutions/instructor_notes.md"] = notes(language)
    return found


def all_files() -> dict[str, str]:
    """Return the texts of all files of both languages, as ``notebooks/workshop`` holds them."""
    return {
        f"{language}/{path}": text
        for language in LANGUAGES
        for path, text in class_files(language, solutions=True).items()
    }
