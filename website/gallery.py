"""The pictures of docs/gallery.md: pages of the sample's reports, in both languages.

    python -m website.gallery    # needs pdftotext and pdftoppm (poppler)

Each is the first page of a report that has some words on it, the contents left out.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from employer_identity import report
from employer_identity.language import Language

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "gallery"
RESOLUTION = 100  # dots per inch: small print can just be read
QUALITY = 60  # of WebP; all pictures together stay below 2 MB
CONTENTS = 2  # the page that names every chapter


@dataclass(frozen=True)
class Picture:
    """A page of a report.

    Parameters
    ----------
    name
        Of the file, before its language.
    template, parameters
        The report.
    words
        By language, what stands on the page.
    """

    name: str
    template: str
    words: dict[Language, str]


PARAMETERS = {
    "employer_brand_study": {"group": "generation"},
    "employer_report": {"employer": "Vrolijke Eland"},
    "measurement_report": {},
}
PICTURES = (
    Picture("glance", "employer_brand_study", {"en": "At a glance", "nl": "In één oogopslag"}),
    Picture("answers", "employer_brand_study", {"en": "Figure 3", "nl": "Figuur 3"}),
    Picture(
        "groups",
        "employer_brand_study",
        {"en": "Who feels what: by generation", "nl": "Wie ervaart wat: naar generatie"},
    ),
    Picture(
        "gaps",
        "employer_brand_study",
        {"en": "Gaps with", "nl": "Verschillen met"},
    ),
    Picture("employer", "employer_report", {"en": "Vrolijke Eland", "nl": "Vrolijke Eland"}),
    Picture(
        "beside",
        "employer_report",
        {"en": "Mean scores here", "nl": "Gemiddelde scores hier"},
    ),
    Picture(
        "rungs",
        "measurement_report",
        {"en": "How far the questionnaire means", "nl": "Hoe ver de vragenlijst hetzelfde"},
    ),
    Picture(
        "means",
        "measurement_report",
        {"en": "Latent means by generation with", "nl": "Latente gemiddelden naar generatie met"},
    ),
)


def make(language: Language, work: Path) -> None:
    """Make all pictures in a language."""
    reports = {
        template: report(
            template, language=language, output=work / f"{template}-{language}.pdf", **parameters
        )
        for template, parameters in PARAMETERS.items()
    }
    for picture in PICTURES:
        path = reports[picture.template]
        page = page_with(picture.words[language], path)
        drawn = work / f"{picture.name}-{language}"
        size = ("-r", str(RESOLUTION), "-f", str(page), "-l", str(page), "-singlefile", "-png")
        subprocess.run(["pdftoppm", *size, str(path), str(drawn)], check=True)
        with Image.open(drawn.with_suffix(".png")) as image:
            image.save(FOLDER / f"{drawn.name}.webp", quality=QUALITY, method=6)


def page_with(words: str, path: Path) -> int:
    """Return the number of the first page of a PDF with some words on it."""
    text = subprocess.run(
        ["pdftotext", str(path), "-"], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    for number, page in enumerate(text.split("\f"), start=1):
        if number != CONTENTS and words in " ".join(page.split()):
            return number
    raise LookupError(f"No page of {path.name} has: {words}")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for each in ("en", "nl"):
            make(each, Path(name))
