"""One question very many times: frames that are made once, for a client that costs next to nothing."""

from __future__ import annotations

import struct

from .http2 import (
    DATA, END_HEADERS, END_STREAM, HEADERS, WINDOW_UPDATE, Connection, call_headers, frame,
    header_block, message,
)  # fmt: skip
from .native import messages

#: Questions of one call: they and their answers fit into windows and sockets, so that nobody waits
#: for a client that only writes.
_BATCH = 1_000

#: The longest frame that a server must take (RFC 9113 section 6.5.2).
_FRAME = 16_384


def flood(address: str, request: messages.CheckRequest, count: int) -> None:
    """Asks a question so many times, over `CheckStream`; each must be answered."""
    question = message(request.SerializeToString())
    with Connection(address) as connection:
        for start in range(0, count, _BATCH):
            batch = min(_BATCH, count - start)
            assert _ask(connection, question * batch) == batch


def _ask(connection: Connection, questions: bytes) -> int:
    """One call with these questions; returns how many answers it had."""
    stream = connection.open_stream()
    head = header_block(call_headers("/tollgate.v1.Authorization/CheckStream"))
    frames = [
        frame(HEADERS, END_HEADERS, stream, head),
        frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 1 << 24)),
    ]
    for start in range(0, len(questions), _FRAME):
        frames.append(frame(DATA, 0, stream, questions[start : start + _FRAME]))
    connection.send(b"".join([*frames, frame(DATA, END_STREAM, stream)]))
    answer = connection.answer(stream)
    del connection.answers[stream]
    assert answer.grpc_status == 0, answer.headers
    return _count(answer.data)


def _count(data: bytes) -> int:
    """How many messages there are."""
    found = place = 0
    while place < len(data):
        place += 5 + int.from_bytes(data[place + 1 : place + 5], "big")
        found += 1
    assert place == len(data)
    return found
