"""The examples for proxies, live: who may pass, what the refused are told, and what clients forge."""

from __future__ import annotations

import pytest
from support import proxies
from support.process import eventually
from support.proxies import ExampleProxy
from test_metrics import families

import requests

BY_NAME = {example.name: example for example in proxies.ALL}


@pytest.fixture(scope="module", params=proxies.ALL, ids=BY_NAME)
def proxy(request, tmp_path_factory, _shared_server, upstream):
    """Each of the examples, before the shared server."""
    proxy = ExampleProxy(
        request.param, tmp_path_factory.mktemp(request.param.name), _shared_server.rpc, upstream
    ).start()
    yield proxy
    proxy.kill()


@pytest.fixture
def proxy_before(tmp_path, upstream):
    """Starts an example that belongs to the test: `proxy_before("nginx", address)`."""
    made: list[ExampleProxy] = []

    def start(name: str, address: str) -> ExampleProxy:
        made.append(ExampleProxy(BY_NAME[name], tmp_path / "proxy", address, upstream))
        return made[-1].start()

    yield start
    for proxy in made:
        proxy.kill()


def test_an_allowed_request_reaches_the_provider_without_the_clients_key(proxy, issue):
    key = issue()
    reply = proxy.ask(key, headers={"x-api-key": key.secret})
    assert reply.status == 200
    assert reply.upstream.one("x-tollgate-key-id") == key.id
    assert reply.upstream.one("x-tollgate-reservation").startswith("rs_")
    for name in ["authorization", "x-api-key"]:
        assert not reply.upstream.one(name)


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


def test_nginx_keeps_its_connections(tollgate, proxy_before):
    server = tollgate().start()
    proxy = proxy_before("nginx", server.rpc)
    key, denied = server.admin.create(), server.admin.create(allowed_actions=["models:list"])
    for _ in range(500):
        assert proxy.ask(key).status == 200
        assert proxy.ask(denied).status == 403
    text = requests.get(f"http://{server.http}/metrics", timeout=30).text
    name = "tollgate_rpc_connections_accepted_total"
    assert next(number for _, _, number in families(text)[name].samples) <= 4


def test_without_tollgate_nobody_passes_and_afterwards_everybody_again(tollgate, proxy_before):
    server = tollgate().start()
    proxy = proxy_before("nginx", server.rpc)
    key = server.admin.create()
    assert proxy.ask(key).status == 200
    server.kill()
    for _ in range(20):
        reply = proxy.ask(key)
        assert (reply.status, reply.upstream) == (503, None)
        assert reply.json["error"]["code"] == "unavailable"
    server.start()
    eventually(lambda: proxy.ask(key).status == 200, "requests pass again")
