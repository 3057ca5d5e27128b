"""A provider that sends each event when it is told to, and a client that waits for it."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from .admin import TIMEOUT, Key
from .upstream import Received


class Call:
    """A request whose answer the test writes."""

    def __init__(self, request: Received) -> None:
        self.request = request
        self._pieces: queue.Queue[bytes | None] = queue.Queue()
        #: Set once the proxy has closed the connection before the end.
        self.is_left = threading.Event()

    def send(self, event: Mapping[str, Any] | str) -> None:
        """Sends an event."""
        text = event if isinstance(event, str) else json.dumps(event)
        self._pieces.put(f"data: {text}\n\n".encode())

    def end(self) -> None:
        self._pieces.put(None)

    def pieces(self) -> Iterator[bytes]:
        while (piece := self._pieces.get(timeout=TIMEOUT)) is not None:
            yield piece


class Lockstep:
    """Answers every request for an answer with events, as the test tells it to."""

    def __init__(self) -> None:
        self._calls: queue.Queue[Call] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_call(self) -> Call:
        """The next request that has arrived."""
        return self._calls.get(timeout=TIMEOUT)

    def _handler(lockstep) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                text = b'{"object":"list","data":[]}'
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = [(key.lower(), text) for key, text in self.headers.items()]
                call = Call(Received(self.command, self.path, headers, body))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                lockstep._calls.put(call)
                try:
                    for piece in call.pieces():
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.write(b"0\r\n\r\n")
                except (BrokenPipeError, ConnectionResetError):
                    call.is_left.set()
                    self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


class Listener:
    """A client's request that reads its answer event by event."""

    def __init__(self, port: int, key: Key, **body: Any) -> None:
        self._reply = requests.post(
            f"http://127.0.0.1:{port}/v1/chat/completions",
            json=body, headers=key.bearer, stream=True, timeout=TIMEOUT,
        )  # fmt: skip
        assert self._reply.status_code == 200, self._reply.text
        self._lines = self._reply.iter_lines(chunk_size=1)

    def next_event(self) -> str | None:
        """Waits for the next event; None once the answer is over."""
        line = next((line for line in self._lines if line), None)
        return None if line is None else line.decode().removeprefix("data: ")

    def hang_up(self) -> None:
        self._reply.close()
