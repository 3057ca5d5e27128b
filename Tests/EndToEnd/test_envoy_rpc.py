"""`envoy.service.auth.v3.Authorization` by the official stubs, without an Envoy in between."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf import any_pb2, struct_pb2
from support import rpc

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}

INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
def check(channel):
    """The method of the official stub."""
    stub = rpc.envoy_services.AuthorizationStub(channel)
    return lambda request: stub.Check(request, timeout=rpc.TIMEOUT)


def test_an_allow_says_so_in_every_place(check, issue):
    key = issue()
    response = check(rpc.envoy_request(key.secret, body=BODY))
    assert response.status.code == 0
    ok = response.ok_response
    headers = {option.header.key: option for option in ok.headers}
    assert headers["x-tollgate-key-id"].header.value == key.id
    # Envoy reads only `value`, and overwrites what the client sent only without `append`.
    for option in ok.headers:
        assert not option.header.raw_value
        assert not option.HasField("append")
    assert {"authorization", "x-api-key", "api-key"} <= set(ok.headers_to_remove)
    assert response.dynamic_metadata["rid"].startswith("rs_")


def test_no_answer_touches_what_frames_a_message(check, issue):
    responses = [check(rpc.envoy_request(issue().secret, body=BODY)), check(rpc.envoy_request())]
    for response in responses:
        options = [*response.ok_response.headers, *response.denied_response.headers]
        names = {option.header.key for option in options}
        assert not names & {"content-length", "transfer-encoding", "connection", "host"}
        assert all(name == name.lower() for name in names)


def test_a_denial_says_so_in_every_place(check, issue):
    key = issue(denied_models=["gpt-4o"])
    response = check(rpc.envoy_request(key.secret, body=BODY))
    assert response.status.code == 7
    assert rpc.reason_of(response) == "model_not_allowed"
    assert response.denied_response.status.code == 403
    error = json.loads(response.denied_response.body)["error"]
    assert error["key_id"] == key.id
    assert key.secret.encode() not in response.SerializeToString()


def test_headers_as_a_list_of_bytes_are_the_same_headers(check, issue):
    key = issue(allowed_models=["gpt-4o"])
    assert rpc.is_allowed(check(rpc.as_raw_headers(rpc.envoy_request(key.secret, body=BODY))))
    denied = check(rpc.as_raw_headers(rpc.envoy_request("sk-unknown", body=BODY)))
    assert rpc.reason_of(denied) == "invalid_api_key"


def test_a_key_hidden_in_the_other_form_of_headers_is_still_a_second_key(check, issue):
    request = rpc.envoy_request(issue().secret, body=BODY)
    headers = request.attributes.request.http.header_map.headers
    headers.add(key="x-api-key", raw_value=issue().secret.encode())
    assert rpc.reason_of(check(request)) == "ambiguous_credentials"


def test_a_repeated_header_with_another_key_is_a_second_key(check, issue):
    request = rpc.as_raw_headers(rpc.envoy_request(issue().secret, body=BODY))
    headers = request.attributes.request.http.header_map.headers
    headers.add(key="authorization", raw_value=b"Bearer " + issue().secret.encode())
    assert rpc.reason_of(check(request)) == "ambiguous_credentials"


def test_a_body_as_text_is_the_same_body(check, issue):
    request = rpc.envoy_request(issue(denied_models=["gpt-4o"]).secret)
    request.attributes.request.http.body = json.dumps(BODY)
    assert rpc.reason_of(check(request)) == "model_not_allowed"


def test_request_info_of_envoys_own_reader_comes_before_the_body(check, issue):
    key = issue(allowed_models=["gpt-4o"])
    request = rpc.envoy_request(key.secret, body={"model": "gpt-5"})
    info = struct_pb2.Struct()
    info.update({"model": "gpt-4o"})
    metadata = request.attributes.metadata_context
    metadata.filter_metadata["envoy.ai.request_info"].CopyFrom(info)
    assert rpc.is_allowed(check(request))


def test_typed_request_info_of_envoys_own_reader_comes_before_the_body(check, issue):
    key = issue(allowed_models=["gpt-4o"])
    request = rpc.envoy_request(key.secret, body={"model": "gpt-5"})
    typed = request.attributes.metadata_context.typed_filter_metadata["envoy.ai.request_info"]
    typed.CopyFrom(
        any_pb2.Any(
            type_url="type.googleapis.com/envoy.data.ai.v3.RequestInfo",
            # Field 2, length-delimited: the model.
            value=b"\x12\x06gpt-4o",
        )
    )
    assert rpc.is_allowed(check(request))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::1", True),
        ("2001:0DB8:0000::0001", True),
        ("192.0.2.1", False),
        ("2001:db9::1", False),
        ("", False),
        ("010.1.2.3", False),
        ("10.1.2.3.4", False),
        ("nonsense", False),
    ],
)
def test_an_address_is_allowed_by_its_network(check, issue, address, allowed):
    key = issue(ip_allowlist={"enabled": True, "addresses": ["10.0.0.0/8", "2001:db8::/32"]})
    response = check(rpc.envoy_request(key.secret, body=BODY, address=address))
    assert rpc.is_allowed(response) == allowed
    if not allowed:
        assert rpc.reason_of(response) == "ip_not_allowed"


def varint(number: int) -> bytes:
    coded = bytearray()
    while number >= 128:
        coded.append(number & 127 | 128)
        number >>= 7
    return bytes(coded + bytes([number]))


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def nested(levels: int) -> bytes:
    """A Struct in a Struct in a Struct, as the context of a route's metadata."""
    value = b""
    for _ in range(levels):
        value = field(5, field(1, field(1, b"k") + field(2, value)))
    struct = field(1, field(1, b"k") + field(2, value))
    metadata = field(1, field(1, b"filter") + field(2, struct))
    return field(1, field(11, metadata))


def http(*fields: bytes) -> bytes:
    return field(1, field(4, field(2, b"".join(fields))))


def header(name: bytes, text: bytes) -> bytes:
    return field(3, field(1, name) + field(2, text))


#: Messages of which none may ever be taken for an allowed request.
HOSTILE = {
    "empty": b"",
    "only an unknown field": field(1000, b"x"),
    "a cut tag": b"\x80",
    "a cut length": b"\x0a\xff",
    "a length past the end": b"\x0a\x7f\x00",
    "an overlong number": b"\x08" + b"\xff" * 10 + b"\x01",
    "field zero": b"\x02\x00",
    "wire type six": b"\x0e\x00",
    "wire type seven": b"\x0f\x00",
    "a group": b"\x0b\x0c",
    "a group that never ends": b"\x0b" * 100,
    "a wrong wire type": b"\x08\x01",
    "attributes that are a number": b"\x0d\x01\x02\x03\x04",
    "a key with a NUL": http(header(b"authorization", b"Bearer sk\x00x")),
    "a key of bad UTF-8": http(header(b"authorization", b"Bearer \xff\xfe")),
    "a header name of bad UTF-8": http(header(b"\xff", b"x")),
    "a path with a NUL": http(field(4, b"/v1/\x00")),
    "a path of bad UTF-8": http(field(4, b"/\xc3\x28")),
    "an empty bearer token": http(header(b"authorization", b"Bearer ")),
    "another scheme": http(header(b"authorization", b"Basic dXNlcjpwYXNz")),
    "a very long key": http(header(b"authorization", b"Bearer " + b"k" * 100_000)),
    "ten thousand headers": http(*[header(b"h%d" % n, b"x") for n in range(10_000)]),
    "a body of a megabyte": http(field(12, b"x" * 1_000_000)),
    "nesting of 33": nested(33),
    "nesting of 600": nested(600),
    "nesting of 20,000": nested(20_000),
    "an operator's region of bad UTF-8": field(
        1, field(10, field(1, b"region") + field(2, b"\xff"))
    ),
    "all ones": b"\xff" * 1000,
    "all zeros": b"\x00" * 1000,
    "text": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_is_never_allowed(channel, payload):
    call = rpc.raw_call(channel, rpc.ENVOY_CHECK)
    try:
        answer = call(payload, timeout=rpc.TIMEOUT)
    except grpc.RpcError as error:
        assert error.code() in (INVALID, grpc.StatusCode.RESOURCE_EXHAUSTED)
        return
    assert answer, "an empty answer means: allow"
    assert not rpc.is_allowed(rpc.envoy_messages.CheckResponse.FromString(answer))


@pytest.mark.parametrize(
    "name",
    ["a cut tag", "a length past the end", "field zero", "a key with a NUL", "a path with a NUL",
     "a path of bad UTF-8", "a key of bad UTF-8", "nesting of 600", "nesting of 20,000",
     "an operator's region of bad UTF-8"],
)  # fmt: skip
def test_malformed_input_is_refused_and_not_read_in_part(channel, name):
    with pytest.raises(grpc.RpcError) as caught:
        rpc.raw_call(channel, rpc.ENVOY_CHECK)(HOSTILE[name], timeout=rpc.TIMEOUT)
    assert caught.value.code() == INVALID
    assert caught.value.details()


def test_malformed_input_behind_a_good_key_is_refused_as_well(channel, issue):
    good = rpc.envoy_request(issue().secret, body=BODY).SerializeToString()
    call = rpc.raw_call(channel, rpc.ENVOY_CHECK)
    assert rpc.is_allowed(
        rpc.envoy_messages.CheckResponse.FromString(call(good, timeout=rpc.TIMEOUT))
    )
    for name in ("a cut tag", "a length past the end", "nesting of 600", "a path of bad UTF-8"):
        with pytest.raises(grpc.RpcError) as caught:
            call(good + HOSTILE[name], timeout=rpc.TIMEOUT)
        assert caught.value.code() == INVALID, name


def test_every_cut_of_a_good_request_is_refused_or_decided(channel, issue):
    key = issue(denied_models=["gpt-4o"])
    good = rpc.envoy_request(key.secret, body=BODY).SerializeToString()
    call = rpc.raw_call(channel, rpc.ENVOY_CHECK)

    def is_allowed(count: int) -> bool:
        try:
            answer = call(good[:count], timeout=rpc.TIMEOUT)
        except grpc.RpcError as error:
            assert error.code() == INVALID
            return False
        return rpc.is_allowed(rpc.envoy_messages.CheckResponse.FromString(answer))

    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(is_allowed, range(len(good))))


def test_unknown_fields_are_passed_over(channel, issue):
    good = rpc.envoy_request(issue().secret, body=BODY).SerializeToString()
    answer = rpc.raw_call(channel, rpc.ENVOY_CHECK)(good + field(900, b"new"), timeout=rpc.TIMEOUT)
    assert rpc.is_allowed(rpc.envoy_messages.CheckResponse.FromString(answer))
