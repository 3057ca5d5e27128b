"""A gateway that calls the native RPC: it asks, reports what was used, and knows prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import grpc

from . import rpc
from .admin import Key
from .native import messages, services

#: Nano-USD in a dollar.
USD = 1_000_000_000


@dataclass(frozen=True)
class Price:
    """What a model costs, in nano-USD a token."""

    input: int
    output: int
    cached: int

    def highest(self, tokens: int, input: int = 0) -> int:
        """What a request can cost at most: without a prompt's length, all at the dearer rate."""
        if input == 0:
            return tokens * max(self.input, self.cached, self.output)
        return input * max(self.input, self.cached) + max(tokens - input, 0) * self.output

    def cost(self, input: int, output: int, cached: int = 0) -> int:
        """What a request did cost."""
        return max(input - cached, 0) * self.input + cached * self.cached + output * self.output


#: The model that is asked for where it does not matter, at its price in the built-in catalogue.
MODEL = "gpt-4o"
PRICE = Price(input=2_500, output=10_000, cached=1_250)


class Caller:
    """Questions and reports over one connection."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = services.AuthorizationStub(channel)

    def check(self, key: Key, **fields: Any) -> messages.CheckResponse:
        return self.stub.Check(question(key, **fields), timeout=rpc.TIMEOUT)

    def allow(self, key: Key, **fields: Any) -> messages.CheckResponse:
        """A check that must pass."""
        answer = self.check(key, **fields)
        assert answer.allowed, answer
        return answer

    def deny(self, key: Key, reason: str, **fields: Any) -> messages.CheckResponse:
        """A check that must not pass, for this reason."""
        answer = self.check(key, **fields)
        assert (answer.allowed, answer.reason) == (False, reason), answer
        assert answer.reservation_id == "" and answer.reserved_cost_nanos == 0
        return answer

    def stream(self, requests: Iterable[messages.CheckRequest]) -> list[messages.CheckResponse]:
        """Many checks, not one waiting for the answer to another."""
        return list(self.stub.CheckStream(iter(requests), timeout=rpc.TIMEOUT))

    def until_denied(
        self, key: Key, reason: str, limit: int, **fields: Any
    ) -> tuple[list[messages.CheckResponse], messages.CheckResponse]:
        """Asks the same until it is denied for this reason, at most `limit` times and once more.

        Returns the answers that allowed, and the one that denied.
        """
        allowed: list[messages.CheckResponse] = []
        while (answer := self.check(key, **fields)).allowed:
            allowed.append(answer)
            assert len(allowed) <= limit, f"{len(allowed)} requests were allowed"
        assert answer.reason == reason, answer
        return allowed, answer

    def settle(
        self, reservation: str | messages.CheckResponse, **fields: Any
    ) -> messages.SettleResponse:
        """Reports what a reservation, or the request of an answer, has used."""
        if not isinstance(reservation, str):
            reservation = reservation.reservation_id
        request = messages.SettleRequest(reservation_id=reservation, **fields)
        return self.stub.Settle(request, timeout=rpc.TIMEOUT)

    def applied(self, answer: messages.CheckResponse, **fields: Any) -> int:
        """A report that must be the first; returns the cost in nano-USD."""
        outcome = self.settle(answer, **fields)
        assert outcome.outcome == "applied", outcome
        return outcome.cost_nanos

    def refusal(self, reservation: str, **fields: Any) -> grpc.StatusCode:
        """The status of a report that must be refused."""
        try:
            outcome = self.settle(reservation, **fields)
        except grpc.RpcError as error:
            return error.code()
        raise AssertionError(f"{reservation!r} was settled: {outcome}")


def question(key: Key | str, **fields: Any) -> messages.CheckRequest:
    """A question of this key's holder, for the usual model unless another one is named."""
    secret = key if isinstance(key, str) else key.secret
    return messages.CheckRequest(**({"key": secret, "model": MODEL} | fields))
