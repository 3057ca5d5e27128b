"""Programs that tests start: on ports of their own, watched while they run, never left behind."""

from __future__ import annotations

import atexit
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")

_running: set[subprocess.Popen] = set()

#: All programs in the order in which they were first launched, for reports of failed tests.
launched: list[Process] = []


def eventually(check: Callable[[], Value], what: str, seconds: float = 30) -> Value:
    """Calls `check` until it returns something true, and returns that.

    The time is a bound against hanging, not an expectation of how fast anything is.
    """
    end = time.monotonic() + seconds
    while not (value := check()):
        if time.monotonic() > end:
            raise AssertionError(f"still not so after {seconds} s: {what}")
        time.sleep(0.01)
    return value


def free_port() -> int:
    """A port that nothing listens on.

    Taken from below the range out of which the kernel serves clients: there, a client that keeps
    trying to reach a server that is down can connect to itself and take the server's port away.
    """
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Process:
    """One program with its output in files; it can be started again after it has ended."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.output_file = directory / f"{name}.out"
        self.error_file = directory / f"{name}.err"
        self._child: subprocess.Popen | None = None

    def launch(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        """Starts the program; what earlier runs wrote stays in the files."""
        assert not self.is_running, f"{self.name} runs already"
        with open(self.output_file, "ab") as output, open(self.error_file, "ab") as errors:
            self._output_start = output.tell()
            self._child = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=self.directory,
                env=dict(environment),
            )
        _running.add(self._child)
        if self not in launched:
            launched.append(self)

    @property
    def pid(self) -> int:
        assert self._child is not None, f"{self.name} was never started"
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def output(self) -> str:
        """What the present run has written to standard output."""
        with open(self.output_file, "rb") as file:
            file.seek(self._output_start)
            return file.read().decode(errors="replace")

    @property
    def errors(self) -> str:
        """What all runs have written to standard error."""
        return self.error_file.read_text(errors="replace")

    def until(self, check: Callable[[], Value], what: str, seconds: float = 60) -> Value:
        """Waits like `eventually`, but no longer than the program lives."""

        def checked() -> Value:
            value = check()
            if not value and not self.is_running:
                code = self._child.returncode if self._child else None
                raise AssertionError(f"{self.name} ended with {code} before: {what}\n{self.tail}")
            return value

        return eventually(checked, f"{self.name}: {what}", seconds)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float = 30) -> int:
        """The exit code of the program, which must end by itself."""
        assert self._child is not None
        try:
            code = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {seconds} s\n{self.tail}") from None
        _running.discard(self._child)
        return code

    def kill(self) -> None:
        """Ends the program at once, as a crash would."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        _running.discard(self._child)

    @property
    def tail(self) -> str:
        """The last lines that the program wrote, for the report of a failed test."""
        parts = []
        for file in (self.output_file, self.error_file):
            if file.exists():
                lines = file.read_text(errors="replace").splitlines()[-30:]
                parts.append(f"--- {file.name}\n" + "\n".join(lines))
        return "\n".join(parts)


@atexit.register
def _end_what_is_left() -> None:
    for child in list(_running):
        child.kill()
        child.wait()
