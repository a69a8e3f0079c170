"""Reports of many employers: `batch` beside stock papermill and nbconvert.

    python benchmarks/batches.py             200 reports of each, 1,000 of ours for the memory
    python benchmarks/batches.py --reports 10 --memory 0
    python benchmarks/batches.py --write     and put the table into README.md

Both make the same employer reports (HTML) of a simulated national study, from the same folder of
prepared data. Stock is one process that calls `papermill.execute_notebook` and one nbconvert
exporter, a report after the other; ours are two processes with warm kernels. The run fails where a
page differs by a byte. Processor time is that of every process below, kernels included; what the
cells need by themselves is counted inside a warm kernel and taken from both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

import nbformat
import psutil

from employer_identity.designs import NATIONAL
from employer_identity.loading import load_survey
from employer_identity.reports.orders import write_orders
from employer_identity.reports.places import notebooks
from employer_identity.reports.plan import make_plan, sets_by
from employer_identity.reports.site import claimed
from employer_identity.reports.stamps import STATE
from employer_identity.reports.work import Order
from employer_identity.studies import write_study

TEMPLATE, REPORTS, MEMORY, JOBS = "employer_report", 200, 1000, 2
README = Path(__file__).parent / "README.md"
STOCK = """
import json, sys
from pathlib import Path
import papermill
from employer_identity.reports.render import export
for name, template, parameters, work, folder in json.loads(Path(sys.argv[1]).read_text()):
    notebook = papermill.execute_notebook(
        template, f"{folder}/{name}.ipynb", parameters=parameters, cwd=work, progress_bar=False
    )
    (Path(folder) / f"{name}.html").write_text(export(notebook), encoding="utf-8")
"""
OURS = """
import pickle, sys
from pathlib import Path
from employer_identity.reports.crew import here
if __name__ == "__main__":
    orders = pickle.loads(Path(sys.argv[1]).read_bytes())
    for k, (_, done) in enumerate(here(orders, int(sys.argv[2]))):
        assert done.stamp, done.problem
"""
FIRST = """
import time
class Clock:
    spent = begun = 0.0
    def begin(self, *_, time=time):
        self.begun = time.process_time()
    def end(self, *_, time=time):
        self.spent += time.process_time() - self.begun
if not hasattr(time, "of_cells"):
    time.of_cells = Clock()
    get_ipython().events.register("pre_run_cell", time.of_cells.begin)
    get_ipython().events.register("post_run_cell", time.of_cells.end)
time.of_cells.spent, time.of_cells.begun = 0.0, time.process_time()
"""
LAST = "import time; print(time.of_cells.spent)"


def processor() -> float:
    """Seconds of processor of all processes below that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command: list[str], every: float = 1.0) -> tuple[float, float, list[float]]:
    """Run a program; return its processor time, its clock time, and its memory now and then."""
    before, begun, memory = processor(), time.perf_counter(), []
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    program = subprocess.Popen(command, env=environment)
    watched = psutil.Process(program.pid)
    while True:
        try:
            program.wait(every)
            break
        except subprocess.TimeoutExpired:
            memory.append(held(watched))
    assert program.returncode == 0, program.returncode
    return processor() - before, time.perf_counter() - begun, memory


def held(process: psutil.Process) -> float:
    """MiB that a process and all below it hold; what they share is divided among them."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


def cells(orders: list[Order], work: Path) -> float:
    """Seconds of processor that the cells of one report need by themselves, in a warm kernel."""
    import papermill

    template = nbformat.read(notebooks()[TEMPLATE], 4)
    first, last = (nbformat.v4.new_code_cell(text) for text in (FIRST, LAST))
    template.cells = [*template.cells, last]
    template.cells.insert(0, first)
    path, found = work / "timed.ipynb", []
    nbformat.write(template, path)
    for order in orders:
        told = {**order.task.parameters, "prepared": ".", "sha256": order.sha256}
        notebook = papermill.execute_notebook(
            path, None, told, engine_name="employer-identity", progress_bar=False,
            resources={"metadata": {"path": str(work)}},
        )  # fmt: skip
        found.append(float(notebook.cells[-1].outputs[0].text))
    return median(found[1:])


def stock(orders: list[Order], work: Path, folder: Path) -> tuple[float, float, list[float]]:
    """Make the reports with papermill and nbconvert as they are."""
    folder.mkdir()
    told = [
        (o.task.name, str(notebooks()[TEMPLATE]),
         {**o.task.parameters, "prepared": ".", "sha256": o.sha256}, str(work), str(folder))
        for o in orders
    ]  # fmt: skip
    listed = folder / "orders.json"
    listed.write_text(json.dumps(told), encoding="utf-8")
    return run([sys.executable, "-c", STOCK, str(listed)])


def ours(orders: list[Order], folder: Path) -> tuple[float, float, list[float]]:
    """Make the reports in processes with warm kernels."""
    import pickle

    script, listed = folder / STATE / "ours.py", folder / STATE / "orders.pickle"
    script.write_text(OURS, encoding="utf-8")
    listed.write_bytes(pickle.dumps(orders))
    return run([sys.executable, str(script), str(listed), str(JOBS)])


def main() -> None:
    """Make the reports both ways, compare them, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=REPORTS)
    parser.add_argument("--memory", type=int, default=MEMORY)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        lines = measured(Path(place), asked.reports, asked.memory)
    text = "\n".join(lines)
    print(text)
    if asked.write:
        old = README.read_text(encoding="utf-8")
        block = f"<!-- batches -->\n{text}\n<!-- end of batches -->"
        new = re.sub(r"<!-- batches -->.*<!-- end of batches -->", lambda _: block, old, flags=re.S)
        README.write_text(new, encoding="utf-8")


def measured(place: Path, reports: int, memory: int) -> list[str]:
    """Return the table."""
    study = write_study(NATIONAL, place / "study")[0].parent
    survey = load_survey(study / "employees.csv", instrument=study / "instrument.toml")
    sets = sets_by(survey, TEMPLATE, "employer", {})
    plan = make_plan(survey, TEMPLATE, sets, {}, ["nl", "en"], ("html",))
    shown = [t for t in plan.tasks if not t.problem]
    dutch = [t for t in shown if t.language == "nl"][:reports]
    folder = place / "ours"
    with claimed(folder) as name:
        begun = time.process_time()
        orders = write_orders(folder, dutch, plan, name)
        prepared = time.process_time() - begun
        work = folder / STATE / "work" / orders[0].task.shared
        own = cells(orders[:20], work)
        s_cpu, s_clock, s_memory = stock(orders, work, place / "stock")
        o_cpu, o_clock, o_memory = ours(orders, folder)
        differ = [
            o.task.name for o in orders
            if (folder / "nl" / f"{o.task.name}.html").read_bytes()
            != (place / "stock" / f"{o.task.name}.html").read_bytes()
        ]  # fmt: skip
        assert not differ, differ
        flat = flatness(shown, orders[0], folder, memory) if memory else []
    n = len(orders)
    rows = [
        row("papermill and nbconvert", s_cpu / n, own, s_clock / n, max(s_memory)),
        row(f"batch, {JOBS} processes", o_cpu / n, own, o_clock / n, max(o_memory)),
    ]
    beyond = (s_cpu - n * own) / (o_cpu - n * own)
    return [
        f"{n} reports; cells by themselves {own:.3f} s of processor a report; "
        f"prepared once for both in {prepared:.1f} s.",
        "",
        "| program | processor s a report | beyond the cells | clock s a report | peak MiB |",
        "|---|--:|--:|--:|--:|",
        *rows,
        f"| times ours | {s_cpu / o_cpu:.1f} | {beyond:.1f} | {s_clock / o_clock:.1f} | |",
        "",
        *flat,
        f"{date.today()}; {os.cpu_count()} cores; Python {platform.python_version()}.",
    ]


def row(program: str, spent: float, own: float, clock: float, peak: float) -> str:
    """Return a row of the table."""
    return f"| {program} | {spent:.2f} | {spent - own:.2f} | {clock:.2f} | {peak:.0f} |"


def flatness(shown: list, first: Order, folder: Path, count: int) -> list[str]:
    """Make ever more reports and say what memory they took, tenth by tenth."""
    from dataclasses import replace

    tasks = (shown * (count // len(shown) + 1))[:count]
    _, clock, memory = ours([replace(first, task=task) for task in tasks], folder)
    tenths = [memory[k * len(memory) // 10 : (k + 1) * len(memory) // 10] for k in range(10)]
    told = ", ".join(f"{median(t):.0f}" for t in tenths)
    return [f"{count} reports in {clock / 60:.1f} minutes; MiB, median by tenth: {told}.", ""]


if __name__ == "__main__":
    main()
