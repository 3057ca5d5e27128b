"""An HTTP/2 client that sends what it is told, right or wrong, frame by frame (RFC 9113)."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4

#: Seconds without anything from the server: a bound, not an expectation.
PATIENCE = 30


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame; lengths and stream ids are not checked here."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header_block(fields: list[tuple[str, str | bytes]]) -> bytes:
    """Fields as literals that neither use nor change the compression state (RFC 7541 6.2.2)."""
    block = bytearray()
    for name, text in fields:
        block.append(0)
        for part in (name.encode(), text if isinstance(text, bytes) else text.encode()):
            block += _length(len(part)) + part
    return bytes(block)


def _length(count: int) -> bytes:
    if count < 127:
        return bytes([count])
    rest, coded = count - 127, bytearray([127])
    while rest >= 128:
        coded.append(rest & 127 | 128)
        rest >>= 7
    return bytes(coded + bytes([rest]))


def message(payload: bytes, flag: int = 0, length: int | None = None) -> bytes:
    """A gRPC message with its prefix, which may claim another length."""
    return struct.pack(">BI", flag, len(payload) if length is None else length) + payload


def call_headers(path: str, **changes: str | None) -> list[tuple[str, str | bytes]]:
    """The headers of a gRPC call; changes replace one, None leaves it out, `__` stands for `:`."""
    fields: dict[str, str | None] = {
        ":method": "POST",
        ":scheme": "http",
        ":authority": "tollgate",
        ":path": path,
        "te": "trailers",
        "content-type": "application/grpc",
    }
    for name, text in changes.items():
        fields[name.replace("__", ":").replace("_", "-")] = text
    return [(name, text) for name, text in fields.items() if text is not None]


@dataclass
class Answer:
    """Everything that came back on one stream."""

    headers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    #: The error code, when the server reset the stream.
    reset: int | None = None
    is_ended: bool = False

    @property
    def status(self) -> str | None:
        return self.headers.get(":status")

    @property
    def grpc_status(self) -> int | None:
        text = self.headers.get("grpc-status")
        return None if text is None else int(text)


class Closed(Exception):
    """The server has closed the connection."""


class Connection:
    """One connection, with what came back on each of its streams."""

    #: What a client begins with: no wishes, and room for more than any test reads.
    greeting = PREFACE + frame(SETTINGS, 0, 0) + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 30))

    def __init__(self, address: str, preface: bytes = greeting) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), PATIENCE)
        self._socket.settimeout(PATIENCE)
        self._received = bytearray()
        self._decoder = Decoder()
        self._block = b""
        self._next_stream = 1
        self.answers: dict[int, Answer] = {}
        #: The error code of the server's last GOAWAY.
        self.goaway: int | None = None
        self._acknowledges = True
        self.send(preface)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Sends bytes; a server that has closed meanwhile is noticed when reading."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def end(self) -> None:
        """Sends nothing more, and still reads."""
        self._socket.shutdown(socket.SHUT_WR)

    def open_stream(self) -> int:
        stream = self._next_stream
        self._next_stream += 2
        return stream

    def call(self, path: str, body: bytes, **changes: str | None) -> Answer:
        """One call to its end."""
        stream = self.open_stream()
        block = header_block(call_headers(path, **changes))
        self.send(frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, body))
        return self.answer(stream)

    def answer(self, stream: int) -> Answer:
        """What comes back on a stream, once it has ended."""
        for _ in self._frames():
            if stream in self.answers and self.answers[stream].is_ended:
                break
        return self.answers[stream]

    def until_closed(self) -> int | None:
        """Reads until the server closes the connection; returns the code of its GOAWAY.

        Nothing is acknowledged from here on, so that another thread may be sending meanwhile.
        """
        self._acknowledges = False
        try:
            for _ in self._frames():
                pass
        except Closed:
            return self.goaway
        raise AssertionError("unreachable")

    def _frames(self) -> Iterator[None]:
        """Takes in frame after frame; begins with a look at what is there already."""
        yield
        end = time.monotonic() + PATIENCE
        while True:
            while len(self._received) >= 9:
                count = int.from_bytes(self._received[:3], "big")
                if len(self._received) < 9 + count:
                    break
                kind, flags, stream = struct.unpack(">BBI", self._received[3:9])
                payload = bytes(self._received[9 : 9 + count])
                del self._received[: 9 + count]
                self._take(kind, flags, stream & 0x7FFFFFFF, payload)
                yield
            assert time.monotonic() < end, "the server neither answers nor closes"
            try:
                chunk = self._socket.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Closed
            self._received += chunk

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind in (SETTINGS, PING):
            if self._acknowledges and not flags & ACK:
                self.send(frame(kind, ACK, 0, payload if kind == PING else b""))
        elif kind == GOAWAY:
            self.goaway = struct.unpack(">I", payload[4:8])[0]
        elif kind in (DATA, HEADERS, CONTINUATION, RST_STREAM):
            self._take_stream(kind, flags, self.answers.setdefault(stream, Answer()), payload)

    def _take_stream(self, kind: int, flags: int, answer: Answer, payload: bytes) -> None:
        if kind == RST_STREAM:
            answer.reset = struct.unpack(">I", payload)[0]
        elif kind == DATA:
            answer.data += payload
        else:
            self._block += payload
            if flags & END_HEADERS:
                answer.headers |= dict(self._decoder.decode(self._block))
                self._block = b""
        if kind == RST_STREAM or kind in (DATA, HEADERS) and flags & END_STREAM:
            answer.is_ended = True
