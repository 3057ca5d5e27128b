"""The proxies of `examples/`, run as they are but for ports and folders."""

from __future__ import annotations

import json
import shutil
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from .admin import TIMEOUT, Key
from .envoy import Reply, binary as envoy_binary
from .process import Process, free_port
from .tollgate import REPOSITORY, clean_environment
from .upstream import TEST_ID, Upstream

EXAMPLES = REPOSITORY / "examples"


@dataclass(frozen=True)
class Example:
    """A configuration in `examples/`, and what stands for its file in the command that runs it."""

    name: str
    configuration: str
    command: tuple[str, ...]
    #: Whether Tollgate is shown the bodies of requests.
    shows_bodies: bool


ALL = [
    Example(
        "nginx", "nginx/auth_request.conf",
        ("nginx", "-p", ".", "-e", "stderr", "-c", "{}", "-g", "daemon off; master_process off;"),
        shows_bodies=False,
    ),
    Example(
        "nginx-njs", "nginx/tollgate-njs.conf",
        ("nginx", "-p", ".", "-e", "stderr", "-c", "{}", "-g", "daemon off; master_process off;"),
        shows_bodies=True,
    ),
    Example(
        "envoy-http", "envoy/http-service.yaml",
        ("envoy", "--config-path", "{}", "--concurrency", "1", "--disable-hot-restart",
         "--log-level", "warning"),
        shows_bodies=True,
    ),
    Example("haproxy", "haproxy/haproxy.cfg", ("haproxy", "-db", "-f", "{}"), shows_bodies=True),
    Example(
        "caddy", "caddy/Caddyfile",
        ("caddy", "run", "--config", "{}", "--adapter", "caddyfile"), shows_bodies=False,
    ),
]  # fmt: skip


class ExampleProxy(Process):
    """One of the examples, in front of the upstream."""

    def __init__(
        self, example: Example, directory: Path, tollgate: str, upstream: Upstream
    ) -> None:
        super().__init__(example.name, directory)
        self.example = example
        self.port = free_port()
        self._upstream = upstream
        source = EXAMPLES / example.configuration
        self._folder = directory / "example"
        shutil.copytree(source.parent, self._folder)
        self._file = self._folder / source.name
        for file in self._folder.iterdir():
            file.write_text(self._at_our_ports(file.read_text(), tollgate))
        self._session = requests.Session()
        self._session.trust_env = False

    def _at_our_ports(self, text: str, tollgate: str) -> str:
        changes = {
            "127.0.0.1:8080": f"127.0.0.1:{self.port}",
            "127.0.0.1:7411": tollgate,
            "127.0.0.1:9000": f"127.0.0.1:{self._upstream.port}",
            "address: 127.0.0.1, port_value: 8080": f"address: 127.0.0.1, port_value: {self.port}",
            "address: 127.0.0.1, port_value: 7411":
                "address: 127.0.0.1, port_value: " + tollgate.rsplit(":", 1)[1],
            "address: 127.0.0.1, port_value: 9000":
                f"address: 127.0.0.1, port_value: {self._upstream.port}",
            "/tmp/tollgate-nginx": str(self._folder),
            "lua-load tollgate.lua": f"lua-load {self._folder}/tollgate.lua",
        }
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    def start(self) -> ExampleProxy:
        words = [str(self._file) if word == "{}" else word for word in self.example.command]
        if words[0] == "envoy":
            words[0] = str(envoy_binary())
        home = {"HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory)}
        self.launch(words, clean_environment(home))
        self.until(self._listens, "its port")
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(
        self,
        key: Key | str | None = None,
        *,
        method: str = "POST",
        path: str = "/v1/chat/completions",
        headers: Mapping[str, str] = {},
        **body: Any,
    ) -> Reply:
        """Sends a client's request, with a JSON body unless it is a GET."""
        test_id = str(uuid.uuid4())
        usual = {"model": "gpt-4o", "max_tokens": 16}
        fields = {**headers, TEST_ID: test_id, "content-type": "application/json"}
        if key is not None:
            fields["authorization"] = f"Bearer {key.secret if isinstance(key, Key) else key}"
        got = self._session.request(
            method, f"http://127.0.0.1:{self.port}{path}",
            data=None if method == "GET" else json.dumps(body or usual).encode(),
            headers=fields, timeout=TIMEOUT,
        )  # fmt: skip
        return Reply(
            test_id, got.status_code, got.headers, got.content, self._upstream.received(test_id)
        )
