"""The provider of models behind the proxies: remembers what reached it, and answers as tests wish."""

from __future__ import annotations

import gzip
import json
import queue
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .admin import TIMEOUT
from .local_http import Handler, LocalServer
from .process import eventually

TEST_ID = "x-test-id"

#: What the provider says is left of its own limit of requests, under the same name as ours.
PROVIDER_REMAINING = "987654"

#: The models that the provider lists.
MODELS = ("gpt-4o", "gpt-4o-mini", "GPT-5 (preview)", "claude-3-opus")

#: What is answered to those who do not say what they wish.
USUAL = {"text": "Hello.", "usage": {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}}

#: Seconds before a streamed answer begins. Caddy cuts one off that begins before Caddy itself has seen
#: that the request is over; no real provider is as fast.
FIRST_TOKEN = 0.003

#: The wish for an answer whose events the test sends.
LIVE = {"kind": "live"}


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

    @property
    def wish(self) -> Mapping[str, Any]:
        """What the client wants to be answered."""
        try:
            body = json.loads(self.body)
        except ValueError:
            return USUAL
        if not isinstance(body, dict):
            return USUAL
        usual = {**USUAL, "kind": "events"} if body.get("stream") is True else USUAL
        return body.get("answer", usual)


class Call:
    """A request whose answer the test writes, event by event."""

    def __init__(self, request: Received) -> None:
        self.request = request
        self._pieces: queue.Queue[bytes | None] = queue.Queue()

    def send(self, event: Event) -> None:
        self._pieces.put(_text(event).encode())

    def end(self) -> None:
        self._pieces.put(None)

    def pieces(self) -> Iterator[bytes]:
        while (piece := self._pieces.get(timeout=TIMEOUT)) is not None:
            yield piece


class Provider(LocalServer):
    """Answers each request as its own body asks for, under `answer`.

    `{"kind": "json"|"events"|"gzip"|"error"|"live", "style": "openai"|"anthropic",
    "usage": {…}|null, "words": N, "text": "…", "times": N, "cut": bytes}`

    Cut, an answer is sent in pieces of so many bytes. Live, it is what the test sends, while it sends
    it: what holds an event back that the test waits for never ends.
    """

    def __init__(self) -> None:
        self._received: dict[str, Received] = {}
        self._calls: dict[str, Call] = {}
        super().__init__(self._handler())

    def received(self, test_id: str) -> Received | None:
        """What arrived under this test's id, None when nothing did."""
        return self._received.get(test_id)

    def call(self, test_id: str) -> Call:
        """The live request that arrives under this test's id."""
        return eventually(lambda: self._calls.pop(test_id, None), "the request arrives")

    def _handler(provider) -> type[Handler]:
        class ProviderHandler(Handler):
            def do_GET(self) -> None:
                received = Received(self.command, self.path, self.fields, self.read_body())
                test_id = received.one(TEST_ID) or ""
                provider._received[test_id] = received
                wish = received.wish
                kind = wish.get("kind", "json")
                if received.path.split("?")[0].endswith("/models"):
                    self._answer(200, json.dumps(_models()).encode())
                elif kind == "live":
                    provider._calls[test_id] = call = Call(received)
                    self._stream(call.pieces())
                elif kind == "events":
                    texts = (_text(event).encode() for event in _events(wish))
                    self._stream(piece for text in texts for piece in _pieces(text, wish))
                elif kind == "error":
                    self._answer(503, b'{"error":{"message":"overloaded"}}')
                elif kind == "gzip":
                    compressed = gzip.compress(answer_to(wish))
                    self._answer(200, *_pieces(compressed, wish), content_encoding="gzip")
                else:
                    self._answer(200, *_pieces(answer_to(wish), wish))

            do_POST = do_GET

            def _answer(self, status: int, *pieces: bytes, **headers: str) -> None:
                headers["x_ratelimit_remaining_requests"] = PROVIDER_REMAINING
                self.answer(status, *pieces, content_type="application/json", **headers)

            def _stream(self, pieces: Iterator[bytes]) -> None:
                time.sleep(FIRST_TOKEN)
                self.answer_in_chunks(200, pieces, content_type="text/event-stream")

        return ProviderHandler


#: A document of JSON, or a word like `[DONE]`.
Event = Mapping[str, Any] | str


def answer_to(wish: Mapping[str, Any]) -> bytes:
    """All bytes of the answer that is wished for, before they are compressed or cut."""
    if wish.get("kind") == "events":
        return "".join(map(_text, _events(wish))).encode()
    return json.dumps(_completion(wish)).encode()


def events_of(style: str, words: int, usage: Mapping[str, int]) -> list[Event]:
    """The events that a provider of this style sends."""
    return _events({"style": style, "words": words, "usage": usage})


def _text(event: Event) -> str:
    """An event as it is sent: with its type as its name, where it has one."""
    if isinstance(event, str):
        return f"data: {event}\n\n"
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n"


def _pieces(text: bytes, wish: Mapping[str, Any]) -> list[bytes]:
    size = wish.get("cut", len(text))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _models() -> dict[str, Any]:
    return {"object": "list", "data": [{"id": model, "object": "model"} for model in MODELS]}


def _completion(wish: Mapping[str, Any]) -> dict[str, Any]:
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


def _events(wish: Mapping[str, Any]) -> list[Event]:
    words = [f"w{number} " for number in range(wish.get("words", 3))]
    if wish.get("text"):
        words.append(wish["text"] * wish.get("times", 1))
    if wish.get("style") == "anthropic":
        return _typed_events(words, wish.get("usage") or {"input_tokens": 1, "output_tokens": 1})
    kind = "chat.completion.chunk"
    events: list[Event] = [_chat(kind, {"index": 0, "delta": {"content": word}}) for word in words]
    if wish.get("usage"):
        events.append({**_chat(kind), "usage": wish["usage"]})
    return [*events, "[DONE]"]


def _typed_events(words: list[str], usage: Mapping[str, int]) -> list[Event]:
    """Anthropic's: the prompt is told first, what was generated last."""
    start = {"type": "message", "model": "gpt-4o", "usage": {**usage, "output_tokens": 1}}
    events: list[Event] = [{"type": "message_start", "message": start}]
    for word in words:
        delta = {"type": "text_delta", "text": word}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    last = {"output_tokens": usage["output_tokens"]}
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last})
    events.append({"type": "message_stop"})
    return events
