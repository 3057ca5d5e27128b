"""Limits through a stock Envoy: what clients are answered, and what the proxy learns."""

from __future__ import annotations

import pytest
from support import rpc
from support.caller import USD
from support.native import messages, services
from support.provider import PROVIDER_REMAINING
from support.usage import Amounts

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 64}


def assert_limited(reply, status: int, reason: str, name: str, level: str = "key") -> dict:
    """Checks what every denial by a limit has, and returns what it says of it."""
    assert (reply.status, reply.reason) == (status, reason)
    error = reply.json["error"]
    assert error["status"] == status
    assert error["message"].endswith(".")
    assert (error["limit"]["name"], error["limit"]["level"]) == (name, level)
    assert error["limit"]["retry_after_ms"] == error["retry_after_ms"]
    assert reply.upstream is None, "a refused request reached the upstream"
    return error


def test_clients_learn_what_is_left(envoy, issue):
    key = issue(rate_limits={"per_minute": 10, "per_day": 1000}, token_limits={"daily": 100_000})
    reply = envoy.ask(key, **CHAT)
    assert reply.status == 200
    assert reply.headers["x-ratelimit-limit-requests"] == "10"
    assert reply.headers["x-ratelimit-remaining-requests"] == "9"
    assert int(reply.headers["x-ratelimit-reset-requests"]) in range(1, 61)
    assert reply.headers["x-ratelimit-limit-tokens"] == "100000"
    assert 99_000 < int(reply.headers["x-ratelimit-remaining-tokens"]) < 100_000
    assert int(reply.headers["x-ratelimit-reset-tokens"]) <= 86_400
    assert reply.json["object"] == "chat.completion", "the body is whole"
    for name in ("x-tollgate-reservation", "x-tollgate-reason", "retry-after"):
        assert name not in reply.headers
    assert reply.upstream.all("x-ratelimit-limit-requests") == []


def test_what_the_provider_says_stays_where_we_have_nothing_to_say(envoy, issue):
    reply = envoy.ask(issue(), **CHAT)
    assert reply.headers["x-ratelimit-remaining-requests"] == PROVIDER_REMAINING
    assert "x-ratelimit-limit-requests" not in reply.headers


def test_too_many_requests_are_told_when_to_come_back(envoy, issue):
    key = issue(rate_limits={"per_minute": 2})
    assert [envoy.ask(key, **CHAT).status for _ in range(2)] == [200, 200]
    reply = envoy.ask(key, **CHAT)
    error = assert_limited(reply, 429, "rate_limited", "rate_limits.per_minute")
    assert int(reply.headers["retry-after"]) == -(-error["retry_after_ms"] // 1000)
    assert 0 < error["retry_after_ms"] <= 30_000
    assert (error["limit"]["limit"], error["limit"]["remaining"]) == (2, 0)
    assert reply.headers["x-ratelimit-remaining-requests"] == "0"
    assert "affordable_tokens" not in error


def test_too_many_tokens_are_told_how_many_are_left(envoy, issue):
    key = issue(rate_limits={"tokens_per_minute": 100})
    assert envoy.ask(key, **CHAT).status == 200
    reply = envoy.ask(key, **CHAT)
    error = assert_limited(reply, 429, "token_rate_limited", "rate_limits.tokens_per_minute")
    assert 0 < error["affordable_tokens"] < 64
    assert int(reply.headers["x-ratelimit-remaining-tokens"]) < 64
    assert int(reply.headers["retry-after"]) in range(1, 61)


def test_a_budget_that_is_used_up_costs_402(envoy, issue):
    # 64 tokens of gpt-4o cost 640,000 nano-USD, and the prompt a little more.
    key = issue(budget_limits={"daily": 0.001})
    assert envoy.ask(key, **CHAT).status == 200
    reply = envoy.ask(key, **CHAT)
    error = assert_limited(reply, 402, "budget_exceeded", "budget_limits.daily")
    assert error["limit"]["limit"] == 0.001
    assert 0 < error["limit"]["remaining"] < 0.00036
    assert 0 < error["affordable_tokens"] < 64
    assert "daily budget of the API key, 0.001 USD" in error["message"]
    assert "retry-after" not in reply.headers


def test_a_quota_for_good_is_told_that_waiting_does_not_help(envoy, issue):
    key = issue(request_limits={"total": 1})
    first = envoy.ask(key, **CHAT)
    assert first.headers["x-ratelimit-limit-requests"] == "1"
    assert "x-ratelimit-reset-requests" not in first.headers
    error = assert_limited(
        envoy.ask(key, **CHAT), 402, "request_quota_exceeded", "request_limits.total"
    )
    assert error["retry_after_ms"] == 0
    assert "waiting does not help" in error["message"]


@pytest.mark.parametrize("kind", ["organization", "team", "user"])
def test_the_level_of_a_limit_is_named(envoy, admin, issue, kind):
    organization = admin.expect(201, "POST", "/v1/organizations", json={"name": "acme"})["id"]
    owner = {"organization_id": organization}
    if kind == "organization":
        path = f"/v1/organizations/{organization}"
        admin.expect(200, "PATCH", path, json={"rate_limits": {"per_hour": 1}})
    else:
        fields = {"name": "one", "rate_limits": {"per_hour": 1}, **owner}
        owner[f"{kind}_id"] = admin.expect(201, "POST", f"/v1/{kind}s", json=fields)["id"]
    assert envoy.ask(issue(**owner), **CHAT).status == 200
    reply = envoy.ask(issue(**owner), **CHAT)
    assert_limited(reply, 429, "rate_limited", "rate_limits.per_hour", kind)


def test_the_proxys_log_knows_what_is_held_and_which_limit_denied(envoy, server, issue):
    key = issue(request_limits={"total": 1})
    allowed, denied = envoy.ask(key, **CHAT), envoy.ask(key, **CHAT)
    facts = envoy.log(allowed)["metadata"]
    assert facts["reserved_tokens"] > 64
    assert facts["reserved_cost_nanos"] > 640_000
    # What the log says is enough to report what the request really used.
    with rpc.connect(server.rpc) as channel:
        report = messages.SettleRequest(
            reservation_id=facts["rid"], input_tokens=11, output_tokens=2
        )
        answer = services.AuthorizationStub(channel).Settle(report, timeout=rpc.TIMEOUT)
    assert (answer.outcome, answer.cost_nanos) == ("applied", 47_500)
    facts = envoy.log(denied)["metadata"]
    assert facts["reason"] == "request_quota_exceeded"
    assert (facts["limit"], facts["level"]) == ("request_limits.total", "key")


def test_a_key_that_is_only_watched_passes_and_the_log_says_why_it_would_not(envoy, issue):
    key = issue(rate_limits={"per_minute": 1}, enforcement="monitor")
    assert "monitored_reason" not in envoy.log(envoy.ask(key, **CHAT))["metadata"]
    reply = envoy.ask(key, **CHAT)
    assert reply.status == 200
    assert envoy.log(reply)["metadata"]["monitored_reason"] == "rate_limited"
    assert "x-tollgate-reason" not in reply.headers


def test_a_shared_budget_stops_every_key_of_an_organization(envoy, admin, issue):
    organization = admin.create_group("organizations", budget_limits={"total": 0.004})
    keys = [issue(organization_id=organization) for _ in range(3)]
    statuses = [envoy.ask(keys[number % 3], **CHAT).status for number in range(12)]
    assert statuses == sorted(statuses), "once used up, it stays so"
    assert (statuses[0], statuses[-1]) == (200, 402)
    reply = envoy.ask(keys[0], **CHAT)
    assert_limited(reply, 402, "budget_exceeded", "budget_limits.total", "organization")
    spent = admin.usage(organization, "organizations").total
    assert spent.requests == statuses.count(200)
    assert spent.cost <= 0.004 * USD


def test_what_the_log_tells_is_all_that_a_report_needs(envoy, admin, issue, caller):
    key = issue(budget_limits={"total": 0.01}, rate_limits={"concurrent": 1})
    reply = envoy.ask(key, **CHAT)
    assert envoy.ask(key, **CHAT).reason == "concurrency_limited"
    facts, held = envoy.log(reply)["metadata"], admin.usage(key).total
    assert (facts["reserved_tokens"], facts["reserved_cost_nanos"]) == (held.tokens, held.cost)
    usage = reply.json["usage"]
    tokens = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    report = caller.settle(facts["rid"], model="gpt-4o", status=reply.status, **tokens)
    assert report.outcome == "applied"
    assert admin.usage(key).total == Amounts(1, usage["total_tokens"], report.cost_nanos)
    assert envoy.ask(key, **CHAT).status == 200
