"""Tollgate itself: the binary as it is shipped, on free ports, with a data directory of its own."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .admin import Admin
from .process import Process, free_port

REPOSITORY = Path(__file__).resolve().parents[3]

_ready_line = re.compile(r"^tollgate ready rpc=(\S+) http=(\S+)$", re.MULTILINE)


def binary() -> Path:
    """The program under test: TOLLGATE_BINARY, or the release build."""
    path = Path(os.environ.get("TOLLGATE_BINARY") or REPOSITORY / ".build/release/tollgate")
    assert path.is_file(), f"no program at {path}: swift build -c release --product tollgate"
    return path.resolve()


def clean_environment(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """The variables of this process without those that would configure Tollgate."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TOLLGATE_")}
    return kept | dict(extra)


def run(
    *arguments: str | Path,
    environment: Mapping[str, str] = {},
    directory: Path | None = None,
    text: str = "",
    seconds: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end, with `text` on its standard input, and returns what it said."""
    return subprocess.run(
        [str(binary()), *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        cwd=directory,
        env=clean_environment(environment),
        timeout=seconds,
    )


class Tollgate(Process):
    """A server that keeps its ports, its data and its administrator over restarts."""

    def __init__(
        self,
        directory: Path,
        *flags: str | Path,
        environment: Mapping[str, str] = {},
        through: Sequence[str] = (),
        rpc_listen: str | None = None,
        http_listen: str | None = None,
        admin_key: str | None = None,
    ) -> None:
        super().__init__("tollgate", directory)
        self.data = directory / "data"
        self.rpc_listen = rpc_listen or f"127.0.0.1:{free_port()}"
        self.http_listen = http_listen or f"127.0.0.1:{free_port()}"
        self.admin_key = admin_key or "e2e-admin-" + secrets.token_hex(16)
        self.rpc = self.http = ""
        self._flags = flags
        self.environment = dict(environment)
        # The program that becomes the server, and its arguments.
        self.through = through

    def launch_only(self, with_defaults: bool = True) -> None:
        """Starts the server without waiting until it is ready.

        Without defaults, it is given nothing but the flags and variables that the test has chosen.
        """
        flags, environment = list(self._flags), self.environment
        if with_defaults:
            flags += ["--data-dir", self.data]
            flags += ["--rpc-listen", self.rpc_listen, "--http-listen", self.http_listen]
            environment = {"TOLLGATE_ADMIN_KEY": self.admin_key, **environment}
        self.launch([*self.through, binary(), "serve", *flags], clean_environment(environment))

    def start(self) -> Tollgate:
        """Starts the server and waits until it says that it is ready."""
        self.launch_only()
        ready = self.until(lambda: _ready_line.search(self.output), "the ready line")
        self.rpc, self.http = ready.groups()
        return self

    def terminate(self) -> int:
        """Asks the server to end, and returns its exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def restart(self) -> None:
        """Crashes the server, if it still runs, and starts it again."""
        self.kill()
        self.start()

    @property
    def admin(self) -> Admin:
        """A client of the management API with all permissions."""
        return Admin(f"http://{self.http}", self.admin_key)

    def status_of(self, path: str) -> int:
        """The status with which the management listener answers a request without a key."""
        return Admin(f"http://{self.http}", None).call("GET", path).status_code

    def command(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Runs one of the commands that talk to this server."""
        environment = {"TOLLGATE_URL": f"http://{self.http}", "TOLLGATE_ADMIN_KEY": self.admin_key}
        environment |= options.pop("environment", {})
        return run(*arguments, environment=environment, **options)
