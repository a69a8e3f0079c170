"""The papermill engine ``employer-identity``: notebooks one after the other in the same kernel.

papermill itself loads this room, by its entry point, while it is being imported; nothing here does.
"""

from __future__ import annotations

import os
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger

from employer_identity.reports.kernels import STARTING, drop, ready


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
        place = options.get("resources", {}).get("metadata", {}).get("path") or os.getcwd()
        kernel = ready(nb_man.nb, place, {k: v for k, v in options.items() if k in STARTING})
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
