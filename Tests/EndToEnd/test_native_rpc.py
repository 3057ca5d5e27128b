"""`tollgate.v1.Authorization`, by stubs made from the published proto files."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import grpc
import pytest
from support import rpc
from support.native import messages, services

INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
def check(channel):
    """One check: its fields in, the answer out."""
    stub = services.AuthorizationStub(channel)
    return lambda **fields: stub.Check(messages.CheckRequest(**fields), timeout=rpc.TIMEOUT)


def test_an_allow_names_the_key_and_a_reservation(check, issue):
    key = issue()
    answer = check(key=key.secret, model="gpt-4o", tokens=100)
    assert answer.allowed
    assert (answer.reason, answer.http_status) == ("", 200)
    assert answer.key_id == key.id
    assert answer.reservation_id.startswith("rs_")
    again = check(key=key.secret, model="gpt-4o", tokens=100)
    assert again.reservation_id != answer.reservation_id


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"key": ""}, 401, "missing_api_key"),
        ({"key": "sk-unknown"}, 401, "invalid_api_key"),
        ({"key": "k" * 5000}, 401, "invalid_api_key"),
        ({"client_ip": "192.0.2.1"}, 403, "ip_not_allowed"),
        ({"client_ip": ""}, 403, "ip_not_allowed"),
        ({"model": "gpt-5"}, 403, "model_not_allowed"),
        ({"model": ""}, 403, "model_not_allowed"),
        ({"provider": "anthropic"}, 403, "provider_not_allowed"),
        ({"supplier": "openai-us"}, 403, "supplier_not_allowed"),
        ({"region": "US"}, 403, "region_not_allowed"),
        ({"action": "embeddings:create"}, 403, "action_not_allowed"),
    ],
)
def test_a_denial_is_an_answer_with_its_reason(check, issue, fields, status, reason):
    key = issue(
        ip_allowlist={"enabled": True, "addresses": ["10.0.0.0/8"]},
        allowed_models=["gpt-4o"],
        allowed_providers=["openai"],
        allowed_suppliers=["openai-eu"],
        allowed_regions=["EU"],
        allowed_actions=["chat:completions"],
    )
    good = {
        "key": key.secret, "client_ip": "10.1.2.3", "model": "gpt-4o", "provider": "openai",
        "supplier": "openai-eu", "region": "EU",
    }  # fmt: skip
    assert check(**good).allowed, "an action that is not named is chat:completions"
    answer = check(**(good | fields))
    assert not answer.allowed
    assert (answer.http_status, answer.reason) == (status, reason)
    assert answer.message.endswith(".")
    assert answer.reservation_id == ""
    assert answer.key_id == ("" if status == 401 else key.id)


def test_every_field_is_in_the_audit_log(check, admin, issue):
    key = issue()
    answer = check(
        key=key.secret, model="gpt-4o", region="EU", tokens=1234, input_tokens=234,
        provider="openai", supplier="openai-eu", action="batch:create", client_ip="2001:db8::7",
        user_agent="agent/1.0", request_id="request-7", metadata={"team": "search", "env": "prod"},
    )  # fmt: skip
    [entry] = admin.logs(key_id=key.id)
    assert entry["status"] == "success"
    assert entry["reservation_id"] == answer.reservation_id
    assert entry["metadata"] == {"team": "search", "env": "prod"}
    expected = {
        "key_id": key.id, "model": "gpt-4o", "region": "EU", "provider": "openai",
        "supplier": "openai-eu", "action": "batch:create", "ip_address": "2001:db8::7",
        "user_agent": "agent/1.0", "request_id": "request-7",
    }  # fmt: skip
    assert {name: entry[name] for name in expected} == expected


def test_a_dry_run_is_answered_and_leaves_no_trace(check, admin, issue):
    key = issue(denied_models=["gpt-5"])
    answer = check(key=key.secret, model="gpt-4o", dry_run=True)
    assert answer.allowed and answer.reservation_id == ""
    assert check(key=key.secret, model="gpt-5", dry_run=True).reason == "model_not_allowed"
    assert admin.logs(key_id=key.id) == []


def test_an_explanation_is_given_when_asked_for(check, issue):
    key = issue(denied_models=["gpt-5"])
    assert not check(key=key.secret, model="gpt-5").explanation
    answer = check(key=key.secret, model="gpt-5", explain=True)
    assert any("model_not_allowed" in line for line in answer.explanation)
    assert key.secret not in str(answer)


@pytest.mark.parametrize("tokens", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_no_number_of_tokens_ends_the_server(check, issue, tokens):
    answer = check(key=issue().secret, model="gpt-4o", tokens=tokens, input_tokens=tokens)
    assert answer.http_status in (200, 403)


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "m\x00"},
        {"model": "m" * 10_000},
        {"region": "r\n"},
        {"provider": "p" * 10_000},
        {"supplier": "s\x7f"},
        {"action": "a" * 10_000},
        {"user_agent": "u\x00"},
        {"request_id": "i" * 10_000},
        {"metadata": {"k": "v" * 100_000}},
        {"metadata": {"k\x00": "v"}},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_a_text_that_cannot_be_is_refused(check, issue, fields):
    with pytest.raises(grpc.RpcError) as caught:
        check(**({"key": issue().secret, "model": "gpt-4o"} | fields))
    assert caught.value.code() == INVALID


@pytest.mark.parametrize("payload", [b"\x0a", b"\x12\x02\xff\xfe", b"\x22\x01x", b"\xff" * 50])
def test_a_malformed_message_is_refused(channel, payload):
    with pytest.raises(grpc.RpcError) as caught:
        rpc.raw_call(channel, rpc.NATIVE_CHECK)(payload, timeout=rpc.TIMEOUT)
    assert caught.value.code() == INVALID


def test_many_calls_on_many_connections_are_each_answered_right(server, issue):
    keys = [issue(allowed_models=[f"model-{number}"]) for number in range(8)]
    calls, request_count = [], 4000
    with ExitStack() as stack:
        stubs = [
            services.AuthorizationStub(stack.enter_context(rpc.connect(server.rpc)))
            for _ in range(8)
        ]
        # All sent before the first is read: hundreds of streams are open on each connection.
        for number in range(request_count):
            request = messages.CheckRequest(
                key=keys[number % 8].secret, model=f"model-{number // 8 % 8}"
            )
            calls.append(stubs[number // 64 % 8].Check.future(request, timeout=rpc.TIMEOUT))
        answers = [call.result() for call in calls]
    for number, answer in enumerate(answers):
        assert answer.key_id == keys[number % 8].id
        assert answer.allowed == (number % 8 == number // 8 % 8)
    reservations = {answer.reservation_id for answer in answers if answer.allowed}
    assert len(reservations) == sum(answer.allowed for answer in answers)


def test_a_change_of_a_key_under_load_is_never_half_seen(server, admin, issue):
    """Between two models, one of which is always allowed, there is no moment without any."""
    key = issue(allowed_models=["one"])

    def ask(model: str) -> str:
        with rpc.connect(server.rpc) as channel:
            request = messages.CheckRequest(key=key.secret, model=model)
            answer = services.AuthorizationStub(channel).Check(request, timeout=rpc.TIMEOUT)
        assert answer.reason in ("", "model_not_allowed"), answer
        return answer.reason

    with ThreadPoolExecutor(4) as pool:
        for round in range(20):
            model = ("one", "two")[round % 2]
            admin.patch(key, allowed_models=[model])
            assert set(pool.map(ask, [model] * 4)) == {""}
            assert ask(("two", "one")[round % 2]) == "model_not_allowed"


def test_an_unknown_key_is_told_the_same_however_often_it_comes(check):
    secrets = ["sk-" + uuid.uuid4().hex for _ in range(500)]
    answers = {(check(key=secret).reason, check(key=secret).message) for secret in secrets[:50]}
    assert len(answers) == 1
