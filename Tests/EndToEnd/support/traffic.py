"""Load that keeps count of its answers, for what must hold while a server goes down and up."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import grpc

from . import native, rpc
from .process import eventually


class Load:
    """Calls one function from several threads until it is told to stop.

    The function returns what it saw, or raises; what it raised fails the test when the load ends.
    """

    def __init__(self, step: Callable[[], str], threads: int = 8) -> None:
        self.seen: Counter[str] = Counter()
        self._step = step
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a request hangs"
        if kind is None and self._errors:
            raise self._errors[0]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                seen = self._step()
            except BaseException as error:
                self._errors.append(error)
                return
            with self._lock:
                self.seen[seen] += 1

    def wait_for_more(self, what: str, count: int = 100) -> None:
        """Waits until so many more answers of one kind have come."""
        goal = self.seen[what] + count
        eventually(lambda: self._errors or self.seen[what] >= goal, f"{count} more of {what}", 60)
        if self._errors:
            raise self._errors[0]


@dataclass(frozen=True)
class Decision:
    """What a caller was told about one of its requests."""

    request_id: str
    is_allowed: bool
    reservation: str


class Witness:
    """Asks the native RPC over a connection of its own and writes down every answer it gets."""

    def __init__(self, channel: grpc.Channel, allowed: str, denied: str) -> None:
        self.decisions: list[Decision] = []
        self._stub = native.services.AuthorizationStub(channel)
        self._secrets = (allowed, denied)
        self._count = 0

    def ask(self) -> str:
        """Asks with the good and the bad key in turn; a wrong answer fails."""
        self._count += 1
        expected = self._count % 3 != 0
        request_id = str(uuid.uuid4())
        request = native.messages.CheckRequest(
            key=self._secrets[0 if expected else 1],
            model="gpt-4o",
            request_id=request_id,
            metadata={"count": str(self._count)},
        )
        try:
            answer = self._stub.Check(request, timeout=rpc.TIMEOUT)
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), error
            return "unavailable"
        assert answer.allowed == expected, answer
        self.decisions.append(Decision(request_id, answer.allowed, answer.reservation_id))
        return "answered"
