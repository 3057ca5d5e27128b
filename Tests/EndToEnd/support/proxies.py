"""The proxies of `examples/`, run as they are but for ports and folders."""

from __future__ import annotations

import json
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import requests

from .admin import TIMEOUT, Key
from .envoy import Reply, binary as envoy_binary
from .process import Process, free_port
from .provider import LIVE, TEST_ID, Call, Provider
from .tollgate import REPOSITORY, clean_environment

EXAMPLES = REPOSITORY / "examples"


@dataclass(frozen=True)
class Example:
    """A configuration in `examples/`, and what stands for its file in the command that runs it."""

    name: str
    configuration: str
    command: tuple[str, ...]
    #: Whether Tollgate is shown the bodies of requests, or what is in them.
    shows_bodies: bool
    #: Whether Tollgate is told what an answer says of its use.
    reports_usage: bool = False
    #: Whether that holds for answers whose clients have hung up as well.
    reports_aborted: bool = False
    #: Whether the provider is told the reservation.
    names_reservation: bool = True


#: How nginx is started with a file; it stays one process, whose end is seen.
NGINX = (
    "nginx", "-p", ".", "-e", "stderr", "-c", "{}", "-g", "daemon off; master_process off;",
)  # fmt: skip
_ENVOY = (
    "envoy", "--config-path", "{}", "--concurrency", "1", "--disable-hot-restart",
    "--log-level", "warning",
)  # fmt: skip

ALL = [
    Example("nginx", "nginx/auth_request.conf", NGINX, shows_bodies=False),
    Example(
        "nginx-njs", "nginx/tollgate-njs.conf", NGINX,
        shows_bodies=True, reports_usage=True, reports_aborted=True,
    ),
    Example(
        "nginx-lua", "nginx/tollgate-lua.conf", NGINX,
        shows_bodies=True, reports_usage=True, reports_aborted=True,
    ),
    Example("envoy-http", "envoy/http-service.yaml", _ENVOY, shows_bodies=True),
    Example(
        "envoy-tour", "envoy/tour.yaml", _ENVOY, shows_bodies=True, names_reservation=False,
    ),
    Example(
        "envoy", "envoy/usage.yaml", _ENVOY,
        shows_bodies=True, reports_usage=True, reports_aborted=True, names_reservation=False,
    ),
    Example(
        "envoy-ai", "envoy/ai-filter.yaml", _ENVOY,
        shows_bodies=True, reports_usage=True, names_reservation=False,
    ),
    Example(
        "haproxy", "haproxy/haproxy.cfg", ("haproxy", "-db", "-f", "{}"),
        shows_bodies=True, reports_usage=True, reports_aborted=True,
    ),
    Example(
        "caddy", "caddy/Caddyfile",
        ("caddy", "run", "--config", "{}", "--adapter", "caddyfile"), shows_bodies=False,
    ),
]  # fmt: skip

BY_NAME = {example.name: example for example in ALL}


class Proxy(Process):
    """A proxy in front of the provider, and its clients."""

    def __init__(
        self, example: Example, directory: Path, configuration: Path, provider: Provider
    ) -> None:
        super().__init__(example.name, directory)
        self.example = example
        self.port = free_port()
        self.provider = provider
        self._configuration = configuration
        self._session = requests.Session()
        self._session.trust_env = False

    def start(self) -> Self:
        file = str(self._configuration)
        words = [file if word == "{}" else word for word in self.example.command]
        if words[0] == "envoy":
            words[0] = str(envoy_binary())
        home = {"HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory)}
        self.launch(words, clean_environment(home))
        self.until(lambda: listens(self.port), "its port")
        return self

    def ask(
        self,
        key: Key | str | None = None,
        *,
        method: str = "POST",
        path: str = "/v1/chat/completions",
        headers: Mapping[str, str] = {},
        form: Mapping[str, tuple[str | None, str]] | None = None,
        **body: Any,
    ) -> Reply:
        """Sends a client's request, with a JSON body unless it is a GET, or with a form.

        The form has the name of a file, if it is one, and the content of each part.
        """
        test_id = str(uuid.uuid4())
        got = self._send(test_id, key, method, path, headers, body, form=form)
        return Reply(
            test_id, got.status_code, got.headers, got.content, self.provider.received(test_id)
        )

    def stream(
        self, key: Key, *, path: str = "/v1/chat/completions", **body: Any
    ) -> tuple[Call, Client]:
        """Sends a request whose answer the test writes on one side and reads on the other."""
        test_id, body = str(uuid.uuid4()), {**body, "answer": LIVE}
        client = Client(lambda: self._send(test_id, key, "POST", path, {}, body, stream=True))
        return self.provider.call(test_id), client

    def _send(
        self,
        test_id: str,
        key: Key | str | None,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: dict[str, Any],
        *,
        form: Mapping[str, tuple[str | None, str]] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        fields = {**headers, TEST_ID: test_id}
        data = None
        if form is None:
            fields["content-type"] = "application/json"
            usual = {"model": "gpt-4o", "max_tokens": 16}
            data = None if method == "GET" else json.dumps(body or usual).encode()
        if key is not None:
            fields["authorization"] = f"Bearer {key.secret if isinstance(key, Key) else key}"
        return self._session.request(
            method, f"http://127.0.0.1:{self.port}{path}",
            data=data, files=form, headers=fields, timeout=TIMEOUT, stream=stream,
        )  # fmt: skip


class ExampleProxy(Proxy):
    """One of the examples, beside the files of the others."""

    def __init__(
        self, example: Example, directory: Path, tollgate: str, provider: Provider
    ) -> None:
        shutil.copytree(EXAMPLES, directory / "examples")
        file = directory / "examples" / example.configuration
        super().__init__(example, file.parent, file, provider)
        for each in list(self.directory.iterdir()):
            each.write_text(self._at_our_ports(each.read_text(), tollgate))

    def _at_our_ports(self, text: str, tollgate: str) -> str:
        ours = {
            "8080": str(self.port), "7400": str(self.port),
            "9000": str(self.provider.port), "7420": str(self.provider.port),
            "7411": tollgate.rsplit(":", 1)[1],
        }  # fmt: skip
        changes = {"/tmp/tollgate-nginx": str(self.directory)}
        # As long as a machine under load may need: no test is about a slow answer.
        changes |= {"timeout: 0.25s": "timeout: 10s", "250ms;": "10s;", "timeout 1s": "timeout 10s"}
        changes["timeout = 1000,"] = "timeout = 10000,"
        for port, number in ours.items():
            changes[f"127.0.0.1:{port}"] = f"127.0.0.1:{number}"
            changes[f"127.0.0.1, port_value: {port}"] = f"127.0.0.1, port_value: {number}"
        for old, new in changes.items():
            text = text.replace(old, new)
        return text


class Client:
    """One that reads its answer event by event."""

    def __init__(self, ask: Callable[[], requests.Response]) -> None:
        # Some proxies send nothing, not even the status, before the first event.
        self._answer = ThreadPoolExecutor(1).submit(ask)

    @cached_property
    def _reply(self) -> requests.Response:
        reply = self._answer.result(TIMEOUT)
        assert reply.status_code == 200, reply.text
        return reply

    @cached_property
    def _lines(self) -> Iterator[bytes]:
        return self._reply.iter_lines(chunk_size=1)

    def next_event(self) -> str | None:
        """Waits for the next event, whatever its name; None once the answer is over."""
        for line in self._lines:
            if line.startswith(b"data: "):
                return line.decode().removeprefix("data: ")
        return None

    def hang_up(self) -> None:
        self._reply.close()


def listens(port: int) -> bool:
    """Whether anything takes connections on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
