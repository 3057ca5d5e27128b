"""The model provider behind the proxy: answers like one, and remembers what reached it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEST_ID = "x-test-id"

#: What the provider says is left of its own limit of requests.
PROVIDER_REMAINING = "987654"


@dataclass(frozen=True)
class Received:
    """A request as it arrived behind the proxy."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [text for key, text in self.headers if key == name]

    def one(self, name: str) -> str | None:
        """The only value of a header, None when it is not there."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} arrived more than once: {values}"
        return values[0] if values else None


class Upstream:
    """A small provider of chat completions, whole and streamed, on a thread of its own."""

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
        """What arrived under this test's id, None when nothing did."""
        return self._received.get(test_id)

    def _handler(upstream) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = [(key.lower(), text) for key, text in self.headers.items()]
                body = self._read_body()
                received = Received(self.command, self.path, headers, body)
                upstream._received[received.one(TEST_ID) or ""] = received
                if received.path.split("?")[0].endswith("/models"):
                    self._answer("application/json", json.dumps(_models()).encode())
                elif _asks_for_stream(received):
                    self._answer("text/event-stream", _events())
                else:
                    self._answer("application/json", json.dumps(_completion()).encode())

            do_POST = do_GET

            def _read_body(self) -> bytes:
                if self.headers.get("transfer-encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                # Providers tell what is left of their own limits, under the same names as ours.
                self.send_header("x-ratelimit-remaining-requests", PROVIDER_REMAINING)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


def _asks_for_stream(received: Received) -> bool:
    try:
        body = json.loads(received.body)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("stream") is True


#: The models that the provider lists.
MODELS = ("gpt-4o", "gpt-4o-mini", "GPT-5 (preview)", "claude-3-opus")


def _models() -> dict:
    return {"object": "list", "data": [{"id": model, "object": "model"} for model in MODELS]}


def _completion() -> dict:
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13},
    }


def _events() -> bytes:
    pieces = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in ("Hel", "lo.")]
    lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()
