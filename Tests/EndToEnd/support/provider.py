"""A provider of models whose answers tests write: in one piece, as events, paced, or compressed."""

from __future__ import annotations

import gzip
import json
import select
import socket
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .upstream import TEST_ID, Received


class Provider:
    """Answers each request as its own body asks for, under `answer`.

    `{"kind": "json"|"events"|"gzip"|"error", "style": "openai"|"anthropic", "usage": {…}|null,
    "words": N, "text": "…", "times": N, "pause": seconds, "gated": bool, "cut": bytes}`

    Gated, the next event is only sent when the test has said that the one before has arrived. Cut,
    an answer is sent in pieces of so many bytes.
    """

    def __init__(self) -> None:
        self._received: dict[str, Received] = {}
        self._gates: defaultdict[str, threading.Semaphore] = defaultdict(
            lambda: threading.Semaphore(0)
        )
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def received(self, test_id: str) -> Received | None:
        return self._received.get(test_id)

    @property
    def count(self) -> int:
        """How many requests have arrived."""
        return len(self._received)

    def confirm(self, test_id: str) -> None:
        """Has the next event of a gated answer sent."""
        self._gates[test_id].release()

    def _handler(provider) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = [(key.lower(), text) for key, text in self.headers.items()]
                received = Received(self.command, self.path, headers, body)
                self.test_id = received.one(TEST_ID) or ""
                provider._received[self.test_id] = received
                is_json = self.headers["content-type"] == "application/json"
                wish = json.loads(body).get("answer", {}) if is_json else {}
                try:
                    self._answer(wish.get("kind", "json"), wish)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def _answer(self, kind: str, wish: dict[str, Any]) -> None:
                if kind == "events":
                    return self._stream(wish)
                text = answer_to(wish)
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
                for piece in _pieces(text, wish):
                    self.wfile.write(piece)

            def _stream(self, wish: dict[str, Any]) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for number, event in enumerate(_events(wish)):
                    if wish.get("gated") and number > 0:
                        self._await_confirmation()
                    for piece in _pieces(event.encode(), wish):
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    time.sleep(wish.get("pause", 0))
                self.wfile.write(b"0\r\n\r\n")

            def _await_confirmation(self) -> None:
                """Waits until the test says so, or the proxy is gone."""
                gate, end = provider._gates[self.test_id], time.monotonic() + 30
                while not gate.acquire(timeout=0.01):
                    if time.monotonic() > end:
                        raise BrokenPipeError("the event before has not arrived")
                    readable, _, _ = select.select([self.connection], [], [], 0)
                    if readable and not self.connection.recv(1, socket.MSG_PEEK):
                        raise BrokenPipeError("the proxy has hung up")

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


def answer_to(wish: dict[str, Any]) -> bytes:
    """All bytes of the answer that is wished for, before they are compressed or cut."""
    if wish.get("kind") == "events":
        return "".join(_events(wish)).encode()
    return json.dumps(_completion(wish)).encode()


def _pieces(text: bytes, wish: dict[str, Any]) -> list[bytes]:
    size = wish.get("cut", len(text))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _completion(wish: dict[str, Any]) -> dict[str, Any]:
    text = wish.get("text", "Hi") * wish.get("times", 1)
    if wish.get("style") == "anthropic":
        answer = {"type": "message", "model": "gpt-4o", "content": [{"type": "text", "text": text}]}
    else:
        answer = _chat("chat.completion", {"index": 0, "message": {"content": text}})
    if wish.get("usage"):
        answer["usage"] = wish["usage"]
    return answer


def _chat(kind: str, *choices: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "model": "gpt-4o", "choices": list(choices)}


def _events(wish: dict[str, Any]) -> list[str]:
    words = [f"w{number} " for number in range(wish.get("words", 3))]
    if wish.get("text"):
        words.append(wish["text"] * wish.get("times", 1))
    if wish.get("style") == "anthropic":
        return _named_events(words, wish.get("usage") or {"input_tokens": 1, "output_tokens": 1})
    kind = "chat.completion.chunk"
    events = [_chat(kind, {"index": 0, "delta": {"content": word}}) for word in words]
    if wish.get("usage"):
        events.append({**_chat(kind), "usage": wish["usage"]})
    return [f"data: {event}\n\n" for event in [*map(json.dumps, events), "[DONE]"]]


def _named_events(words: list[str], usage: dict[str, int]) -> list[str]:
    """Anthropic's: the prompt is told first, what was generated last."""
    start = {"type": "message", "model": "gpt-4o", "usage": {**usage, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for word in words:
        delta = {"type": "text_delta", "text": word}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    last = {"output_tokens": usage["output_tokens"]}
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last})
    events.append({"type": "message_stop"})
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
