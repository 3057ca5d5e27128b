"""gRPC clients: channels that share nothing, and what Envoy would send over them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
from envoy.service.auth.v3 import attribute_context_pb2 as attributes
from envoy.service.auth.v3 import external_auth_pb2 as envoy_messages
from envoy.service.auth.v3 import external_auth_pb2_grpc as envoy_services

ENVOY_CHECK = "/envoy.service.auth.v3.Authorization/Check"
NATIVE_CHECK = "/tollgate.v1.Authorization/Check"
NATIVE_CHECK_STREAM = "/tollgate.v1.Authorization/CheckStream"
NATIVE_SETTLE = "/tollgate.v1.Authorization/Settle"

#: Seconds that a call may take: a bound, not an expectation.
TIMEOUT = 30

#: What makes a channel stand for itself.
OPTIONS = [
    # One connection for each channel; else all channels to one address share it.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    # A server that is back after a crash is found at once.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.max_receive_message_length", 16 << 20),
]


@contextmanager
def connect(
    address: str, credentials: grpc.ChannelCredentials | None = None
) -> Iterator[grpc.Channel]:
    """A connection of its own to `host:port` or `unix:/path`."""
    if credentials is None:
        channel = grpc.insecure_channel(address, OPTIONS)
    else:
        channel = grpc.secure_channel(address, credentials, OPTIONS)
    with channel:
        yield channel


def raw_call(channel: grpc.Channel, path: str) -> grpc.UnaryUnaryMultiCallable:
    """A method that takes and returns bytes, for what no stub would send."""
    return channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)


def raw_stream(channel: grpc.Channel, path: str) -> grpc.StreamStreamMultiCallable:
    """A streaming method that takes and returns bytes."""
    return channel.stream_stream(path, request_serializer=bytes, response_deserializer=bytes)


def envoy_request(
    secret: str | None = None,
    *,
    headers: Mapping[str, str] = {},
    path: str = "/v1/chat/completions",
    body: Mapping[str, Any] | None = None,
    context: Mapping[str, str] = {},
    address: str = "192.0.2.10",
) -> envoy_messages.CheckRequest:
    """What Envoy sends about a request, with a body as bytes."""
    request = envoy_messages.CheckRequest()
    request.attributes.source.address.socket_address.address = address
    request.attributes.source.address.socket_address.port_value = 40000
    request.attributes.context_extensions.update(context)
    http = request.attributes.request.http
    http.id = "3244913503170385092"
    http.method = "POST"
    http.path = path
    http.host = "llm.test"
    http.scheme = "http"
    http.protocol = "HTTP/1.1"
    http.headers.update({":method": "POST", ":path": path, ":authority": "llm.test", **headers})
    if secret is not None:
        http.headers["authorization"] = f"Bearer {secret}"
    if body is not None:
        http.raw_body = json.dumps(body).encode()
        http.size = len(http.raw_body)
    return request


def as_raw_headers(request: envoy_messages.CheckRequest) -> envoy_messages.CheckRequest:
    """The same request with its headers as Envoy's `encode_raw_headers` writes them."""
    copy = envoy_messages.CheckRequest()
    copy.CopyFrom(request)
    http = copy.attributes.request.http
    for name, text in request.attributes.request.http.headers.items():
        http.header_map.headers.add(key=name, raw_value=text.encode())
    http.headers.clear()
    return copy


def reason_of(response: envoy_messages.CheckResponse) -> str:
    """The code of a denial, having made sure that nothing in the answer could let a request pass."""
    assert response.status.code != 0, "an answer without a status means: allow"
    assert response.WhichOneof("http_response") == "denied_response"
    denied = response.denied_response
    error = json.loads(denied.body)["error"]
    headers = {option.header.key: option.header.value for option in denied.headers}
    assert denied.status.code == error["status"]
    assert headers["x-tollgate-reason"] == error["code"]
    return error["code"]


def is_allowed(response: envoy_messages.CheckResponse) -> bool:
    """Whether the answer lets the request pass; an answer that is neither fails the test."""
    if response.status.code == 0:
        assert response.WhichOneof("http_response") == "ok_response"
        return True
    reason_of(response)
    return False


__all__ = [
    "ENVOY_CHECK", "NATIVE_CHECK", "NATIVE_CHECK_STREAM", "NATIVE_SETTLE", "OPTIONS", "TIMEOUT",
    "as_raw_headers", "attributes", "connect", "envoy_messages", "envoy_request",
    "envoy_services", "is_allowed", "raw_call", "raw_stream", "reason_of",
]  # fmt: skip
