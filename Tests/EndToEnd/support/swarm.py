"""Very many questions at the same time, on connections that each have many calls open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack

import grpc

from . import rpc
from .native import messages, services

#: One question; for each, on one of the connections, the next one is made when it is done with.
Step = Callable[[services.AuthorizationStub, messages.CheckRequest], Awaitable[None]]


def swarm(
    address: str,
    requests: Iterable[messages.CheckRequest],
    connections: int = 64,
    streams: int = 32,
    step: Step | None = None,
) -> list[messages.CheckResponse]:
    """Asks all, with so many calls at once on so many connections, and returns the answers.

    A step of the caller's own may do more with each question; then there are no answers here.
    """
    return asyncio.run(_swarm(address, iter(requests), connections, streams, step))


async def _swarm(
    address: str,
    requests: Iterable[messages.CheckRequest],
    connections: int,
    streams: int,
    step: Step | None,
) -> list[messages.CheckResponse]:
    answers: list[messages.CheckResponse] = []

    async def ask(stub: services.AuthorizationStub, request: messages.CheckRequest) -> None:
        answers.append(await stub.Check(request, timeout=rpc.TIMEOUT))

    async def stream(stub: services.AuthorizationStub) -> None:
        for request in requests:
            await (step or ask)(stub, request)

    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(
                # The number makes each channel's arguments its own: none shares a connection.
                grpc.aio.insecure_channel(address, [*rpc.OPTIONS, ("tollgate.test.number", number)])
            )
            for number in range(connections)
        ]
        # All are there before the first question: none has a start on the others.
        await asyncio.gather(*(channel.channel_ready() for channel in channels))
        stubs = [services.AuthorizationStub(channel) for channel in channels]
        await asyncio.gather(*(stream(stub) for stub in stubs for _ in range(streams)))
    return answers
