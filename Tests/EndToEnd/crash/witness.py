"""A process that asks, reports, and writes down what it asks before and what it hears afterwards.

Started as `python -m crash.witness`, with a `Task` as JSON on its standard input. It ends when the
server does. A line of its log is a JSON array: what happened, when (monotonic nanoseconds), the
number of the request, and
- `ask`: the place of the key, tokens, of these the prompt;
- `allowed`: reservation, nano-USD that are held;
- `denied`: reason, limit, level;
- `report`: input, output and cached tokens, whether the request came to nothing;
- `settled`: outcome, nano-USD that it cost.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CONNECTIONS, STREAMS = 8, 8


@dataclass
class Task:
    """What to do, and where to write."""

    address: str
    log: str
    seed: int
    #: The number of the first request.
    first: int
    #: The secrets, and how many of their requests are reported.
    keys: list[tuple[str, float]]
    #: Allowed in earlier rounds and to be reported now: number, reservation, tokens, prompt.
    leftovers: list[tuple[int, str, int, int]]


class Witness:
    """The requests of one round."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._numbers: Iterator[int] = iter(range(task.first, task.first + 1_000_000))
        self._random = random.Random(task.seed)
        self._log = open(task.log, "w", buffering=1 << 12)
        self._is_over = False

    async def run(self) -> None:
        import grpc
        from support import rpc
        from support.native import messages, services

        self._messages, self._error = messages, grpc.RpcError
        channels = [
            grpc.aio.insecure_channel(self._task.address, [*rpc.OPTIONS, ("tollgate.test", number)])
            for number in range(CONNECTIONS)
        ]
        stubs = [services.AuthorizationStub(channel) for channel in channels]
        await asyncio.gather(*(channel.channel_ready() for channel in channels))
        workers = [self._work(stub) for stub in stubs for _ in range(STREAMS)]
        await asyncio.gather(self._settle_leftovers(stubs[0]), *workers)
        for channel in channels:
            await channel.close()
        self._log.close()

    def _write(self, what: str, *values: Any) -> None:
        self._log.write(json.dumps([what, time.monotonic_ns(), *values]) + "\n")

    async def _work(self, stub: Any) -> None:
        while not self._is_over:
            try:
                await self._ask(stub)
            except self._error as error:
                self._end(error)

    def _end(self, error: Any) -> None:
        """Takes an error for the end of the server; of any but the usual one, it tells."""
        self._is_over = True
        if error.code().name not in ("UNAVAILABLE", "CANCELLED"):
            print(f"witness: {error.code().name}: {error.details()}", file=sys.stderr)

    async def _ask(self, stub: Any) -> None:
        number, key = next(self._numbers), self._random.randrange(len(self._task.keys))
        secret, share = self._task.keys[key]
        tokens = self._random.randrange(2_000)
        prompt = self._random.choice((0, self._up_to(tokens)))
        request = self._messages.CheckRequest(
            key=secret, model="gpt-4o", tokens=tokens, input_tokens=prompt,
            request_id=f"crash-{number}",
        )  # fmt: skip
        self._write("ask", number, key, tokens, prompt)
        answer = await stub.Check(request)
        if answer.allowed:
            self._write("allowed", number, answer.reservation_id, answer.reserved_cost_nanos)
            if self._random.random() < share:
                await self._report(stub, number, answer.reservation_id, tokens, prompt)
        else:
            limit = answer.limits[0]
            self._write("denied", number, answer.reason, limit.name, limit.level)

    async def _report(
        self, stub: Any, number: int, reservation: str, tokens: int, prompt: int
    ) -> None:
        """Reports no more than what was held, or that the request came to nothing."""
        is_void = self._random.random() < 0.2
        if is_void:
            used = output = 0
        elif prompt:
            used, output = self._up_to(prompt), self._up_to(tokens - prompt)
        else:
            used = self._up_to(tokens)
            output = self._up_to(tokens - used)
        cached = self._up_to(used)
        request = self._messages.SettleRequest(
            reservation_id=reservation, input_tokens=used, output_tokens=output,
            cached_input_tokens=cached, status=500 if is_void else 200,
        )  # fmt: skip
        self._write("report", number, used, output, cached, is_void)
        answer = await stub.Settle(request)
        self._write("settled", number, answer.outcome, answer.cost_nanos)

    def _up_to(self, count: int) -> int:
        return self._random.randrange(count + 1)

    async def _settle_leftovers(self, stub: Any) -> None:
        for leftover in self._task.leftovers:
            if self._is_over:
                return
            try:
                await self._report(stub, *leftover)
            except self._error as error:
                self._end(error)


if __name__ == "__main__":
    asyncio.run(Witness(Task(**json.load(sys.stdin))).run())
