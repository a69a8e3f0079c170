"""Who does the work: processes of this computer, or the workers of a Dask scheduler.

A worker that dies takes only the report in its hands with it, which is tried once more.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from employer_identity.errors import Problem, ReportError
from employer_identity.language import refusal
from employer_identity.reports.kernels import end_all
from employer_identity.reports.work import Done, Order, begin, make

LIFETIME = 500
"""Reports after which a process is replaced, so that nothing grows for a whole night."""
_AGAIN = {"batch.worker_died", "report.kernel_died"}
_SECONDS = 20  # for a scheduler to answer


class _Tries:
    """Which reports are worth another try."""

    def __init__(self) -> None:
        self.made: Counter[tuple[str, str]] = Counter()

    def again(self, order: Order, done: Done) -> bool:
        """Whether the report was lost by no fault of its own, and for the first time."""
        lost = done.problem is not None and done.problem.code in _AGAIN
        self.made[order.task.language, order.task.name] += lost
        return lost and self.made[order.task.language, order.task.name] == 1


class _Place:
    """One process and the report in its hands."""

    def __init__(self) -> None:
        self.order: Order | None = None
        self.future: Future[Done] | None = None
        self.pool: ProcessPoolExecutor | None = None

    def take(self, order: Order) -> None:
        """Begin a report, in a new process where the last one died in the meantime."""
        self.order = order
        try:
            self.future = self._process().submit(make, order)
        except BrokenProcessPool:
            self.close()
            self.future = self._process().submit(make, order)

    def _process(self) -> ProcessPoolExecutor:
        if self.pool is None:
            self.pool = ProcessPoolExecutor(
                1,
                mp_context=get_context("spawn"),  # a fork would share the sockets of kernels
                initializer=begin,
                max_tasks_per_child=LIFETIME,
            )
        return self.pool

    def finish(self) -> tuple[Order, Done]:
        """Return what became of the report; a process that died is replaced at the next one."""
        assert self.order is not None
        assert self.future is not None
        order, future = self.order, self.future
        self.order = self.future = None
        try:
            return order, future.result()
        except BrokenProcessPool:
            self.close()
            return order, Done(None, Problem("batch.worker_died"))

    def close(self) -> None:
        """Let the process go once it has put down what it holds."""
        if self.pool:
            self.pool.shutdown(wait=True, cancel_futures=True)
            self.pool = None


def here(orders: Sequence[Order], jobs: int) -> Generator[tuple[Order, Done]]:
    """Make reports in processes of this computer; each is handed over when it is done."""
    waiting, tries = deque(orders), _Tries()
    places = [_Place() for _ in range(min(jobs, len(orders)))]
    try:
        while waiting or any(p.order for p in places):
            for place in places:
                if place.order is None and waiting:
                    place.take(waiting.popleft())
            futures = {p.future: p for p in places if p.future}
            for future in wait(futures, return_when=FIRST_COMPLETED).done:
                order, done = futures[future].finish()
                if tries.again(order, done):
                    waiting.append(order)
                else:
                    yield order, done
    finally:
        for place in places:
            place.close()


def there(orders: Sequence[Order], scheduler: str) -> Generator[tuple[Order, Done]]:
    """Make reports on the workers of a Dask scheduler, which see the same folder."""
    client, as_completed = _client(scheduler)
    tries = _Tries()
    with client:
        futures = {client.submit(make, order, pure=False): order for order in orders}
        coming = as_completed(list(futures))
        try:
            for future in coming:
                order = futures.pop(future)
                done = _result(future)
                if tries.again(order, done):
                    repeated = client.submit(make, order, pure=False)
                    futures[repeated] = order
                    coming.add(repeated)
                else:
                    yield order, done
        finally:
            with contextlib.suppress(OSError):  # a scheduler that is gone needs no goodbye
                client.cancel(list(futures))
                client.run(end_all)


def check(scheduler: str) -> None:
    """Refuse a scheduler that does not answer, before anything is done for it."""
    client, _ = _client(scheduler)
    client.close()


def _client(scheduler: str) -> tuple[Any, Any]:
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise refusal(ReportError, [Problem("batch.no_dask")]) from None
    try:
        return Client(scheduler, timeout=_SECONDS), as_completed
    except (OSError, ValueError):
        raise refusal(ReportError, [Problem("batch.no_scheduler", scheduler)]) from None


def _result(future: Any) -> Done:
    from distributed import KilledWorker

    try:
        done: Done = future.result()
    except KilledWorker:
        return Done(None, Problem("batch.worker_died"))
    except (CancelledError, OSError):
        return Done(None, Problem("batch.scheduler_gone"))
    return done
