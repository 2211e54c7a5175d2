# SPDX-License-Identifier: MIT
"""A headless Chromium spoken to through its debugging pipe, so that the page is opened exactly as it is."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
    "--window-size=1280,900",
)


def find():
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """Context manager; `open` returns after the page's load event."""

    def __enter__(self):
        self.profile = tempfile.mkdtemp()
        to_browser, self.write_fd = os.pipe()
        self.read_fd, from_browser = os.pipe()

        def connect():  # the browser reads from descriptor 3 and writes to 4
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.child = subprocess.Popen(
            [find(), *FLAGS, f"--user-data-dir={self.profile}", "about:blank"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=connect, close_fds=False,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.number, self.events, self.session = b"", 0, [], None
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self.write_fd)
        os.close(self.read_fd)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _message(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_fd], [], [], max(0.0, deadline - time.monotonic()))
            block = os.read(self.read_fd, 1 << 16) if ready else b""
            if not block:
                raise TimeoutError("the browser does not answer")
            self.buffer += block
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, timeout=90, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.write_fd, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            message = self._message(deadline)
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def wait_for(self, event, timeout=90):
        deadline = time.monotonic() + timeout
        while not any(message.get("method") == event for message in self.events):
            self.events.append(self._message(deadline))

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def complaints(self):
        """Errors and warnings of the console, uncaught exceptions, failed loads."""
        self.evaluate("1")  # whatever was on its way has arrived before the answer
        found = []
        for message in self.events:
            method, parameters = message.get("method"), message.get("params", {})
            bad_call = method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert")
            bad_entry = method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning")
            if bad_call or bad_entry or method in ("Runtime.exceptionThrown", "Network.loadingFailed"):
                found.append(parameters)
        return found

    def requests(self):
        return [m["params"]["request"]["url"] for m in self.events if m.get("method") == "Network.requestWillBeSent"]
