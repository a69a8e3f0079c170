"""A real JupyterLab in a real browser: open a notebook, run all of it, look at what came of it.

with a_lab(folder) as lab:
    lab.open("first.ipynb")
    lab.run_all()
    assert lab.errors() == [] and lab.outside_requests() == []
    lab.theme("dark")
    lab.screenshot(path)
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import PATIENCE, Page, a_page

_OPTIONS = [
    *("--no-browser", "--ServerApp.port=0", "--ServerApp.ip=127.0.0.1"),
    *("--expose-app-in-browser", "--ServerApp.allow_root=True"),
]
_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # every cell stands in the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
_THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_WIDTH = 1300  # of the window, in pixels
_PROMPTS = """[...document.querySelectorAll('.jp-NotebookPanel .jp-CodeCell')]
    .map(cell => cell.querySelector('.jp-InputPrompt').textContent.trim())"""
_PANEL = "window.jupyterapp?.shell?.currentWidget"
_NOTEBOOK = f"{_PANEL}?.content"


class Lab:
    """One JupyterLab and the tab that looks at it."""

    def __init__(self, page: Page, address: str, token: str) -> None:
        self.page = page
        self.address = address
        self.token = token
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)  # else no cell is current
        self._size(900)

    def open(self, notebook: str) -> None:
        """Open a notebook of the folder and wait until its cells stand in the page."""
        self.page.open(f"{self.address}lab/tree/{notebook}?reset&token={self.token}")
        stands = "document.querySelectorAll('.jp-NotebookPanel .jp-Cell').length"
        read = f"{_PANEL}?.context?.isReady"  # before that it is a notebook of one empty cell
        kernel = f"{_PANEL}?.sessionContext?.session?.kernel?.connectionStatus === 'connected'"
        asked = f"{read} && {kernel} && {_PANEL}.content.model.cells.length === {stands}"
        self.wait(lambda: bool(self.page.value(asked)), "the notebook did not open")

    def run_all(self, patience: float = 420) -> None:
        """Run every cell anew; done is when each code cell that holds code has a number."""
        self.command("notebook:clear-all-cell-outputs")  # a stored number is no sign of a run
        self.wait(lambda: set(self.prompts()) <= {"[ ]:"}, "the old outputs did not go")
        self.command("notebook:run-all-cells")
        end = time.monotonic() + patience
        while not self._done():
            assert time.monotonic() < end, f"some cells got no number: {self.prompts()}"
            if self._stands_still():  # a kernel not quite there took the request and did nothing
                assert not self.errors(), f"a cell stopped the run: {self.errors()}"
                self.command("notebook:run-all-cells")

    def _done(self) -> bool:
        """Has each code cell that holds code a number?"""
        codes = [cell for cell in self.cells() if cell["cell_type"] == "code"]
        filled = ["".join(cell["source"]).strip() != "" for cell in codes]
        numbered = [re.match(r"\[\d+\]", prompt) is not None for prompt in self.prompts()]
        return all(number or not full for full, number in zip(filled, numbered, strict=True))

    def _stands_still(self, patience: float = 3) -> bool:
        """Wait until nothing has been running for a while (yes) or something runs or is done."""
        end = time.monotonic() + patience
        while not self._done():
            if any("*" in prompt for prompt in self.prompts()):
                time.sleep(0.2)
                return False
            if time.monotonic() > end:
                return True
            time.sleep(0.2)
        return False

    def command(self, name: str, **arguments: Any) -> None:
        """Give one of JupyterLab's own commands, and do not wait for what comes of it."""
        given = f"{json.dumps(name)}, {json.dumps(arguments)}"
        self.page.value(f"void window.jupyterapp.commands.execute({given})")

    def prompts(self) -> list[str]:
        """Return what stands before each code cell: ``[ ]:``, ``[*]:`` or ``[n]:``."""
        return list(self.page.value(_PROMPTS))

    def cells(self) -> list[dict[str, Any]]:
        """Return the notebook's cells as they would be saved, outputs included."""
        text = self.page.value(f"JSON.stringify({_NOTEBOOK}.model.toJSON().cells)")
        return list(json.loads(text))

    def errors(self) -> list[tuple[int, str]]:
        """Return the cells (counted from 0) that ended in an error, with its name and message."""
        return [
            (number, f"{output['ename']}: {output['evalue']}")
            for number, cell in enumerate(self.cells())
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def images(self) -> list[str]:
        """Return the alternative text of each picture that is really drawn in an output."""
        drawn = """[...document.querySelectorAll('.jp-OutputArea img')]
            .filter(image => image.naturalWidth > 0).map(image => image.alt)"""
        return list(self.page.value(drawn))

    def outside_requests(self) -> list[str]:
        """Return what the page asked of anything but this JupyterLab since it was opened."""
        sent = [event["request"]["url"] for event in self.page.seen("Network.requestWillBeSent")]
        inside = (self.address, "data:", "blob:", "about:")
        return [address for address in sent if not address.startswith(inside)]

    def theme(self, name: str) -> None:
        """Change to the ``light`` or ``dark`` theme and wait until it is there."""
        self.command("apputils:change-theme", theme=_THEMES[name])
        is_light = "document.body.dataset.jpThemeLight"
        wanted = str(name == "light").lower()
        self.wait(lambda: self.page.value(is_light) == wanted, "the theme did not change")
        time.sleep(0.5)  # its colours fade in

    def screenshot(self, path: Path) -> None:
        """Write a picture of the notebook in its whole length."""
        length = self.page.value(
            "document.querySelector('.jp-NotebookPanel-notebook .jp-WindowedPanel-inner')"
            "?.scrollHeight ?? 800"
        )
        self._size(min(int(length) + 220, 12_000))
        self.page.value(
            "void document.querySelector('.jp-NotebookPanel-notebook .jp-WindowedPanel-outer')"
            "?.scrollTo(0, 0)"  # a run leaves its last cell in view
        )
        time.sleep(0.5)
        answer = self.page.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))
        self._size(900)

    def wait(self, asked: Callable[[], bool], otherwise: str, patience: float = PATIENCE) -> None:
        """Ask again and again until the answer is yes."""
        end = time.monotonic() + patience
        while not asked():
            assert time.monotonic() < end, f"{otherwise}: {self.page.value('document.title')}"
            time.sleep(0.2)

    def _size(self, height: int) -> None:
        about = {"width": _WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.page.call("Emulation.setDeviceMetricsOverride", **about)


@contextmanager
def a_lab(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab on a folder, with settings and a process group of its own; give a tab."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
        server = _started(folder, Path(own))
        try:
            told = _told(Path(own) / "runtime", server)
            with a_page() as page:
                yield Lab(page, told["url"], told["token"])
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(10)


def _started(folder: Path, own: Path) -> subprocess.Popen[bytes]:
    places = {
        "JUPYTER_CONFIG_DIR": own / "config",
        "JUPYTER_RUNTIME_DIR": own / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": own / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": own / "workspaces",
        "IPYTHONDIR": own / "ipython",
    }
    for name, values in _SETTINGS.items():
        path = own / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlab", *_OPTIONS, f"--ServerApp.root_dir={folder}"]
    environment = os.environ | {name: str(place) for name, place in places.items()}
    with (own / "log").open("wb") as log:
        return subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def _told(runtime: Path, server: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait until the server has written down where it listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for path in runtime.glob("jpserver-*.json"):
            text = path.read_text(encoding="utf-8")
            if text.strip().endswith("}"):
                return dict(json.loads(text))
        assert server.poll() is None, "JupyterLab did not start"
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not say where it listens")
