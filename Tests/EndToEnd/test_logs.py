"""What the server logs: requests that can be told apart, and no secrets."""

from __future__ import annotations

import json

import requests
from support import rpc
from support.caller import Caller, question
from support.process import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"


def lines_of(server):
    return [json.loads(line) for line in server.errors.splitlines() if line.startswith("{")]


def test_a_request_can_be_followed_by_its_id_and_its_trace(tollgate):
    server = tollgate("--log-format", "json", "--log-level", "debug").start()
    headers = {
        "x-request-id": "order-66:a.b", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
    }  # fmt: skip
    answer = server.admin.call("GET", "/v1/keys?q=canary-query", headers=headers)
    assert answer.headers["x-request-id"] == "order-66:a.b"
    line = eventually(
        lambda: next((l for l in lines_of(server) if l["message"] == "request"), None), "a line"
    )
    assert line["metadata"]["request_id"] == "order-66:a.b"
    assert line["metadata"]["trace_id"] == TRACE
    assert (line["metadata"]["path"], line["metadata"]["status"]) == ("/v1/keys", "200")
    assert {"time", "level", "logger"} <= set(line)
    assert "canary-query" not in server.errors and server.admin_key not in server.errors


def test_an_id_that_could_break_a_line_is_replaced(tollgate):
    server = tollgate("--log-format", "text", "--log-level", "debug").start()
    for bad in ["a b", "x" * 129, 'a"b', "a=b"]:
        answer = server.admin.call("GET", "/healthz", headers={"x-request-id": bad})
        made = answer.headers["x-request-id"]
        assert len(made) == 32 and set(made) <= set("0123456789abcdef")
        eventually(lambda: f"request_id={made}" in server.errors, "a line with the new id")
        assert bad not in server.errors


def test_a_decision_can_be_followed_by_its_trace(tollgate):
    server = tollgate("--log-format", "json", "--log-level", "debug").start()
    key = server.admin.create()
    header = f"00-{TRACE}-b7ad6b7169203331-01"
    with rpc.connect(server.rpc) as channel:
        stub = Caller(channel).stub
        answer = stub.Check(
            question(key, request_id="r-1"), timeout=rpc.TIMEOUT, metadata=[("traceparent", header)]
        )
        headers = [("traceparent", "00-odd"), ("x-request-id", "r-2")]
        list(stub.CheckStream(iter([question("sk-canary")]), timeout=rpc.TIMEOUT, metadata=headers))
        stub.Check(question(key, request_id="two words"), timeout=rpc.TIMEOUT)
        envoy = rpc.envoy_services.AuthorizationStub(channel)
        headers = {"traceparent": header, "x-request-id": "r-3"}
        request = rpc.envoy_request(key.secret, body={"model": "gpt-4o"}, headers=headers)
        assert envoy.Check(request, timeout=rpc.TIMEOUT).status.code == 0
    plain = requests.get(
        f"http://{server.rpc}/authz/v1/check", timeout=rpc.TIMEOUT,
        headers={"traceparent": header, "x-request-id": "r-4", **key.bearer},
    )  # fmt: skip
    assert plain.status_code == 200

    def decisions():
        found = [line for line in lines_of(server) if line["message"] == "decision"]
        return found if len(found) == 5 else None

    found = [line["metadata"] for line in eventually(decisions, "five lines")]
    assert found[0] == {
        "reason": "allowed", "key_id": key.id, "reservation_id": answer.reservation_id,
        "request_id": "r-1", "trace_id": TRACE,
    }  # fmt: skip
    assert found[1] == {"reason": "invalid_api_key", "request_id": "r-2"}
    assert "request_id" not in found[2] and "trace_id" not in found[2]
    assert (found[3]["request_id"], found[3]["trace_id"]) == ("r-3", TRACE)
    assert (found[4]["request_id"], found[4]["trace_id"]) == ("r-4", TRACE)
    assert key.secret not in server.errors and "canary" not in server.errors


def test_decisions_are_not_logged_unless_somebody_wants_it(tollgate):
    server = tollgate("--log-format", "json").start()
    with rpc.connect(server.rpc) as channel:
        Caller(channel).check(server.admin.create())
    assert server.terminate() == 0
    assert not [line for line in lines_of(server) if line["message"] == "decision"]


def test_refusals_have_an_id_too(server):
    for path in ["/v1/keys", "/none"]:
        answer = server.admin.call("GET", path, headers={"authorization": "Bearer nobody"})
        assert answer.status_code in {401, 404}
        assert len(answer.headers["x-request-id"]) == 32
