"""HTTP/2 and gRPC by hand, right and wrong: each mistake gets its answer and hurts nobody else."""

from __future__ import annotations

import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from support import rpc
from support.http2 import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PATIENCE, PING, PREFACE, PRIORITY,
    PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, Closed, Connection, call_headers, frame,
    header_block, message,
)  # fmt: skip
from support.native import messages, services

OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = 0, 3, 4, 8
UNIMPLEMENTED, INTERNAL = 12, 13
CHECK = rpc.NATIVE_CHECK


@pytest.fixture
def connection(server):
    with Connection(server.rpc) as connection:
        yield connection


@pytest.fixture
def request_body(issue) -> bytes:
    """A good request to the native Check, framed."""
    request = messages.CheckRequest(key=issue().secret, model="gpt-4o")
    return message(request.SerializeToString())


@pytest.fixture(autouse=True)
def others_are_served(server, issue):
    """Whatever one connection does, the next one gets its right answer."""
    yield
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        request = messages.CheckRequest(key=issue().secret, model="gpt-4o")
        assert stub.Check(request, timeout=rpc.TIMEOUT).allowed


def reply(answer) -> messages.CheckResponse:
    assert answer.grpc_status == OK
    return messages.CheckResponse.FromString(answer.data[5:])


def test_a_call_by_hand_is_answered(connection, request_body):
    answer = connection.call(CHECK, request_body)
    assert answer.status == "200"
    assert answer.headers["content-type"].startswith("application/grpc")
    assert reply(answer).allowed


def test_a_call_in_single_bytes_is_answered(connection, request_body):
    stream = connection.open_stream()
    block = header_block(call_headers(CHECK))
    data = frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, request_body)
    for index in range(len(data)):
        connection.send(data[index : index + 1])
    assert reply(connection.answer(stream)).allowed


def test_a_message_over_many_frames_is_one_message(connection, request_body):
    stream = connection.open_stream()
    connection.send(frame(HEADERS, END_HEADERS, stream, header_block(call_headers(CHECK))))
    for index in range(len(request_body)):
        connection.send(frame(DATA, 0, stream, request_body[index : index + 1]))
    connection.send(frame(DATA, END_STREAM, stream))
    assert reply(connection.answer(stream)).allowed


def test_headers_over_many_frames_are_one_block(connection, request_body):
    stream = connection.open_stream()
    block = header_block(call_headers(CHECK))
    parts = [block[: len(block) // 2], block[len(block) // 2 :]]
    connection.send(frame(HEADERS, 0, stream, parts[0]))
    connection.send(frame(CONTINUATION, END_HEADERS, stream, parts[1]))
    connection.send(frame(DATA, END_STREAM, stream, request_body))
    assert reply(connection.answer(stream)).allowed


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"content_type": None}, "415"),
        ({"content_type": "text/plain"}, "415"),
        ({"content_type": "application/json"}, "415"),
        ({"content_type": "application/grpc+json"}, "415"),
        ({"content_type": "application/grpc-web"}, "415"),
        ({"content_type": "application/grpc-web+proto"}, "415"),
        ({"content_type": "application/grpcx"}, "415"),
        ({"__method": "GET"}, "405"),
        ({"__method": "PUT"}, "405"),
    ],
)
def test_what_is_not_grpc_gets_an_http_status(connection, request_body, changes, status):
    answer = connection.call(CHECK, request_body, **changes)
    assert answer.status == status
    assert reply(connection.call(CHECK, request_body)).allowed


@pytest.mark.parametrize("changes", [{"te": None}, {"content_type": "application/grpc+proto"}])
def test_what_other_servers_accept_is_accepted(connection, request_body, changes):
    assert reply(connection.call(CHECK, request_body, **changes)).allowed


@pytest.mark.parametrize(
    "path",
    [
        "/tollgate.v1.Authorization/Nothing",
        "/tollgate.v1.Nothing/Check",
        "/Check",
        "/",
        "/tollgate.v1.Authorization/Check/",
        "/tollgate.v1.Authorization/check",
        "/" + "x" * 4000,
    ],
)
def test_an_unknown_method_is_unimplemented(connection, request_body, path):
    assert connection.call(path, request_body).grpc_status == UNIMPLEMENTED
    assert reply(connection.call(CHECK, request_body)).allowed


@pytest.mark.parametrize("length", [2**32 - 1, 2**31, 64 << 20, 2 << 20])
def test_a_message_that_claims_too_much_is_refused_on_its_prefix(connection, length):
    stream = connection.open_stream()
    connection.send(frame(HEADERS, END_HEADERS, stream, header_block(call_headers(CHECK))))
    connection.send(frame(DATA, 0, stream, message(b"", length=length)))
    assert connection.answer(stream).grpc_status == RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\x00\x00\x00\x00",
        message(b"x", length=2),
        message(b"", length=1),
        message(b"") + b"\x00",
        message(b"") + message(b""),
    ],
    ids=repr,
)
def test_a_body_that_is_not_one_message_is_refused(connection, body):
    answer = connection.call(CHECK, body)
    assert answer.grpc_status in (INVALID_ARGUMENT, INTERNAL, UNIMPLEMENTED)


def test_an_empty_message_has_no_key(connection):
    assert reply(connection.call(CHECK, message(b""))).reason == "missing_api_key"


def test_an_empty_question_of_envoy_gets_a_denial(connection):
    answer = connection.call(rpc.ENVOY_CHECK, message(b""))
    assert answer.grpc_status == OK
    response = rpc.envoy_messages.CheckResponse.FromString(answer.data[5:])
    assert rpc.reason_of(response) == "missing_api_key"


@pytest.mark.parametrize("flag", [1, 2, 255])
def test_compression_is_not_offered(connection, flag):
    answer = connection.call(CHECK, message(b"x", flag), grpc_encoding="gzip")
    assert answer.grpc_status in ((UNIMPLEMENTED,) if flag == 1 else (UNIMPLEMENTED, INTERNAL))


def test_a_client_that_compresses_learns_that_it_cannot(channel):
    stub = services.AuthorizationStub(channel)
    request = messages.CheckRequest(key="k" * 1000)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(request, timeout=rpc.TIMEOUT, compression=grpc.Compression.Gzip)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_message_that_is_too_large_is_refused(channel):
    stub = services.AuthorizationStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(messages.CheckRequest(key="k" * 2_000_000), timeout=rpc.TIMEOUT)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("timeout", ["", "1", "x", "1s", "-1S", "123456789S", "1 S", "S"])
def test_a_deadline_that_is_none_is_refused_or_passed_over(connection, request_body, timeout):
    answer = connection.call(CHECK, request_body, grpc_timeout=timeout)
    assert answer.grpc_status in (OK, INVALID_ARGUMENT, INTERNAL) or answer.status == "400"


@pytest.mark.parametrize("timeout", ["1H", "10M", "30S", "30000m", "99999999u", "99999999n"])
def test_a_deadline_far_enough_away_changes_nothing(connection, request_body, timeout):
    answer = connection.call(CHECK, request_body, grpc_timeout=timeout)
    assert answer.grpc_status in (OK, DEADLINE_EXCEEDED if timeout.endswith("n") else OK)


def test_a_deadline_that_is_over_is_told(connection, request_body):
    assert connection.call(CHECK, request_body, grpc_timeout="0n").grpc_status == DEADLINE_EXCEEDED


def test_streams_of_one_connection_do_not_mix(connection, issue):
    """A hundred calls, their frames dealt out in turn, each with a model of its own."""
    key = issue(allowed_models=["model-*7"])
    calls = {}
    for number in range(100):
        request = messages.CheckRequest(key=key.secret, model=f"model-{number}")
        calls[connection.open_stream()] = (number, message(request.SerializeToString()))
    block = header_block(call_headers(CHECK))
    connection.send(b"".join(frame(HEADERS, END_HEADERS, stream, block) for stream in calls))
    half = {stream: len(body) // 2 for stream, (_, body) in calls.items()}
    connection.send(b"".join(frame(DATA, 0, s, b[: half[s]]) for s, (_, b) in calls.items()))
    reverse = reversed(list(calls.items()))
    connection.send(b"".join(frame(DATA, END_STREAM, s, b[half[s] :]) for s, (_, b) in reverse))
    for stream, (number, _) in calls.items():
        assert reply(connection.answer(stream)).allowed == (number % 10 == 7)


def test_a_stream_that_was_passed_over_cannot_be_opened_any_more(connection, request_body):
    connection.send(_headers(5) + frame(DATA, END_STREAM, 5, request_body))
    assert reply(connection.answer(5)).allowed
    connection.send(_headers(3) + frame(PING, 0, 0, b"12345678"))
    connection.send(_headers(7) + frame(DATA, END_STREAM, 7, request_body))
    assert reply(connection.answer(7)).allowed
    assert 3 not in connection.answers


def test_a_reset_call_leaves_the_connection_as_it_was(connection, request_body):
    stream = connection.open_stream()
    connection.send(frame(HEADERS, END_HEADERS, stream, header_block(call_headers(CHECK))))
    connection.send(frame(RST_STREAM, 0, stream, struct.pack(">I", 8)))
    assert reply(connection.call(CHECK, request_body)).allowed


@pytest.mark.parametrize(
    "changes",
    [
        {"connection": "close"},
        {"te": "gzip"},
        {"Upper": "case"},
        {"__path": None},
        {"__method": None},
        {"__scheme": None},
        {"__unknown": "pseudo"},
        {"transfer_encoding": "chunked"},
        {"content_length": "3"},
        {"x_line": "a\r\nb"},
        {"x_nul": "a\0b"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_malformed_headers_cost_their_stream_and_no_more(connection, request_body, changes):
    stream = connection.open_stream()
    block = header_block(call_headers(CHECK, **changes))
    connection.send(frame(HEADERS, END_HEADERS, stream, block))
    connection.send(frame(DATA, END_STREAM, stream, request_body))
    answer = connection.answer(stream)
    assert answer.reset is not None or answer.status != "200" or answer.grpc_status not in (None, 0)
    assert reply(connection.call(CHECK, request_body)).allowed


def test_too_many_headers_are_refused(connection):
    stream = connection.open_stream()
    fields = call_headers(CHECK) + [(f"h{number}", "x") for number in range(5000)]
    block = header_block(fields)
    chunks = [block[start : start + 16000] for start in range(0, len(block), 16000)]
    connection.send(frame(HEADERS, 0, stream, chunks[0]))
    for chunk in chunks[1:-1]:
        connection.send(frame(CONTINUATION, 0, stream, chunk))
    connection.send(frame(CONTINUATION, END_HEADERS, stream, chunks[-1]))
    try:
        answer = connection.answer(stream)
        assert answer.reset is not None or answer.grpc_status == RESOURCE_EXHAUSTED
        assert not answer.data
    except Closed:
        pass


def _headers(stream: int, flags: int = END_HEADERS) -> bytes:
    return frame(HEADERS, flags, stream, header_block(call_headers(CHECK)))


#: What no client may do: the server ends the connection.
FORBIDDEN = {
    "a frame that is too long": frame(DATA, 0, 1, b"x" * 16385),
    "data on a stream that was never opened": frame(DATA, 0, 5, b"x"),
    "data on the connection itself": frame(DATA, 0, 0, b"x"),
    "an even stream": _headers(2),
    "data behind the end": _headers(1) + frame(DATA, END_STREAM, 1, message(b"")) * 2,
    "a push": frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2)),
    "a settings frame of five bytes": frame(SETTINGS, 0, 0, b"12345"),
    "a window over the limit": frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 2**31)),
    "a push setting of two": frame(SETTINGS, 0, 0, struct.pack(">HI", 2, 2)),
    "a frame size below the least": frame(SETTINGS, 0, 0, struct.pack(">HI", 5, 100)),
    "a window that overflows": frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1)) * 2,
    "a window update of nothing": frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0)),
    "a reset of what was never opened": frame(RST_STREAM, 0, 9, struct.pack(">I", 8)),
    "a ping of seven bytes": frame(PING, 0, 0, b"1234567"),
    "a ping on a stream": frame(PING, 0, 1, b"12345678"),
    "another frame amid headers": _headers(1, 0) + frame(PING, 0, 0, b"12345678"),
    "a continuation of nothing": frame(CONTINUATION, END_HEADERS, 1, b""),
    "a header block that is none": frame(HEADERS, END_HEADERS, 1, b"\xff" * 50),
    "an index out of range": frame(HEADERS, END_HEADERS, 1, b"\xbf\x80\x80\x80\x80\x01"),
    "continuations without end": _headers(1, 0) + frame(CONTINUATION, 0, 1, b"") * 10_000,
    "pings without end": frame(PING, 0, 0, b"12345678") * 200_000,
    "settings without end": frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)) * 100_000,
    "resets without end": b"".join(
        _headers(stream) + frame(RST_STREAM, 0, stream, struct.pack(">I", 8))
        for stream in range(1, 100_000, 2)
    ),
}


@pytest.mark.parametrize("data", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_no_client_may_do_ends_its_connection(connection, data):
    with ThreadPoolExecutor(1) as pool:
        # Read while sending: a server that answers a flood waits for nobody.
        closed = pool.submit(connection.until_closed)
        connection.send(data)
        closed.result(2 * PATIENCE)


NOT_HTTP2 = [
    b"GET / HTTP/1.1\r\nhost: tollgate\r\nconnection: close\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + b"x" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 600,
    b"\x00" * 1000,
    b"\xff" * 100_000,
    PREFACE + b"\xff" * 1000,
    PREFACE + frame(PING, 0, 0, b"12345678"),
]


@pytest.mark.parametrize("data", NOT_HTTP2, ids=lambda data: repr(data[:20]))
def test_what_is_not_http2_is_closed(server, data):
    assert len(everything_after(server, data)) < 1000


@pytest.mark.parametrize("data", [b"", b"P", PREFACE[:23], PREFACE, PREFACE + b"\x00\x00"], ids=repr)
def test_a_client_that_goes_away_early_is_forgotten(server, data):
    everything_after(server, data, ends=True)


def test_a_client_that_ends_its_half_gets_its_answers(connection, request_body):
    """Also when it never acknowledges our settings."""
    streams = [connection.open_stream() for _ in range(10)]
    calls = (_headers(each) + frame(DATA, END_STREAM, each, request_body) for each in streams)
    unfinished = _headers(connection.open_stream())
    connection.send(b"".join(calls) + unfinished)
    connection.end()
    for stream in streams:
        assert reply(connection.answer(stream)).allowed
    assert connection.until_closed() == 0


def everything_after(server, data: bytes, ends: bool = False) -> bytes:
    """Sends bytes, and reads what comes back until the server closes."""
    host, _, port = server.rpc.rpartition(":")
    received = b""
    with socket.create_connection((host, int(port)), PATIENCE) as client:
        try:
            client.sendall(data)
            if ends:
                client.shutdown(socket.SHUT_WR)
            while chunk := client.recv(65536):
                received += chunk
        except (BrokenPipeError, ConnectionResetError):
            pass
    return received


@pytest.mark.parametrize(
    "data",
    [
        frame(PRIORITY, 0, 1, struct.pack(">IB", 0, 15)),
        frame(200, 0, 0, b"unknown"),
        frame(SETTINGS, 0, 0, struct.pack(">HI", 0xFE03, 1)),
        frame(PING, 0, 0, b"12345678"),
    ],
    ids=["priority", "an unknown frame", "an unknown setting", "a ping"],
)
def test_what_is_allowed_but_not_needed_changes_nothing(connection, request_body, data):
    connection.send(data)
    assert reply(connection.call(CHECK, request_body)).allowed


def test_a_client_that_grants_no_window_gets_its_answer_when_it_does(server, request_body):
    settings = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
    with Connection(server.rpc, PREFACE + settings) as connection:
        stream = connection.open_stream()
        connection.send(_headers(stream) + frame(DATA, END_STREAM, stream, request_body))
        connection.send(frame(PING, 0, 0, b"12345678"))
        connection.send(frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 1000)))
        assert reply(connection.answer(stream)).allowed


def test_the_connection_offers_enough_streams_for_a_proxy(connection, request_body):
    """1,024 calls are open at once, and then each is answered."""
    streams = [connection.open_stream() for _ in range(1024)]
    connection.send(b"".join(_headers(stream) for stream in streams))
    connection.send(b"".join(frame(DATA, END_STREAM, s, request_body) for s in streams))
    for stream in streams:
        assert reply(connection.answer(stream)).allowed
