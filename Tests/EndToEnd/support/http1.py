"""Plain HTTP to the rpc listener: requests as bytes, answers with nothing lost."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header, None when it is not there."""
        values = [text for key, text in self.headers if key.lower() == name]
        assert len(values) <= 1, f"{name} came more than once: {values}"
        return values[0] if values else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """A connection over which anything may be sent."""

    def __init__(self, address: str, window: int | None = None) -> None:
        """Connects; `window` is how many bytes the system takes that nobody has read."""
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        self.socket.settimeout(30)
        if window is not None:
            # Before the connection, which begins with telling the server.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.connect((host, int(port)))
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def wrap(self, context: ssl.SSLContext) -> None:
        """Goes on in TLS, before anything was sent."""
        self._file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def end(self) -> None:
        """Sends nothing more, and still reads."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self, has_body: bool = True) -> Answer | None:
        """The next answer; None when the connection ends instead."""
        try:
            line = self._file.readline()
        except ConnectionResetError:
            return None
        if not line:
            return None
        version, status = line.split(None, 2)[:2]
        assert version == b"HTTP/1.1", line
        headers = []
        while (line := self._file.readline()) not in (b"\r\n", b""):
            name, value = line.decode().split(":", 1)
            headers.append((name, value.strip()))
        answer = Answer(int(status), headers, b"")
        if int(status) == 100 or not has_body:
            return answer
        length = int(answer.header("content-length") or 0)
        return Answer(int(status), headers, self._file.read(length))


def request(
    method: str, path: str, headers: dict[str, str] | list[tuple[str, str]] = {}, body: bytes = b""
) -> bytes:
    """A request as bytes, with a host and a length."""
    fields = list(headers.items()) if isinstance(headers, dict) else headers
    lines = [f"{method} {path} HTTP/1.1", "host: tollgate", *(f"{k}: {v}" for k, v in fields)]
    if body or method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
