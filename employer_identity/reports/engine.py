"""A papermill engine that keeps its kernel: starting one and importing costs more than a report.

One kernel a thread, so one a worker. Names are cleared between notebooks, what modules have loaded
stays; after a failure, or after `LIFETIME` notebooks, the next one gets a new kernel. Registered
with papermill as ``employer-identity``.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from dataclasses import dataclass
from typing import Any

from nbclient import NotebookClient
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger

NAME = "employer-identity"
LIFETIME = 50
"""Notebooks after which a kernel is replaced, so that nothing grows for a whole night."""

_CLEAR = """
get_ipython().reset(new_session=True)
import sys
if "matplotlib" in sys.modules:
    sys.modules["matplotlib"].rcdefaults()
if "matplotlib.pyplot" in sys.modules:
    sys.modules["matplotlib.pyplot"].close("all")
del sys
"""
_STARTING = ("kernel_name", "startup_timeout", "extra_arguments", "log", "nest_asyncio")


@dataclass
class _Kernel:
    """A running kernel with its client, and how many notebooks it has run."""

    name: str
    manager: Any
    client: Any
    used: int = 0


_own = threading.local()


class WarmEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Run notebooks one after the other in the same kernel."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Execute the cells of a notebook; called by papermill."""
        options = {
            **{k: v for k, v in kwargs.items() if k not in ("input_path", "timeout")},
            "kernel_name": kernel_name,
            "startup_timeout": start_timeout,
            "timeout": execution_timeout,
            "log_output": log_output,
            "stdout_file": stdout_file,
            "stderr_file": stderr_file,
            "log": logger,
        }
        kernel = _ready(nb_man.nb, {k: v for k, v in options.items() if k in _STARTING})
        client = PapermillNotebookClient(nb_man, km=kernel.manager, **options)
        client.kc = kernel.client
        kernel.used += 1
        try:
            notebook = client.execute()
        except BaseException:
            drop()
            raise
        if any(o.output_type == "error" for c in notebook.cells for o in c.get("outputs", [])):
            drop()  # who knows what it left behind
        return notebook


def _ready(notebook: Any, starting: dict[str, Any]) -> _Kernel:
    """Return this thread's kernel, cleared; a new one where there is none to go on with."""
    kernel: _Kernel | None = getattr(_own, "kernel", None)
    if kernel and kernel.name == starting["kernel_name"] and kernel.used < LIFETIME:
        with contextlib.suppress(Exception):  # whatever is wrong with it, a new one will do
            if _cleared(kernel):
                return kernel
    drop()
    starter = NotebookClient(notebook, **starting)
    starter.create_kernel_manager()
    starter.start_new_kernel()
    starter.start_new_kernel_client()
    _own.kernel = _Kernel(starting["kernel_name"], starter.km, starter.kc)
    atexit.register(drop)
    return _own.kernel  # type: ignore[no-any-return]


def _cleared(kernel: _Kernel) -> bool:
    """Clear the names of the last notebook; whether that worked."""
    from jupyter_core.utils import run_sync

    async def clear() -> bool:
        if not await kernel.client.is_alive():
            return False
        message = kernel.client.execute(_CLEAR, silent=True, store_history=False)
        while True:
            reply = await kernel.client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == message:
                return bool(reply["content"]["status"] == "ok")

    return bool(run_sync(clear)())


def drop() -> None:
    """End this thread's kernel at once."""
    kernel: _Kernel | None = getattr(_own, "kernel", None)
    _own.kernel = None
    if kernel is None:
        return
    from jupyter_core.utils import run_sync

    with contextlib.suppress(Exception):  # it may be dead already
        kernel.client.stop_channels()
        run_sync(kernel.manager.shutdown_kernel)(now=True)
