"""What the server logs: requests that can be told apart, and no secrets."""

from __future__ import annotations

import json

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


def test_refusals_have_an_id_too(server):
    for path in ["/v1/keys", "/none"]:
        answer = server.admin.call("GET", path, headers={"authorization": "Bearer nobody"})
        assert answer.status_code in {401, 404}
        assert len(answer.headers["x-request-id"]) == 32
