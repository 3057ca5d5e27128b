"""Whoever is told what happens to keys: keeps what arrives, and proves its signature.

The signature is made here anew, from the words of the specification (Standard Webhooks 1.0), so that
the server does not prove itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from .local_http import Handler, LocalServer
from .process import eventually


#: How long an answer waits at most, in seconds: no longer than a sender does.
LONGEST_HOLD = 10


@dataclass(frozen=True)
class Arrival:
    """A delivery as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return self.document["type"]

    @property
    def data(self) -> dict[str, Any]:
        return self.document["data"]

    def is_signed_with(self, secret: str) -> bool:
        """Whether one of the signatures is that of the secret, and the time is now."""
        if secret.startswith("whsec_"):
            key = base64.b64decode(secret.removeprefix("whsec_"))
        else:
            key = secret.encode()
        stamp = self.headers["webhook-timestamp"]
        if abs(time.time() - int(stamp)) > 300:
            return False
        message = f"{self.id}.{stamp}.".encode() + self.body
        wanted = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
        given = self.headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(text, f"v1,{wanted}") for text in given)


class Receiver(LocalServer):
    """An HTTP server on a port of its own, which answers what it is told to."""

    def __init__(self) -> None:
        #: What is answered to the next deliveries, one after the other; then 204.
        self.answers: list[int] = []
        #: What is answered whatever else is asked for; None for the above.
        self.always: int | None = None
        #: Set unless answers are to wait until it is.
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._arrivals: list[Arrival] = []
        super().__init__(self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def arrivals(self) -> list[Arrival]:
        return list(self._arrivals)

    def of(self, type: str) -> list[Arrival]:
        """What arrived of one type."""
        return [arrival for arrival in self.arrivals if arrival.type == type]

    def wait(self, type: str, count: int = 1) -> list[Arrival]:
        """Waits until so many of a type have arrived."""
        eventually(lambda: len(self.of(type)) >= count, f"{count} of {type} arrive")
        return self.of(type)

    def _handler(receiver) -> type[Handler]:
        class ReceiverHandler(Handler):
            def do_POST(self) -> None:
                arrival = Arrival(self.path, dict(self.fields), self.read_body())
                receiver._arrivals.append(arrival)
                receiver.may_answer.wait(LONGEST_HOLD)
                status = receiver.always
                if status is None:
                    status = receiver.answers.pop(0) if receiver.answers else 204
                elsewhere = {"location": receiver.url + "/elsewhere"} if 300 <= status < 400 else {}
                self.answer(status, **elsewhere)

        return ReceiverHandler
