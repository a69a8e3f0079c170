"""One command for everything: set up the project's own environment, then do a task in it.

    python3 run.py report    make the report of the sample survey and print where it is
    python3 run.py test      run the tests (add --all for the slow ones too)
    python3 run.py lowest    run the tests with the lowest versions of the packages that are allowed
    python3 run.py lab       open a copy of the workshop in JupyterLab (lab en: in English;
                             lab explore: the researcher's tour)
    python3 run.py sample    write data/sample again
    python3 run.py workshop  write notebooks/workshop again, with what its cells show
    python3 run.py validate  run the simulation studies; docs/validation.md
    python3 run.py docs      make the documentation site and print where it is

What follows the task is handed on: `python3 run.py report --language en`. Only Python is needed;
the packages go into .venv beside this file, once, and nowhere else.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (an older Python must hear why it is refused)
    sys.exit(
        "This needs Python 3.11, 3.12 or 3.13, and this is Python %s.\n"  # noqa: UP031
        "Install a newer one, or name one you have: python3.12 run.py report"
        % sys.version.split()[0]
    )

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "employer-identity.stamp"
LOWEST = ROOT / "build" / "lowest"  # an environment with the lowest versions
REQUIREMENTS = ("-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[docs,test]")
TIER_ONE = "not slow and not browser"
FIRST_NOTEBOOK = ROOT / "notebooks" / "explore" / "01_first_look.ipynb"
CLASSROOM = ROOT / "my_workshop"  # a copy to work in, by language; never overwritten
INTERRUPTED = 130


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def tell(message: str) -> None:
    """Speak to the person; standard output is kept for a task's own answer."""
    print(message, file=sys.stderr, flush=True)


def program(name: str, environment: Path = VENV) -> Path:
    """Return where an environment keeps a program."""
    if os.name == "nt":
        return environment / "Scripts" / f"{name}.exe"
    return environment / "bin" / name


def identity() -> str:
    """Name the Python and the place an environment belongs to; it works with no other."""
    return f"{sys.version.split()[0]} {sys.implementation.name} {ROOT}"


def wanted() -> str:
    """Digest of all that decides what is installed."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamped() -> list[str]:
    """Read the stamp: whose environment it is, then what has been installed in it."""
    return STAMP.read_text(encoding="utf-8").splitlines() if STAMP.exists() else []


def stamp(*installed: str) -> None:
    """Write the stamp in one go, so that an interruption leaves the old one or the new one."""
    part = STAMP.with_suffix(".part")
    part.write_text("\n".join((identity(), *installed)) + "\n", encoding="utf-8")
    part.replace(STAMP)


def run_quietly(*command: str) -> bool:
    """Run one step of the set-up; True when it succeeded."""
    environment = {
        **os.environ,
        "UV_SYSTEM_CERTS": "1",  # behind a company's proxy only the system's certificates will do
        "UV_NATIVE_TLS": "1",  # the same under its older name
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return subprocess.run(command, env=environment, stdout=sys.stderr).returncode == 0


def make_venv() -> None:
    """Make an empty .venv that belongs to this Python and this folder."""
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        version = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(
            "This Python cannot make a virtual environment: venv or ensurepip is missing.\n"
            f"On Debian or Ubuntu: sudo apt install python3-venv, or python{version}-venv."
        )
    if VENV.exists() and not STAMP.exists():
        raise SetupError(
            f"{VENV} is there already, and not from this command.\n"
            "Rename or delete it, and run this again."
        )
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir(exist_ok=True)
    stamp()  # first of all: an environment left half-made is known as ours
    if not run_quietly(sys.executable, "-m", "venv", str(VENV)):
        raise SetupError(f"No virtual environment could be made in {VENV}: see above.")


def install() -> None:
    """Install the package in the environment with uv, or else with pip."""
    python = str(program("python"))
    pip = (python, "-m", "pip", "install", "--quiet", "--retries", "2")
    uv = str(program("uv"))
    if (Path(uv).exists() or run_quietly(*pip, "uv")) and run_quietly(
        uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *REQUIREMENTS
    ):
        return
    tell("uv did not manage; once more with pip, which takes longer ...")
    if not run_quietly(*pip, *REQUIREMENTS):
        raise SetupError(
            "The packages could not be installed: see above for the reason.\n"
            "Is there a network connection? Behind a proxy, set HTTPS_PROXY.\n"
            "Run the same command again and it goes on from here."
        )


def set_up() -> None:
    """Bring .venv up to date; at once when there is nothing to do."""
    complete = program("python").exists()
    if complete and stamped() == [identity(), wanted()]:
        return
    tell("Setting up .venv; the first time this takes about a minute ...")
    if not complete or stamped()[:1] != [identity()]:
        make_venv()
    stamp()
    install()
    stamp(wanted())


@contextlib.contextmanager
def interrupts_go_to_the_task() -> Iterator[None]:
    """Leave Ctrl-C to the task, which gets it too and may ask before it stops."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def hand_over(command: Sequence[str | Path], **environment: str) -> int:
    """Run the task itself and hand its exit code through."""
    with interrupts_go_to_the_task():
        code = subprocess.call([str(c) for c in command], env={**os.environ, **environment})
    return code if code >= 0 else 128 - code


def report(arguments: list[str]) -> int:
    """Make the report of the sample survey."""
    set_up()
    return hand_over([program("employer-identity"), "report", "employer_brand_study", *arguments])


def test(arguments: list[str]) -> int:
    """Run the tests: the first tier, or with --all every one."""
    set_up()
    return run_tests(program("python"), arguments)


def run_tests(python: Path, arguments: list[str]) -> int:
    """Run the tests with the Python of an environment."""
    os.chdir(ROOT)
    everything = "--all" in arguments
    handed_on = [a for a in arguments if a != "--all"]
    tier = [] if everything else ["-m", TIER_ONE]
    workers = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    return hand_over(
        [python, "-m", "pytest", *workers, *tier, *handed_on],
        OMP_NUM_THREADS="1",  # two workers on two cores: a third thread only waits
        OPENBLAS_NUM_THREADS="1",
        PYTHONDONTWRITEBYTECODE="",  # a hundred kernels start: compile the package once
    )


def lowest(arguments: list[str]) -> int:
    """Run the tests with the lowest versions of the packages that are asked for."""
    set_up()
    uv, python = str(program("uv")), program("python", LOWEST)
    chosen = ("--quiet", "--resolution", "lowest-direct", "--python", str(python))
    if not (
        Path(uv).exists()
        and run_quietly(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(LOWEST))
        and run_quietly(uv, "pip", "install", *chosen, "-e", f"{ROOT}[test]")
    ):
        raise SetupError("The lowest versions could not be installed with uv: see above.")
    aged = ("DeprecationWarning", "PendingDeprecationWarning")  # of old packages about newer ones
    allowed = [part for name in aged for part in ("-W", f"default::{name}")]
    return run_tests(python, [*allowed, *arguments])


def lab(arguments: list[str]) -> int:
    """Open JupyterLab at the workshop's first notebook (nl, en), or at the tour's (explore)."""
    set_up()
    os.chdir(ROOT)
    first, *rest = arguments or ["nl"]
    if first in ("nl", "en"):
        folder = CLASSROOM / first
        if not folder.exists() and (code := copy_workshop(folder, first)):
            return code
        first = str(min(folder.glob("*.ipynb"), default=folder))
    elif first == "explore":
        first = str(FIRST_NOTEBOOK)
    everything = f"--ServerApp.root_dir={ROOT}"  # not only the folder of the first notebook
    return hand_over([program("python"), "-m", "jupyterlab", everything, first, *rest])


def copy_workshop(folder: Path, language: str) -> int:
    """Put a copy of the workshop in a folder."""
    return hand_over([program("employer-identity"), "workshop", folder, "--language", language])


def sample(arguments: list[str]) -> int:
    """Write the sample survey again, byte for byte, or into another folder."""
    set_up()
    folder = Path(*arguments) if arguments else ROOT / "data" / "sample"
    code = (
        "from employer_identity.designs import SAMPLE\n"
        "from employer_identity.studies import write_study\n"
        f"write_study(SAMPLE, {str(folder)!r}, replace=True)"
    )
    return hand_over([program("python"), "-c", code])


def workshop(arguments: list[str]) -> int:
    """Write notebooks/workshop again, or into another folder: built, run, with their outputs."""
    set_up()
    folder = Path(*arguments) if arguments else ROOT / "notebooks" / "workshop"
    code = f"from employer_identity.workshop.running import write_all\nwrite_all({str(folder)!r})"
    return hand_over([program("python"), "-c", code])


def validate(arguments: list[str]) -> int:
    """Run the simulation studies that are not stored yet, and write docs/validation.md."""
    set_up()
    os.chdir(ROOT)
    return hand_over([program("python"), "-m", "validation", *arguments])


def docs(arguments: list[str]) -> int:
    """Make the documentation site; every warning is an error (not so with mkdocs' --quiet)."""
    set_up()
    os.chdir(ROOT)
    build = [program("python"), "-m", "mkdocs", "build", "--strict", *arguments]
    code = hand_over(build, NO_MKDOCS_2_WARNING="1")
    if code == 0:
        print(ROOT / "build" / "site" / "index.html")
    return code


TASKS = {
    "report": report,
    "test": test,
    "lowest": lowest,
    "lab": lab,
    "sample": sample,
    "workshop": workshop,
    "validate": validate,
    "docs": docs,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one task; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS, metavar=" | ".join(TASKS))
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="handed on to the task")
    given = parser.parse_args(arguments)
    try:
        return TASKS[given.task](given.rest)
    except SetupError as error:
        tell(str(error))
        return 1
    except KeyboardInterrupt:
        tell("\nStopped. Run the same command again and it goes on from here.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
