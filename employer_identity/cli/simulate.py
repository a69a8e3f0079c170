"""`employer-identity simulate`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from employer_identity.cli.shared import LanguageOption, refusals, tell, tongue_of


def simulate(
    output: Annotated[
        str, typer.Option("--output", "-o", help="Folder for the files; made if it is not there.")
    ],
    preset: Annotated[
        Literal["sample", "national"],
        typer.Option("--preset", "-p", help="sample: 60 employers; national: 430 employers."),
    ] = "sample",
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Left out: the preset's own.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option("--size", min=2, help="Employees in the last wave; the rest in proportion."),
    ] = None,
    language: LanguageOption = "nl",
) -> None:
    """Write an invented study: employees, public, questionnaire, and what is true of them.

    \b
      employer-identity simulate --output my_study
      employer-identity simulate --preset national --output national --seed 12

    The same preset, seed and size give the same bytes. Files of a study that are there already are
    never overwritten.
    """  # noqa: D301
    tongue = tongue_of(language)
    with refusals(tongue):
        from dataclasses import replace

        from employer_identity.designs import DESIGNS
        from employer_identity.language import say
        from employer_identity.studies import write_study

        design = DESIGNS[preset]
        design = replace(design, seed=design.seed if seed is None else seed)
        design = design.scaled(size) if size else design
        paths = write_study(design, output)
        names = {path.name: path for path in paths}
        values = {
            "insiders": sum(wave.insiders for wave in design.waves),
            "waves": len(design.waves),
            "outsiders": design.outsiders,
            "employers": design.employers,
            "file": names["employees.csv"],
            "instrument": names["instrument.toml"],
        }
        tell(say("simulate.written", tongue, **values))
        typer.echo(paths[0].parent)
