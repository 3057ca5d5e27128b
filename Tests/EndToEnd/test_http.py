"""`/authz/v1/check` and `/authz/v1/settle`, over HTTP/1.1 and HTTP/2, right and wrong."""

from __future__ import annotations

import json
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import http2
from support.certificates import Authority
from support.http1 import Answer, Connection, request

CASES = json.loads((Path(__file__).parent / "Cases/http-requests.json").read_text())
CHECK = "/authz/v1/check"


def by_http1(server, method, path, headers, body) -> Answer:
    with Connection(server.rpc) as connection:
        connection.send(request(method, path, headers, body))
        return connection.receive()


def by_http2(server, method, path, headers, body) -> Answer:
    fields = [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", path)]
    fields += headers.items() if isinstance(headers, dict) else headers
    with http2.Connection(server.rpc) as connection:
        # Once our SETTINGS are known, a stream has room for a megabyte.
        connection.call(CHECK, b"")
        stream = connection.open_stream()
        flags = http2.END_HEADERS | (0 if body else http2.END_STREAM)
        connection.send(http2.frame(http2.HEADERS, flags, stream, http2.header_block(fields)))
        for start in range(0, len(body), 16384):
            end = http2.END_STREAM if start + 16384 >= len(body) else 0
            connection.send(http2.frame(http2.DATA, end, stream, body[start : start + 16384]))
        got = connection.answer(stream)
    return Answer(int(got.status), list(got.headers.items()), got.data)


@pytest.mark.parametrize("ask", [by_http1, by_http2], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_requests_and_their_answers(server, issue, ask, case):
    key = issue(**case.get("key", {}))
    body = case.get("body", "")
    body = (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = case.get("headers", {})
    headers = list(headers.items()) if isinstance(headers, dict) else [tuple(x) for x in headers]
    if not any(name == "authorization" for name, _ in headers):
        headers.append(("authorization", f"Bearer {key.secret}"))
    headers = [(name, text) for name, text in headers if text is not None]
    arguments = (case.get("method", "POST"), case.get("path", CHECK), headers, body)
    for _ in range(case.get("uses", 0)):
        assert ask(server, *arguments).status == 200
    answer = ask(server, *arguments)
    assert answer.status == case["status"], answer
    assert answer.header("content-length") == str(len(answer.body))
    check_answer(case, key, answer)


def check_answer(case, key, answer):
    if answer.status == 200:
        if case.get("path", CHECK).startswith(CHECK):
            assert answer.body == b""
            assert answer.header("x-tollgate-key-id") == key.id
            assert (answer.header("x-tollgate-reservation") is None) == (
                case.get("reserves") is False
            )
        return
    if "reason" not in case:
        assert answer.json["error"]["status"] == case["status"]
        assert answer.json["error"].get("field") == case.get("field")
        return
    assert answer.header("x-tollgate-reason") == case["reason"]
    assert answer.header("x-tollgate-status") == str(case.get("means", case["status"]))
    told = json.loads(answer.header("x-tollgate-body"))
    assert told["error"]["code"] == case["reason"]
    assert told["error"]["status"] == case.get("means", case["status"])
    if case.get("has_body", True):
        assert answer.json == told
    else:
        assert answer.body == b""
    assert (answer.header("retry-after") is not None) == (case["reason"] == "rate_limited")


def reserve(server, key) -> str:
    """Has a thousand tokens allowed, 10,000,000 nano-USD, and names the reservation."""
    body = json.dumps({"model": "gpt-4o", "tokens": 1000}).encode()
    return by_http1(server, "POST", CHECK, key.bearer, body).header("x-tollgate-reservation")


def settle(server, body) -> Answer:
    return by_http1(server, "POST", "/authz/v1/settle", {}, json.dumps(body).encode())


def test_what_was_used_takes_the_place_of_what_was_held(server, issue):
    key = issue(budget_limits={"total": 0.01})
    record = {"reservation_id": reserve(server, key), "input_tokens": 100, "output_tokens": 10}
    assert by_http1(
        server, "POST", CHECK, key.bearer, b'{"model":"gpt-4o","tokens":1}'
    ).status == 402
    assert settle(server, record).json == {
        "reservation_id": record["reservation_id"], "outcome": "applied", "cost_nanos": 350_000
    }
    assert settle(server, record).json["outcome"] == "duplicate"
    assert by_http1(
        server, "POST", CHECK, key.bearer, b'{"model":"gpt-4o","tokens":900}'
    ).status == 200


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"usage": x}], ids=["list", "usage"])
def test_every_record_of_a_list_has_a_result_of_its_own(server, issue, wrap):
    first, second = reserve(server, issue()), reserve(server, issue())
    never = "rs_00000000000000000000000001"
    answer = settle(server, wrap([
        {"reservation_id": first, "input_tokens": 100, "output_tokens": 10},
        {"reservation_id": never},
        {"reservation_id": "nope"},
        {"reservation_id": second, "status": 500},
        {"reservation_id": first},
    ]))  # fmt: skip
    assert answer.status == 200
    assert answer.json["results"] == [
        {"reservation_id": first, "outcome": "applied", "cost_nanos": 350_000},
        {"reservation_id": never, "error": {"code": "not_found"}},
        {"reservation_id": "nope", "error": {"code": "not_found"}},
        {"reservation_id": second, "outcome": "applied", "cost_nanos": 0},
        {"reservation_id": first, "outcome": "duplicate", "cost_nanos": 350_000},
    ]


def test_a_list_with_something_wrong_settles_nothing(server, issue):
    reservation = reserve(server, issue())
    assert settle(server, [{"reservation_id": reservation}, {}]).status == 400
    assert settle(server, {"reservation_id": reservation}).json["outcome"] == "applied"


def test_a_thousand_records_are_taken_and_no_more(server):
    record = {"reservation_id": "rs_00000000000000000000000001"}
    assert len(settle(server, [record] * 1000).json["results"]) == 1000
    assert settle(server, [record] * 1001).status == 400


def test_the_last_answer_arrives_whole_behind_many_that_wait_to_be_read(server):
    """Six megabytes, more than the systems of both ends take, to a client slower than the server."""
    body = json.dumps([{"reservation_id": "x"}] * 1000).encode()
    path, close = "/authz/v1/settle", {"connection": "close"}
    data = request("POST", path, {}, body) * 119 + request("POST", path, close, body)
    with Connection(server.rpc, window=65536) as connection, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(connection.send, data)
        for _ in range(120):
            time.sleep(0.005)
            assert len(connection.receive().json["results"]) == 1000
        sent.result()
        assert connection.receive() is None


def test_requests_sent_at_once_are_answered_in_order(server, issue):
    key = issue(rate_limits={"per_hour": 150})
    with Connection(server.rpc) as connection:
        path = [CHECK, "/nowhere", CHECK]
        connection.send(
            b"".join(request("GET", path[n % 3], key.bearer) for n in range(300))
        )
        answers = [connection.receive().status for _ in range(300)]
    allowed = [status for n, status in enumerate(answers) if n % 3 != 1]
    assert answers[1::3] == [404] * 100
    assert allowed == [200] * 150 + [429] * 50


def test_bytes_may_come_one_by_one(server, issue):
    data = request("POST", CHECK, issue().bearer, b'{"model":"gpt-4o","tokens":1}')
    with Connection(server.rpc) as connection:
        for byte in data * 2:
            connection.send(bytes([byte]))
        assert [connection.receive().status for _ in range(2)] == [200, 200]


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = f"POST {CHECK} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks) + end


def test_bodies_in_chunks_are_bodies(server, issue):
    key = issue(allowed_regions=["EU"])
    head, rest = chunked(b'{"region":', b'"EU"}').split(b"\r\n", 1)
    bearer = f"\r\nauthorization: Bearer {key.secret}\r\n".encode()
    with Connection(server.rpc) as connection:
        for end in [b"0\r\n\r\n", b"0\r\ntrailer: x\r\n\r\n"]:
            connection.send(head + bearer + rest.removesuffix(b"0\r\n\r\n") + end)
            assert connection.receive().status == 200


@pytest.mark.parametrize("space", [" ", "\t", " \t "], ids=repr)
def test_white_space_behind_a_value_is_no_part_of_it(server, issue, space):
    key = issue(allowed_models=["gpt-4o"], token_limits={"per_request_max": 100})
    with Connection(server.rpc) as connection:
        for tokens, status in [("100", 200), ("101", 403)]:
            fields = {"x-tollgate-model": "gpt-4o", "x-tollgate-tokens": tokens, **key.bearer}
            fields = {name: text + space for name, text in fields.items()}
            connection.send(request("GET", CHECK, fields))
            answer = connection.receive()
            assert answer.status == status, answer


@pytest.mark.parametrize("method, path", [
    ("GET", "/healthz"), ("POST", "/nope"), ("PUT", "/"), ("GET", "/tollgate.v1.Authorization/Check"),
])  # fmt: skip
def test_what_is_not_there_is_the_same_404_over_either_version(server, method, path):
    first, second = by_http1(server, method, path, {}, b""), by_http2(server, method, path, {}, b"")
    for answer in (first, second):
        assert answer.status == 404
        assert answer.header("content-type") == "application/json"
        assert answer.header("grpc-status") is None
    assert first.body == second.body
    assert first.json["error"]["code"] == "not_found"


GET = f"GET {CHECK} HTTP/1.1\r\nhost: a\r\n".encode()
POST = f"POST {CHECK} HTTP/1.1\r\nhost: a\r\n".encode()

HOSTILE = {
    "a length and chunks": (POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks and a length": (POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
    "the same length twice": (POST + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}", 400),
    "a list of lengths": (POST + b"content-length: 2, 2\r\n\r\n{}", 400),
    "a length with a sign": (POST + b"content-length: +2\r\n\r\n{}", 400),
    "a negative length": (POST + b"content-length: -2\r\n\r\n{}", 400),
    "a length beyond all measure": (POST + b"content-length: 99999999999999999999\r\n\r\n", 400),
    "two encodings": (POST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "an encoding twice": (POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "another encoding behind white space": (POST + b"transfer-encoding: chunked , gzip\r\n\r\n0\r\n\r\n", 400),
    "white space that is none in an encoding": (POST + b"transfer-encoding: chunked\x0b\r\n\r\n0\r\n\r\n", 400),
    "a length, white space and chunks": (POST + b"content-length: 5 \r\ntransfer-encoding: chunked \r\n\r\n0\r\n\r\n", 400),
    "white space inside a length": (POST + b"content-length: 1 2\r\n\r\n{}", 400),
    "an unknown encoding": (POST + b"transfer-encoding: identity\r\n\r\n", 400),
    "chunks in HTTP/1.0": (POST.replace(b"1.1", b"1.0") + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a space before the colon": (POST + b"content-length : 2\r\n\r\n{}", 400),
    "a folded header": (GET + b"x: a\r\n b\r\n\r\n", 400),
    "a header without a name": (GET + b": a\r\n\r\n", 400),
    "a NUL in a header": (GET + b"x-api-key: a\x00b\r\n\r\n", 400),
    "a NUL in the path": (f"GET {CHECK}\x00 HTTP/1.1\r\nhost: a\r\n\r\n".encode(), 400),
    "no host": (GET.replace(b"host: a\r\n", b"") + b"\r\n", 400),
    "two hosts": (GET + b"host: b\r\n\r\n", 400),
    "HTTP/2.0 in a line of HTTP/1": (GET.replace(b"1.1", b"2.0") + b"\r\n", 505),
    "HTTP/0.9": (f"GET {CHECK}\r\n\r\n".encode(), 505),
    "a chunk size that is none": (chunked(end=b"xyz\r\n\r\n"), 400),
    "a chunk size beyond all measure": (chunked(end=b"fffffffffffffffff\r\n"), 400),
    "a chunk that is longer than it says": (chunked(end=b"1\r\nab\r\n0\r\n\r\n"), 400),
    "a long header": (GET + b"x: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "many headers": (GET + b"".join(b"x%d: a\r\n" % n for n in range(300)) + b"\r\n", 431),
    "a long path": (b"GET " + CHECK.encode() + b"/" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", 431),
    "a long body": (POST + b"content-length: 9000000\r\n\r\n" + b"x" * 2_000_000, 413),
    "a long body in chunks": (chunked(*[b"x" * 65536] * 20), 413),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 600, 400),
}  # fmt: skip


@pytest.mark.parametrize("data, status", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_not_well_formed_is_refused_and_ends_the_connection(server, data, status):
    with Connection(server.rpc) as connection:
        try:
            # What stands behind must never be taken for a request.
            connection.send(data + GET + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = connection.receive()
        assert answer.status == status, answer
        assert answer.header("connection") == "close"
        assert answer.json["error"]["status"] == status
        assert connection.receive() is None


@pytest.mark.parametrize(
    "data",
    [b"G", GET, GET + b"\r\n" * 5, POST + b"content-length: 100\r\n\r\n{", chunked(b"{")[:-6]],
    ids=repr,
)
def test_a_client_that_goes_away_early_is_forgotten(server, data):
    for _ in range(20):
        with Connection(server.rpc) as connection:
            connection.send(data)


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_client_that_ends_its_half_gets_its_answers(tollgate, durability):
    server = tollgate("--durability", durability).start()
    data = request("GET", CHECK, server.admin.create(rate_limits={"per_hour": 2}).bearer)
    for rest, statuses in [(b"", [200, 200, 429]), (GET, [429] * 3)]:
        with Connection(server.rpc) as connection:
            connection.send(data * 3 + rest)
            connection.end()
            assert [connection.receive().status for _ in range(3)] == statuses
            assert connection.receive() is None


def test_a_body_of_a_megabyte_is_taken(server, issue):
    text = "x" * ((1 << 20) - 100)
    body = json.dumps({"model": "gpt-4o", "messages": [{"content": text}]}).encode()
    key = issue(token_limits={"per_request_max": 1_000_000})
    for ask in (by_http1, by_http2):
        answer = ask(server, "POST", f"{CHECK}/v1/chat/completions", key.bearer, body)
        assert (answer.status, answer.header("x-tollgate-reason")) == (403, "request_too_large")


def test_who_waits_to_be_told_to_go_on_is_told(server, issue):
    body = b'{"tokens":1}'
    with Connection(server.rpc) as connection:
        head = request("POST", CHECK, {**issue().bearer, "expect": "100-continue"}, body)
        connection.send(head.removesuffix(body))
        assert connection.receive().status == 100
        connection.send(body)
        assert connection.receive().status == 200


@pytest.mark.parametrize(
    "version, header, stays",
    [("1.1", "", True), ("1.1", "connection: close", False),
     ("1.0", "", False), ("1.0", "connection: keep-alive", True)],
)  # fmt: skip
def test_connections_stay_as_the_client_wishes(server, issue, version, header, stays):
    data = request("GET", CHECK, issue().bearer).replace(b"1.1", version.encode())
    if header:
        data = data.removesuffix(b"\r\n") + header.encode() + b"\r\n\r\n"
    with Connection(server.rpc) as connection:
        connection.send(data)
        assert connection.receive().status == 200
        if stays:
            connection.send(data)
            assert connection.receive().status == 200
        else:
            assert connection.receive() is None


@pytest.mark.parametrize("path", ["/", "/authz/v1/checks", "/tollgate.v1.Authorization/Check"])
def test_what_is_not_there_is_not_found_and_the_connection_goes_on(server, path):
    with Connection(server.rpc) as connection:
        for _ in range(2):
            connection.send(request("POST", path, body=b"{}"))
            assert connection.receive().status == 404


def test_head_is_answered_without_a_body(server):
    with Connection(server.rpc) as connection:
        connection.send(request("HEAD", CHECK))
        answer = connection.receive(has_body=False)
        assert answer.status == 401
        connection.send(request("GET", CHECK))
        assert connection.receive().status == 401


@pytest.mark.parametrize("protocols", [None, ["http/1.1"]], ids=["no ALPN", "http/1.1"])
def test_http1_over_tls(tollgate, tmp_path, protocols):
    authority = Authority(tmp_path / "tls")
    pair = authority.issue("server")
    server = tollgate("--tls-cert", pair.certificate, "--tls-key", pair.key).start()
    context = ssl.create_default_context(cafile=str(authority.file))
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    with Connection(server.rpc) as connection:
        connection.wrap(context)
        for _ in range(2):
            connection.send(request("GET", CHECK, server.admin.create().bearer))
            assert connection.receive().status == 200


def test_a_server_that_stops_answers_first_and_closes_idle_connections(tollgate):
    server = tollgate().start()
    with Connection(server.rpc) as idle:
        idle.send(request("GET", CHECK, server.admin.create().bearer))
        assert idle.receive().status == 200
        assert server.terminate() == 0
        assert idle.receive() is None
