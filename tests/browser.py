"""A Chromium that is installed here, driven by its debugging protocol; no package of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tornado.websocket import WebSocketClientConnection, websocket_connect

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, _NAMES) if path), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--remote-debugging-port=0",
]
PATIENCE = 60  # seconds; a loaded machine is slow, not wrong
_KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Backspace": (8, "")}
_KEYS |= {"ArrowUp": (38, ""), "ArrowDown": (40, ""), "Space": (32, " ")}


class Page:
    """One tab; `events` collects what it reports: loads, requests, errors, refusals."""

    def __init__(
        self, run: Callable[[Coroutine[Any, Any, Any]], Any], socket: WebSocketClientConnection
    ) -> None:
        self.run = run
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.numbers = itertools.count(1)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its answer."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        self.run(_write(self.socket, json.dumps(message)))
        while (answer := self._next()).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> None:
        """Open a page and wait until it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=address)
        while not self.seen("Page.loadEventFired"):
            self.events.append(self._next())

    def seen(self, method: str) -> list[dict[str, Any]]:
        """Return what was reported under a name since the page was opened."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def value(self, expression: str) -> Any:
        """Return what an expression in the page is; of a promise, what comes of it."""
        how = {"returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", expression=expression, **how)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def type(self, text: str) -> None:
        """Type into what has the focus, a letter at a time."""
        for letter in text:
            self._strike(letter, text=letter)

    def press(self, key: str) -> None:
        """Press and release a key that has a name."""
        code, text = _KEYS[key]
        named = text if key == "Space" else key
        self._strike(named, text=text, code=key, windowsVirtualKeyCode=code)

    def _strike(self, key: str, **about: Any) -> None:
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, **about | {"text": ""})

    def click(self, selector: str) -> None:
        """Click with the mouse in the middle of an element."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{element}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        box = self.value(f"{element}.getBoundingClientRect().toJSON()")
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def _next(self) -> dict[str, Any]:
        message = self.run(asyncio.wait_for(_read(self.socket), PATIENCE))
        assert message is not None, "the browser has gone"
        answer: dict[str, Any] = json.loads(message)
        return answer


async def _write(socket: WebSocketClientConnection, message: str) -> None:
    await socket.write_message(message)


async def _read(socket: WebSocketClientConnection) -> Any:
    return await socket.read_message()


async def _close(socket: WebSocketClientConnection) -> None:
    socket.close()
    while await socket.read_message() is not None:
        pass


@contextmanager
def a_page() -> Iterator[Page]:
    """Start the browser with settings of its own, give a tab, and end what was started."""
    assert CHROMIUM
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        browser = subprocess.Popen(command, **quiet)
        try:
            with asyncio.Runner() as runner:
                address = _address(Path(folder))
                socket = runner.run(_connect(address))
                try:
                    yield Page(runner.run, socket)
                finally:
                    runner.run(_close(socket))
        finally:
            browser.terminate()
            browser.wait(PATIENCE)


async def _connect(address: str) -> WebSocketClientConnection:
    return await websocket_connect(address, max_message_size=2**28)


def _address(folder: Path) -> str:
    """Wait until the browser says where it listens; return its tab's address."""
    told = folder / "DevToolsActivePort"
    end = time.monotonic() + PATIENCE
    while not told.exists() or not told.read_text().count("\n"):
        assert time.monotonic() < end, "Chromium did not start"
        time.sleep(0.05)
    port = told.read_text().splitlines()[0]
    with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
        tabs = json.load(answer)
    return next(str(tab["webSocketDebuggerUrl"]) for tab in tabs if tab["type"] == "page")
