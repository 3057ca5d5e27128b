"""A provider of models whose answers tests write: in one piece, as events, paced, or compressed."""

from __future__ import annotations

import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .upstream import TEST_ID, Received


class Provider:
    """Answers each request as its own body asks for, under `answer`.

    `{"kind": "json"|"events"|"gzip"|"error", "usage": {…}|null, "words": N, "pause": seconds}`
    """

    def __init__(self) -> None:
        self._received: dict[str, Received] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def received(self, test_id: str) -> Received | None:
        return self._received.get(test_id)

    def _handler(provider) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = [(key.lower(), text) for key, text in self.headers.items()]
                received = Received(self.command, self.path, headers, body)
                provider._received[received.one(TEST_ID) or ""] = received
                wish = json.loads(body).get("answer", {})
                try:
                    self._answer(wish.get("kind", "json"), wish)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def _answer(self, kind: str, wish: dict[str, Any]) -> None:
                if kind == "events":
                    return self._stream(wish)
                text = json.dumps(_completion(wish)).encode()
                if kind == "error":
                    text = b'{"error":{"message":"overloaded"}}'
                if kind == "gzip":
                    text = gzip.compress(text)
                self.send_response(503 if kind == "error" else 200)
                self.send_header("content-type", "application/json")
                if kind == "gzip":
                    self.send_header("content-encoding", "gzip")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def _stream(self, wish: dict[str, Any]) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for event in _events(wish):
                    piece = f"data: {event}\n\n".encode()
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
                    time.sleep(wish.get("pause", 0))
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


def _completion(wish: dict[str, Any]) -> dict[str, Any]:
    answer = {"model": "gpt-4o", "choices": [{"index": 0, "message": {"content": "Hi"}}]}
    if wish.get("usage"):
        answer["usage"] = wish["usage"]
    return answer


def _events(wish: dict[str, Any]) -> list[str]:
    events = [
        {"model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": f"w{number} "}}]}
        for number in range(wish.get("words", 3))
    ]
    if wish.get("usage"):
        events.append({"model": "gpt-4o", "choices": [], "usage": wish["usage"]})
    return [*map(json.dumps, events), "[DONE]"]
