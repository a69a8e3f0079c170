"""From what is wanted to what workers are told: shared data fitted once, then an order a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter

from employer_identity.reports import crew
from employer_identity.reports.plan import Plan
from employer_identity.reports.prepared import fitted, write_prepared
from employer_identity.reports.site import claimed, work_folder
from employer_identity.reports.stamps import Stamp
from employer_identity.reports.tasks import Task, code
from employer_identity.reports.work import Order

_TRIED = 3


def write_orders(
    folder: Path,
    due: Sequence[Task],
    plan: Plan,
    run: str,
    *,
    isolated: bool = False,
    timeout: int | None = None,
) -> list[Order]:
    """Fit what the reports share, put it where workers find it, and write their orders."""
    sha256 = {}
    for name in dict.fromkeys(task.shared for task in due):
        share = plan.shares[name]
        treated = any("group" in task.parameters for task in due)  # a study tells of it
        prepared = fitted(share.selection, share.groups, treated=treated)
        sha256[name] = write_prepared(prepared, work_folder(folder, name))
    return [
        Order(task, str(folder), run, sha256[task.shared], isolated, timeout, code())
        for task in due
    ]


def seconds_needed(
    due: Sequence[Task], stamps: Iterable[Stamp], plan: Plan, jobs: int, trial: Path
) -> float:
    """Estimate how long reports will take: as long as the last ones did, or as a few on trial.

    Parameters
    ----------
    due
        The reports; at least one.
    stamps
        Of the folder.
    jobs
        How many are made at the same time.
    trial
        An empty folder for the reports on trial.
    """
    known = sorted(stamp.seconds for stamp in stamps if stamp.template == due[0].template)
    begun = perf_counter()
    if not known:
        with claimed(trial) as run:
            orders = write_orders(trial, due[:_TRIED], plan, run)
            made = [done.stamp for _, done in crew.here(orders, 1) if done.stamp]
        known = sorted(stamp.seconds for stamp in made[1:] or made)  # the first one starts a kernel
    spent = perf_counter() - begun
    return spent + known[len(known) // 2] * len(due) / jobs if known else float("nan")
