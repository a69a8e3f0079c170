"""Kernels that stay warm: starting one and importing costs more than a report.

One kernel a thread, so one a worker. Names are cleared between notebooks, what modules have loaded
stays; after a failure, or after `LIFETIME` notebooks, the next one gets a new kernel.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from dataclasses import dataclass
from queue import Empty
from typing import Any

from nbclient import NotebookClient

LIFETIME = 50
"""Notebooks after which a kernel is replaced, so that nothing grows for a whole night."""
_SECONDS = 5  # for a kernel to end
_PATIENCE = 30  # seconds for a kernel that lives to be cleared

_CLEAR = """
import os
os.chdir({folder!r})
get_ipython().reset(new_session=True)
import sys
if "matplotlib" in sys.modules:
    sys.modules["matplotlib"].rcdefaults()
if "matplotlib.pyplot" in sys.modules:
    sys.modules["matplotlib.pyplot"].close("all")
del sys
"""
STARTING = ("kernel_name", "startup_timeout", "extra_arguments", "log", "nest_asyncio")


@dataclass
class Kernel:
    """A running kernel with its client, and how many notebooks it has run."""

    name: str
    manager: Any
    client: Any
    used: int = 0


_kernels: dict[int, Kernel] = {}  # by thread


def ready(notebook: Any, folder: str, starting: dict[str, Any]) -> Kernel:
    """Return this thread's kernel, cleared; a new one where there is none to go on with.

    Parameters
    ----------
    notebook
        What it is to run.
    folder
        Where it works.
    starting
        Options of a new kernel, of the names in `STARTING`.
    """
    kernel = _kernels.get(threading.get_ident())
    if kernel and kernel.name == starting["kernel_name"] and kernel.used < LIFETIME:
        with contextlib.suppress(Exception):  # whatever is wrong with it, a new one will do
            if _cleared(kernel, folder):
                return kernel
    drop()
    starter = NotebookClient(notebook, **starting)
    starter.create_kernel_manager()
    starter.start_new_kernel(cwd=folder)
    starter.start_new_kernel_client()
    fresh = Kernel(starting["kernel_name"], starter.km, starter.kc)
    _kernels[threading.get_ident()] = fresh
    return fresh


def _cleared(kernel: Kernel, folder: str) -> bool:
    """Clear the names of the last notebook and go to a folder; whether that worked."""
    from jupyter_core.utils import run_sync

    async def clear() -> bool:
        code = _CLEAR.format(folder=folder)
        message = kernel.client.execute(code, silent=True, store_history=False)
        for _ in range(_PATIENCE):
            if not await kernel.client.is_alive():
                break
            with contextlib.suppress(Empty):
                reply = await kernel.client.get_shell_msg(timeout=1)
                if reply["parent_header"].get("msg_id") == message:
                    return bool(reply["content"]["status"] == "ok")
        return False

    return bool(run_sync(clear)())


def drop() -> None:
    """End this thread's kernel at once."""
    kernel = _kernels.pop(threading.get_ident(), None)
    if kernel is None:
        return
    from jupyter_core.utils import run_sync

    with contextlib.suppress(Exception):  # it may be dead already
        kernel.client.stop_channels()
        run_sync(kernel.manager.shutdown_kernel)(now=True)


@atexit.register
def end_all() -> None:
    """End the kernels of all threads; one that is asked for again is replaced."""
    for kernel in list(_kernels.values()):
        with contextlib.suppress(Exception):
            process = kernel.manager.provisioner.process
            process.terminate()
            process.wait(_SECONDS)
