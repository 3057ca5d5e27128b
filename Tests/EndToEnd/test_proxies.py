"""The examples for proxies, live: who may pass, what the refused are told, and what clients forge."""

from __future__ import annotations

import json

import pytest
import requests
from support import proxies
from support.caller import PRICE
from support.metrics import value
from support.provider import answer_to
from support.proxies import ExampleProxy
from support.traffic import Load
from support.usage import Amounts

#: How many ask at once, and how often the server crashes meanwhile.
THREADS, CRASHES = 4, 2

#: What a key may belong to, each of them to those before it.
GROUPS = ["organization", "team", "user"]


@pytest.fixture(scope="module", params=proxies.ALL, ids=proxies.BY_NAME)
def proxy(request, tmp_path_factory, _shared_server, provider):
    """Each of the examples, before the shared server."""
    proxy = ExampleProxy(
        request.param, tmp_path_factory.mktemp(request.param.name), _shared_server.rpc, provider
    ).start()
    yield proxy
    proxy.kill()


@pytest.fixture
def proxy_before(tmp_path, provider):
    """Starts an example that belongs to the test: `proxy_before("nginx", address)`."""
    made: list[ExampleProxy] = []

    def start(name: str, address: str) -> ExampleProxy:
        made.append(ExampleProxy(proxies.BY_NAME[name], tmp_path / "proxy", address, provider))
        return made[-1].start()

    yield start
    for proxy in made:
        proxy.kill()


def test_an_allowed_request_reaches_the_provider_without_the_clients_key(proxy, issue):
    key = issue()
    reply = proxy.ask(key, headers={"x-api-key": key.secret})
    assert reply.status == 200
    assert reply.upstream.one("x-tollgate-key-id") == key.id
    if proxy.example.names_reservation:
        assert reply.upstream.one("x-tollgate-reservation").startswith("rs_")
    for name in ["authorization", "x-api-key"]:
        assert not reply.upstream.one(name)


@pytest.mark.parametrize("depth", range(len(GROUPS) + 1))
def test_the_provider_learns_the_groups_of_the_key_and_no_forged_ones(proxy, admin, depth):
    groups: dict[str, str] = {}
    for kind in GROUPS[:depth]:
        groups[f"{kind}_id"] = admin.create_group(f"{kind}s", **groups)
    forged = {f"x-tollgate-{kind}-id": "forged" for kind in GROUPS}
    reply = proxy.ask(admin.create(**groups), headers=forged)
    assert reply.status == 200
    arrived = {kind: reply.upstream.one(f"x-tollgate-{kind}-id") for kind in GROUPS}
    assert arrived == {kind: groups.get(f"{kind}_id") for kind in GROUPS}


def test_who_has_no_key_or_a_wrong_one_is_told_401(proxy):
    for key, reason in [(None, "missing_api_key"), ("sk-unknown", "invalid_api_key")]:
        reply = proxy.ask(key)
        assert (reply.status, reply.reason, reply.upstream) == (401, reason, None)
        assert reply.headers["www-authenticate"] == "Bearer"


def test_two_different_keys_are_told_401(proxy, issue):
    reply = proxy.ask(issue(), headers={"x-api-key": issue().secret})
    assert (reply.status, reply.reason, reply.upstream) == (401, "ambiguous_credentials", None)


def test_what_a_key_may_not_do_is_told_403(proxy, issue):
    reply = proxy.ask(issue(allowed_actions=["embeddings:create"]))
    assert (reply.status, reply.reason, reply.upstream) == (403, "action_not_allowed", None)
    assert reply.json["error"]["status"] == 403


def test_a_quota_that_is_used_up_is_told_402(proxy, issue):
    key = issue(request_limits={"total": 1})
    assert proxy.ask(key).status == 200
    reply = proxy.ask(key)
    assert (reply.status, reply.reason, reply.upstream) == (402, "request_quota_exceeded", None)
    assert "retry-after" not in reply.headers


def test_a_rate_is_told_429_with_the_time_to_wait(proxy, issue):
    key = issue(rate_limits={"per_hour": 1})
    assert proxy.ask(key).status == 200
    reply = proxy.ask(key)
    assert (reply.status, reply.reason, reply.upstream) == (429, "rate_limited", None)
    assert 0 < int(reply.headers["retry-after"]) <= 3600


def test_the_model_in_the_body_counts_where_the_proxy_shows_it(proxy, issue):
    key = issue(allowed_models=["gpt-4o-mini"])
    reply = proxy.ask(key, model="gpt-4o", max_tokens=1)
    assert (reply.status, reply.reason) == (403, "model_not_allowed")
    reply = proxy.ask(key, model="gpt-4o-mini", max_tokens=1)
    assert reply.status == (200 if proxy.example.shows_bodies else 403)


def test_the_model_of_a_form_counts_where_the_proxy_shows_it(proxy, issue):
    form = {"file": ("a.wav", "RIFF"), "model": (None, "whisper-1")}
    key = issue(allowed_models=["gpt-4o"])
    reply = proxy.ask(key, path="/v1/audio/transcriptions", form=form)
    assert (reply.status, reply.reason, reply.upstream) == (403, "model_not_allowed", None)
    key = issue(allowed_models=["whisper-1"])
    reply = proxy.ask(key, path="/v1/audio/transcriptions", form=form)
    # Envoy's own filters read JSON alone.
    is_shown = proxy.example.shows_bodies and proxy.example.name != "envoy-ai"
    assert reply.status == (200 if is_shown else 403)


FORGED = {
    "x-tollgate-action": "embeddings:create",
    "x-tollgate-model": "gpt-4o-mini",
    "x-tollgate-region": "US",
    "x-tollgate-tokens": "1",
    "x-tollgate-provider": "anthropic",
    "x-tollgate-supplier": "elsewhere",
    "x-original-uri": "/v1/embeddings",
    "x-forwarded-uri": "/v1/embeddings",
    "x-real-ip": "192.0.2.7",
}


@pytest.mark.parametrize(
    ["restriction", "reason"],
    [
        ({"allowed_actions": ["embeddings:create"]}, "action_not_allowed"),
        ({"allowed_models": ["gpt-4o-mini"]}, "model_not_allowed"),
        ({"allowed_regions": ["US"]}, "region_not_allowed"),
        ({"allowed_suppliers": ["elsewhere"]}, "supplier_not_allowed"),
        ({"token_limits": {"per_request_max": 10}}, "request_too_large"),
        ({"ip_allowlist": {"enabled": True, "addresses": ["192.0.2.7"]}}, "ip_not_allowed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_client_says_in_the_proxys_name_does_not_count(proxy, issue, restriction, reason):
    reply = proxy.ask(issue(**restriction), headers=FORGED)
    assert (reply.status, reply.reason, reply.upstream) == (403, reason, None)


@pytest.mark.parametrize("kind", ["json", "events"])
def test_requests_and_answers_pass_byte_for_byte(proxy, issue, kind):
    wish = {"kind": kind, "text": 'a "b" \u00e4\n', "usage": {"prompt_tokens": 3}}
    reply = proxy.ask(issue(), model="gpt-4o", max_tokens=16, answer=wish)
    assert reply.body == answer_to(wish)
    sent = {"model": "gpt-4o", "max_tokens": 16, "answer": wish}
    assert reply.upstream.body == json.dumps(sent).encode()


def test_an_event_arrives_before_the_next_one_is_sent(proxy, issue):
    call, client = proxy.stream(issue(), model="gpt-4o")
    for number in range(20):
        event = {"model": "gpt-4o", "choices": [{"delta": {"content": f"w{number} "}}]}
        call.send(event)
        assert json.loads(client.next_event()) == event
    call.end()
    assert client.next_event() is None


def test_nginx_keeps_its_connections(tollgate, proxy_before):
    server = tollgate().start()
    proxy = proxy_before("nginx", server.rpc)
    key, denied = server.admin.create(), server.admin.create(allowed_actions=["models:list"])
    for _ in range(500):
        assert proxy.ask(key).status == 200
        assert proxy.ask(denied).status == 403
    assert 0 < value(server, "tollgate_rpc_connections_accepted_total") <= 4


@pytest.mark.parametrize("example", proxies.ALL, ids=lambda each: each.name)
def test_tollgate_may_crash_under_load(tollgate, proxy_before, example):
    """Without it nobody passes, and what the provider has answered is charged once."""
    server = tollgate("--hold-seconds", "1").start()
    proxy = proxy_before(example.name, server.rpc)
    # What is not reported, because it was lost or cannot be, counts as nothing, or as what was held.
    key = server.admin.create(unsettled="release" if example.reports_usage else "charge")
    usage = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
    each = Amounts(1, 42, PRICE.cost(30, 12))

    def ask() -> str:
        reply = proxy.ask(key, model="gpt-4o", max_tokens=16, answer={"usage": usage})
        if reply.status == 200:
            return "passed"
        assert reply.status in (502, 503), reply
        assert reply.upstream is None
        return "refused"

    if not example.reports_usage:
        assert ask() == "passed"
        each = server.admin.usage(key).total
    with Load(ask, threads=THREADS) as load:
        for _ in range(CRASHES):
            load.wait_for_more("passed", 20)
            server.kill()
            load.wait_for_more("refused", THREADS)
            server.start()
        load.wait_for_more("passed", 20)
    total, passed = server.admin.settled(key), load.seen["passed"]
    passed += not example.reports_usage
    # A crash takes along what is under way: reports, and answers that would have let requests pass.
    lost = THREADS * CRASHES
    if example.reports_usage:
        assert passed - lost <= total.requests <= passed
    else:
        assert passed <= total.requests <= passed + lost
    assert total == Amounts(
        total.requests, total.requests * each.tokens, total.requests * each.cost
    )
