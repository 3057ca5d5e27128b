"""Requests through a stock Envoy: who may pass, and what the refused are told."""

from __future__ import annotations

import pytest
from support.process import eventually

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 64}


def assert_denied(reply, status: int, reason: str) -> None:
    assert (reply.status, reply.reason) == (status, reason)
    assert reply.headers["content-type"] == "application/json"
    error = reply.json["error"]
    assert error["status"] == status
    assert error["message"].endswith(".")
    assert reply.upstream is None, "a refused request reached the upstream"
    assert "x-tollgate-reservation" not in reply.headers


def test_an_allowed_request_reaches_the_upstream_as_it_was_sent(envoy, issue):
    key = issue(allowed_models=["gpt-4o"])
    reply = envoy.ask(key, **CHAT)
    assert reply.status == 200
    assert reply.json["object"] == "chat.completion"
    assert reply.upstream.path == "/v1/chat/completions"
    assert b'"max_tokens": 64' in reply.upstream.body


def test_the_upstream_learns_who_calls_and_never_with_which_secret(envoy, issue):
    key = issue()
    reply = envoy.ask(key, headers={"x-api-key": key.secret, "api-key": key.secret}, **CHAT)
    assert reply.status == 200
    assert reply.upstream.one("x-tollgate-key-id") == key.id
    for name in ("authorization", "x-api-key", "api-key"):
        assert reply.upstream.all(name) == []
    assert key.secret not in repr(reply.upstream)


def test_a_client_cannot_forge_who_it_is(envoy, issue):
    key, other = issue(), issue()
    reply = envoy.ask(key, headers={"x-tollgate-key-id": other.id}, **CHAT)
    assert reply.upstream.all("x-tollgate-key-id") == [key.id]


def test_the_reservation_is_not_for_the_client(envoy, issue):
    reply = envoy.ask(issue(), **CHAT)
    assert reply.status == 200
    assert "x-tollgate-reservation" not in reply.headers


@pytest.mark.parametrize("header", ["x-api-key", "api-key"])
def test_other_headers_carry_a_key_as_well(envoy, issue, header):
    key = issue()
    reply = envoy.ask(headers={header: key.secret}, **CHAT)
    assert reply.status == 200
    assert reply.upstream.one("x-tollgate-key-id") == key.id
    assert reply.upstream.all(header) == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_a_bearer_token_has_no_case(envoy, issue, scheme):
    reply = envoy.ask(headers={"authorization": f"{scheme} {issue().secret}"}, **CHAT)
    assert reply.status == 200


def test_no_key_is_told_how_to_send_one(envoy):
    reply = envoy.ask(**CHAT)
    assert_denied(reply, 401, "missing_api_key")
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_wrong_keys_are_all_told_the_same(envoy, issue):
    secret = issue().secret
    last = "0" if secret[-1] != "0" else "1"
    replies = [
        envoy.ask(wrong, **CHAT)
        for wrong in ("sk-nothing-of-ours", secret[:-1] + last, secret + "x", "tg_live_" + "0" * 33)
    ]
    for reply in replies:
        assert_denied(reply, 401, "invalid_api_key")
        assert reply.headers["www-authenticate"].startswith("Bearer")
    assert len({reply.body for reply in replies}) == 1


def test_two_different_keys_in_one_request_are_refused(envoy, issue):
    reply = envoy.ask(issue(), headers={"x-api-key": issue().secret}, **CHAT)
    assert_denied(reply, 401, "ambiguous_credentials")


def test_a_good_and_a_bad_key_in_one_request_are_refused(envoy, issue):
    reply = envoy.ask(issue(), headers={"api-key": "sk-nothing-of-ours"}, **CHAT)
    assert_denied(reply, 401, "ambiguous_credentials")


def test_the_same_key_twice_is_one_key(envoy, issue):
    key = issue()
    assert envoy.ask(key, headers={"x-api-key": key.secret}, **CHAT).status == 200


def test_a_disabled_key_works_again_when_it_is_enabled(envoy, admin, issue):
    key = issue()
    admin.disable(key)
    assert_denied(envoy.ask(key, **CHAT), 401, "key_disabled")
    admin.enable(key)
    assert envoy.ask(key, **CHAT).status == 200


def test_a_revocation_acts_on_the_next_request(envoy, admin, issue):
    for _ in range(10):
        key = issue()
        assert envoy.ask(key, **CHAT).status == 200
        admin.revoke(key)
        assert_denied(envoy.ask(key, **CHAT), 401, "key_revoked")


def test_a_changed_restriction_acts_on_the_next_request(envoy, admin, issue):
    key = issue(allowed_models=["gpt-4o"])
    assert envoy.ask(key, **CHAT).status == 200
    admin.patch(key, allowed_models=["claude-*"])
    assert_denied(envoy.ask(key, **CHAT), 403, "model_not_allowed")
    admin.patch(key, allowed_models=[])
    assert envoy.ask(key, **CHAT).status == 200


def test_a_key_ends_when_its_time_is_over(envoy, issue):
    key = issue(expires_in=1)
    reply = eventually(
        lambda: (reply := envoy.ask(key, **CHAT)).status != 200 and reply, "the key has expired"
    )
    assert_denied(reply, 401, "key_expired")


@pytest.mark.parametrize(
    ("restriction", "listener", "reason"),
    [
        ({"allowed_models": ["claude-*"]}, "plain", "model_not_allowed"),
        ({"denied_models": ["GPT-4*"]}, "plain", "model_not_allowed"),
        ({"allowed_models": ["*"], "denied_models": ["gpt-4o"]}, "plain", "model_not_allowed"),
        ({"allowed_providers": ["anthropic"]}, "scoped", "provider_not_allowed"),
        ({"denied_providers": ["openai"]}, "scoped", "provider_not_allowed"),
        ({"allowed_suppliers": ["openai-us"]}, "scoped", "supplier_not_allowed"),
        ({"denied_suppliers": ["openai-*"]}, "scoped", "supplier_not_allowed"),
        ({"allowed_regions": ["US"]}, "scoped", "region_not_allowed"),
        ({"denied_regions": ["eu"]}, "scoped", "region_not_allowed"),
        ({"allowed_regions": ["EU"]}, "plain", "region_not_allowed"),
        ({"allowed_actions": ["embeddings:*"]}, "plain", "action_not_allowed"),
        ({"denied_actions": ["chat:*"]}, "plain", "action_not_allowed"),
        (
            {"ip_allowlist": {"enabled": True, "addresses": ["10.0.0.0/8", "2001:db8::/32"]}},
            "plain",
            "ip_not_allowed",
        ),
    ],
)
def test_a_restriction_denies_what_is_outside_of_it(envoy, issue, restriction, listener, reason):
    reply = envoy.ask(issue(**restriction), listener=listener, **CHAT)
    assert_denied(reply, 403, reason)
    assert "www-authenticate" not in reply.headers


@pytest.mark.parametrize(
    ("restriction", "listener"),
    [
        ({"allowed_models": ["gpt-*"]}, "plain"),
        ({"allowed_models": ["GPT-4o"]}, "plain"),
        ({"denied_models": ["gpt-3*"]}, "plain"),
        ({"allowed_providers": ["openai"]}, "scoped"),
        ({"allowed_suppliers": ["openai-eu"]}, "scoped"),
        ({"allowed_regions": ["US", "EU"]}, "scoped"),
        ({"allowed_actions": ["chat:completions"]}, "plain"),
        ({"ip_allowlist": {"enabled": True, "addresses": ["127.0.0.0/8"]}}, "plain"),
        ({"ip_allowlist": {"enabled": False, "addresses": ["10.0.0.0/8"]}}, "plain"),
    ],
)
def test_a_restriction_lets_pass_what_is_inside_of_it(envoy, issue, restriction, listener):
    assert envoy.ask(issue(**restriction), listener=listener, **CHAT).status == 200


def test_a_denial_names_the_key_but_not_its_secret(envoy, issue):
    key = issue(allowed_models=["claude-*"])
    reply = envoy.ask(key, **CHAT)
    assert reply.json["error"]["key_id"] == key.id
    assert key.secret not in reply.body.decode() + repr(reply.headers)


def test_a_client_cannot_lend_itself_an_address(envoy, issue):
    key = issue(ip_allowlist={"enabled": True, "addresses": ["10.0.0.0/8"]})
    reply = envoy.ask(key, headers={"x-forwarded-for": "10.1.2.3"}, **CHAT)
    assert_denied(reply, 403, "ip_not_allowed")


def test_the_decision_is_in_the_proxys_log_and_in_the_audit_log(envoy, admin, issue):
    key = issue(denied_models=["o1*"])
    allowed, denied = envoy.ask(key, **CHAT), envoy.ask(key, model="o1-pro")
    entries = {
        entry["request_id"]: entry for entry in admin.logs(key_id=key.id)
    }
    assert len(entries) == 2
    line = envoy.log(allowed)
    entry = entries[line["request_id"]]
    assert line["rid"].startswith("rs_")
    assert entry["reservation_id"] == line["rid"]
    assert (entry["status"], entry["model"], entry["key_id"]) == ("success", "gpt-4o", key.id)
    line = envoy.log(denied)
    entry = entries[line["request_id"]]
    assert line["details"] == "ext_authz_denied"
    assert line["metadata"]["reason"] == "model_not_allowed"
    assert (entry["status"], entry["reason"]) == ("denied", "model_not_allowed")
    assert entry["model"] == "o1-pro"
    assert not entry["reservation_id"]
