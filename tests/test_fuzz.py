"""Files and texts that nobody meant: read, or refused by name; no traceback, no hang, no flood."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import employer_identity as ei
from employer_identity.errors import EmployerIdentityError, EmployerIdentityWarning
from employer_identity.instrument import load_instrument
from employer_identity.language import LANGUAGES, describe
from employer_identity.measurement.definitions import definitions
from employer_identity.measurement.syntax import parse

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
TOML = (SAMPLE / "instrument.toml").read_bytes()
CSV = b"\n".join((SAMPLE / "employees.csv").read_bytes().split(b"\n")[:40])
MODEL = """identity =~ pro1 + a*pro2 + start(0.5)*pro3 + c(1, NA)*pro4  # a remark
leads =~ adv1 + b*adv2 + adv3; stays ~ p*identity + q*leads
pro1 ~~ pro2
indirect := a * (p + sqrt(b)) / q ^ 2"""
SIGNS = [
    "\x00",
    *"\"'[]{}=*+(),;\t\n\r\\#-",
    "'''",
    "[[",
    "=~",
    "~~",
    ":=",
    "~1",
    "<script>",
    "{0}",
    "%s",
]
WORDS = ["1e999", "nan", "inf", "true", "9" * 20, "0x1F", "1_000", "2026-13-45", "=cmd()", "../.."]
ODD = [
    b"",
    b"|",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "\u00e9".encode("latin-1"),
    "\u202e\U0001f642".encode(),
]
JUNK = [*(word.encode() for word in [*SIGNS, *WORDS]), *ODD]
EDIT = st.tuples(
    st.floats(0, 1), st.integers(0, 40), st.sampled_from([*JUNK, None]), st.integers(0, 3)
)
EDITS = st.lists(EDIT, min_size=1, max_size=6)


def fuzz(examples: int) -> settings:
    checks = [HealthCheck.function_scoped_fixture]
    seeded = {"derandomize": True} if examples < 100 else {}
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks, **seeded)


def edited(text: bytes, edits: list[tuple[float, int, bytes | None, int]]) -> bytes:
    """Cut pieces out, put junk in their place, or the piece several times over."""
    for where, length, junk, times in edits:
        at = int(where * len(text))
        piece = text[at : at + length]
        text = text[:at] + (piece if junk is None else junk) * times + text[at + length :]
    return text


def said(fault: EmployerIdentityError) -> None:
    assert fault.problems
    for problem in fault.problems:
        assert all(describe(problem, language).strip() for language in LANGUAGES)


def read_model(text: bytes) -> None:
    try:
        parse(text.decode(errors="replace"))
        definitions(text.decode(errors="replace"))
    except EmployerIdentityError as fault:
        said(fault)


def read_instrument(text: bytes, folder: Path) -> None:
    path = folder / "instrument.toml"
    path.write_bytes(text)
    try:
        load_instrument(path)
    except EmployerIdentityError as fault:
        said(fault)


def read_survey(text: bytes, folder: Path) -> None:
    path = folder / "answers.csv"
    path.write_bytes(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmployerIdentityWarning)
        try:
            ei.load_survey(path, instrument=SAMPLE / "instrument.toml")
        except EmployerIdentityError as fault:
            said(fault)


@fuzz(80)
@given(edits=EDITS)
def test_model_texts(edits: list) -> None:
    read_model(edited(MODEL.encode(), edits))


@fuzz(40)
@given(edits=EDITS)
def test_instruments(edits: list, tmp_path: Path) -> None:
    read_instrument(edited(TOML, edits), tmp_path)


@fuzz(25)
@given(edits=EDITS)
def test_survey_files(edits: list, tmp_path: Path) -> None:
    read_survey(edited(CSV, edits), tmp_path)


@pytest.mark.slow
@fuzz(3000)
@given(edits=EDITS)
def test_many_model_texts(edits: list) -> None:
    read_model(edited(MODEL.encode(), edits))


@pytest.mark.slow
@fuzz(1000)
@given(edits=EDITS)
def test_many_instruments(edits: list, tmp_path: Path) -> None:
    read_instrument(edited(TOML, edits), tmp_path)


@pytest.mark.slow
@fuzz(500)
@given(edits=EDITS)
def test_many_survey_files(edits: list, tmp_path: Path) -> None:
    read_survey(edited(CSV, edits), tmp_path)


MONSTERS = r"""
import json, sys, time
from pathlib import Path
import employer_identity as ei
from employer_identity.errors import EmployerIdentityError
from employer_identity.instrument import load_instrument
from employer_identity.measurement.definitions import definitions
from employer_identity.measurement.syntax import parse

folder, sample = Path(sys.argv[1]), Path(sys.argv[2])
def model(text):
    parse(text); definitions(text)
def toml(text):
    path = folder / "i.toml"; path.write_text(text, encoding="utf-8"); load_instrument(path)
def csv(text):
    path = folder / "a.csv"; path.write_text(text, encoding="utf-8")
    ei.load_survey(path, instrument=sample / "instrument.toml")
header = (sample / "employees.csv").read_text().split("\n")[0]
MONSTERS = {
    "twenty thousand items": (model, "f =~ " + " + ".join(f"x{i}" for i in range(20000))),
    "a line an item": (model, "f =~ " + "\n + ".join(f"x{i}" for i in range(50000))),
    "a hundred thousand lines": (model, "\n".join(f"x{i} ~~ y{i}" for i in range(100000))),
    "the same line over and over": (model, "f =~ a + b + c\n" * 100000),
    "a name of a million letters": (model, "f =~ " + "a" * 1000000 + " + b"),
    "a million operators": (model, "f " + "=~" * 1000000),
    "stars": (model, "f =~ " + "1*" * 100000 + "x"),
    "open parentheses": (model, "f =~ a*x + y\nq := " + "(" * 100000 + "a"),
    "nested parentheses": (model, "f =~ a*x + y\nq := " + "(" * 20000 + "a" + ")" * 20000),
    "minus signs": (model, "f =~ a*x + y\nq := " + "-" * 50000 + "a"),
    "powers": (model, "f =~ a*x + y\nq := a" + " ^ 9" * 20000),
    "definitions": (model, "f =~ a*x + y\n" + "\n".join(f"q{i} := a" for i in range(20000))),
    "open brackets": (toml, "a = " + "[" * 100000),
    "nested brackets": (toml, "a = " + "[" * 2000 + "]" * 2000),
    "a dotted key": (toml, ".".join(["a"] * 20000) + " = 1"),
    "tables": (toml, "\n".join(f"[t{i}]\nx = 1" for i in range(20000))),
    "a number of digits": (toml, "scale = " + "9" * 100000),
    "a string of ten million": (toml, 'name = "' + "x" * 10000000 + '"'),
    "a thousand pillars": (toml, "\n".join(f'[[pillar]]\nkey = "p{i}"' for i in range(1000))),
    "fifty thousand columns": (csv, ",".join(map(str, range(50000))) + "\n" + "1," * 49999 + "1"),
    "one line of ten million": (csv, header + "\n" + "x" * 10000000),
    "a quote that never closes": (csv, header + '\n"' + "x,1\n" * 1000000),
    "empty lines": (csv, header + "\n" * 300000),
    "commas": (csv, header + "\n" + "," * 1000000),
    "the header over and over": (csv, (header + "\n") * 20000),
    "the same number": (csv, header + "\n" + ("1," * header.count(",") + "1\n") * 20000),
}
told = {}
for name, (reader, text) in MONSTERS.items():
    began = time.process_time()
    try:
        reader(text); outcome = "read"
    except EmployerIdentityError as fault:
        outcome = "refused"
        length = len(str(fault))
        if length > 20000: outcome = f"a message of {length} letters"
    except BaseException as fault:
        outcome = f"{type(fault).__name__}: {str(fault)[:80]}"
    # of this process alone: what getrusage has was also that of the one that started it
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    told[name] = [outcome, time.process_time() - began, peak]
    print(json.dumps({name: told[name]}), file=sys.stderr, flush=True)
print(json.dumps(told))
"""
SECONDS = 5.0  # of processor within which anything is read or refused
MEGABYTES = 500


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells the peak of memory")
def test_monsters(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MONSTERS, str(tmp_path), str(SAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    for name, (outcome, seconds, megabytes) in json.loads(done.stdout).items():
        assert outcome in ("read", "refused"), (name, outcome)
        assert seconds < SECONDS, (name, seconds)
        assert megabytes < MEGABYTES, (name, megabytes)
