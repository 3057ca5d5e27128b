#!/usr/bin/env python3
"""Writes ../Cases/*.hex with the official Python stubs.

usage: .build/python/bin/python Tests/TollgateWireTests/Support/golden.py

Needs the packages of Tests/EndToEnd/requirements.txt (xds-protos for Envoy's messages). The files
are committed, so the tests need no Python.
"""

import pathlib
import textwrap

from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import external_auth_pb2
from google.protobuf import any_pb2

CASES = pathlib.Path(__file__).parent.parent / "Cases"

HEADERS = [
    (":authority", "gateway.example"),
    (":method", "POST"),
    (":path", "/v1/chat/completions?trace=1"),
    (":scheme", "http"),
    ("accept", "*/*"),
    ("authorization", "Bearer tg_live_0123456789ABCDEFGHIJKLMNOPQ0abcde"),
    ("content-length", "87"),
    ("content-type", "application/json"),
    ("cookie", "a=b"),
    ("user-agent", "curl/7.88.1"),
    ("x-api-key", "second-key"),
    ("x-forwarded-for", "203.0.113.9, 10.0.0.1"),
    ("x-forwarded-proto", "http"),
    ("x-multi", "one"),
    ("x-plain", "orig"),
    ("x-remove-me", "1"),
    ("x-request-id", "a7ee0a60-2c00-4287-81b7-7bff970fdd5a"),
]


def write(name, message):
    """Writes a message as lines of hexadecimal digits."""
    data = message if isinstance(message, bytes) else message.SerializeToString(deterministic=True)
    (CASES / f"{name}.hex").write_text("\n".join(textwrap.wrap(data.hex(), 96)) + "\n")


def peer(address, port, target):
    target.address.socket_address.address = address
    target.address.socket_address.port_value = port


def bare(headers=HEADERS, raw=False):
    """A request as Envoy sends it, with the fields that Tollgate does not read."""
    request = external_auth_pb2.CheckRequest()
    attributes = request.attributes
    peer("198.51.100.7", 36434, attributes.source)
    peer("127.0.0.1", 8080, attributes.destination)
    attributes.request.time.FromNanoseconds(1795208196_509768000)
    http = attributes.request.http
    http.id = "3244913503170385092"
    http.method = "POST"
    for name, value in headers:
        if raw:
            http.header_map.headers.add(key=name, raw_value=value.encode())
        else:
            http.headers[name] = value
    http.path = "/v1/chat/completions?trace=1"
    http.host = "gateway.example"
    http.scheme = "http"
    http.protocol = "HTTP/1.1"
    attributes.metadata_context.SetInParent()
    attributes.route_metadata_context.SetInParent()
    return request


def requests():
    write("request-bare", bare())
    write("request-raw-headers", bare(raw=True))

    with_body = bare()
    with_body.attributes.request.http.body = '{"model":"gpt-4o","messages":[]}'
    with_body.attributes.request.http.size = 32
    with_body.attributes.request.http.headers["x-envoy-auth-partial-body"] = "false"
    write("request-body", with_body)

    raw_body = bare()
    raw_body.attributes.request.http.raw_body = b'{"model":"gpt-4o","messages":[{"cont\xff'
    raw_body.attributes.request.http.size = 2084
    raw_body.attributes.request.http.headers["x-envoy-auth-partial-body"] = "true"
    write("request-raw-body", raw_body)

    extended = bare()
    for name in ("region", "provider", "supplier", "model", "action", "other"):
        extended.attributes.context_extensions[name] = f"operator-{name}"
    for name in ("model", "region", "provider", "supplier", "action", "tokens"):
        extended.attributes.request.http.headers[f"x-tollgate-{name}"] = f"client-{name}"
    extended.attributes.source.principal = "spiffe://example/gateway"
    write("request-names", extended)

    by_struct = bare()
    metadata = by_struct.attributes.metadata_context.filter_metadata
    metadata["tenant"].update({"team": "a", "tiers": [1, [2, {"x": None}]]})
    metadata["envoy.ai.request_info"].update(
        {"model": "gpt-4o", "stream": True, "max_output_tokens": 64.0, "estimated_input_tokens": 33.5}
    )
    write("request-info-struct", by_struct)

    # RequestInfo is not in the stubs; its fields, written by hand: model 2, stream 3 {1},
    # max_output_tokens 4 {1}, message_count 5 {1}, estimated_input_tokens 7 {1}.
    info = (
        b"\x08\x01\x12\x06gpt-4o\x1a\x02\x08\x01\x22\x02\x08\x40\x2a\x02\x08\x01\x3a\x02\x08\x21"
    )
    typed = bare()
    typed.attributes.metadata_context.typed_filter_metadata["envoy.ai.request_info"].CopyFrom(
        any_pb2.Any(type_url="type.googleapis.com/envoy.data.ai.v3.RequestInfo", value=info)
    )
    write("request-info-typed", typed)


def header(name, value, action=None):
    option = base_pb2.HeaderValueOption()
    option.header.key = name
    option.header.value = value
    if action is not None:
        option.append_action = action
    return option


def responses():
    denial = external_auth_pb2.CheckResponse()
    denial.status.code = 7
    denial.status.message = "model_not_allowed"
    denial.denied_response.status.code = 403
    denial.denied_response.headers.append(header("content-type", "application/json"))
    denial.denied_response.headers.append(header("x-tollgate-reason", "model_not_allowed"))
    denial.denied_response.body = '{"error":{"code":"model_not_allowed"}}' * 5
    denial.dynamic_metadata["reason"] = "model_not_allowed"
    write("response-denial", denial)

    allow = external_auth_pb2.CheckResponse()
    allow.ok_response.headers.append(header("x-tollgate-key-id", "key_00000000000000000000000001"))
    allow.ok_response.headers_to_remove.extend(["authorization", "x-api-key"])
    overwrite = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
    allow.ok_response.response_headers_to_add.append(
        header("x-ratelimit-remaining-requests", "59", overwrite)
    )
    # Code 0 is written although it is the default: nothing about an allow is left to defaults.
    allow.dynamic_metadata["tokens"] = 1500.0
    write("response-allow", b"\x0a\x02\x08\x00" + allow.SerializeToString(deterministic=True))


if __name__ == "__main__":
    CASES.mkdir(exist_ok=True)
    requests()
    responses()
