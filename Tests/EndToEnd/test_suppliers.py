"""Suppliers, live: where requests arrive, as whom, and what a list of models shows."""

from __future__ import annotations

import json

import pytest
from support import proxies
from support.admin import Admin
from support.envoy import Listener
from support.gateway import Kong
from support.native import messages, services
from support.proxies import EXAMPLES, ExampleProxy
from support import rpc
from support.provider import MODELS

SECRET = "sk-canary-of-the-supplier"
EAST = {
    "name": "openai-eu", "provider": "openai", "region": "EU",
    "base_url": "https://eu.api.example:8443/v1",
    "credential": {"type": "bearer", "value": SECRET},
}  # fmt: skip


def put(admin: Admin, **changes) -> None:
    admin.expect(200, "PUT", "/v1/suppliers", json={"suppliers": [{**EAST, **changes}]})


def change(admin: Admin, **changes) -> None:
    admin.expect(200, "PATCH", f"/v1/suppliers/{EAST['name']}", json=changes)


@pytest.fixture
def house(tollgate):
    """A server with one supplier."""
    server = tollgate("--log-level", "trace").start()
    put(server.admin)
    return server


def all_of(secret: str) -> dict[str, str]:
    """The key in every header that a client may show it in."""
    return {"x-api-key": secret, "api-key": secret}


def test_a_hardwired_key_goes_to_its_supplier_with_that_ones_credential(house, envoy_before):
    envoy = envoy_before(house.rpc)
    key = house.admin.create(allowed_suppliers=["openai-eu"], allowed_regions=["EU"])
    reply = envoy.ask(key, headers=all_of(key.secret), model="gpt-4o", max_tokens=1)
    assert reply.status == 200
    assert reply.upstream.one("authorization") == f"Bearer {SECRET}"
    assert reply.upstream.one("host") == "eu.api.example:8443"
    assert reply.upstream.one("x-tollgate-supplier") == "openai-eu"
    assert reply.upstream.one("x-api-key") is None
    assert reply.upstream.one("api-key") is None
    # Nobody else learns the credential: neither the client nor Envoy's logs and later filters.
    entry = envoy.log(reply)
    assert entry["metadata"]["supplier"] == "openai-eu"
    for text in (str(entry), reply.body.decode(), str(reply.headers), house.tail):
        assert SECRET not in text
    [line] = house.admin.logs(key_id=key.id)
    assert (line["supplier"], line["region"], line["provider"]) == ("openai-eu", "EU", "openai")


@pytest.mark.parametrize(
    ["credential", "shown"],
    [
        ({"type": "header", "header": "X-Api-Key", "value": SECRET}, {"x-api-key": SECRET}),
        ({"type": "header", "header": "api-key", "value": SECRET}, {"api-key": SECRET}),
        ({"type": "basic", "value": "u:p"}, {"authorization": "Basic dTpw"}),
        (None, {}),
    ],
    ids=["x-api-key", "api-key", "basic", "none"],
)
def test_each_form_of_credential_takes_the_place_of_the_clients(
    house, envoy_before, credential, shown
):
    change(house.admin, credential=credential, host_header="inside.example")
    envoy = envoy_before(house.rpc)
    key = house.admin.create(allowed_suppliers=["openai-eu"])
    reply = envoy.ask(key, headers=all_of(key.secret), model="gpt-4o", max_tokens=1)
    assert reply.status == 200
    for name in ("authorization", "x-api-key", "api-key"):
        assert reply.upstream.one(name) == shown.get(name)
    assert reply.upstream.one("host") == "inside.example"


def test_changes_count_at_the_next_request(house, envoy_before):
    envoy = envoy_before(house.rpc)
    key = house.admin.create(allowed_suppliers=["openai-eu"])

    def arrives() -> str | None:
        reply = envoy.ask(key, model="gpt-4o", max_tokens=1)
        if reply.status != 200:
            assert (reply.reason, reply.upstream) == ("supplier_not_allowed", None)
            return None
        return reply.upstream.one("authorization")

    assert arrives() == f"Bearer {SECRET}"
    change(house.admin, credential={"type": "bearer", "value": "rotated"})
    assert arrives() == "Bearer rotated"
    change(house.admin, enabled=False)
    assert arrives() is None
    change(house.admin, enabled=True)
    assert arrives() == "Bearer rotated"
    house.restart()
    envoy = envoy_before(house.rpc, directory="after")
    assert arrives() == "Bearer rotated"
    house.admin.call("DELETE", "/v1/suppliers/openai-eu")
    assert arrives() is None


def test_a_supplier_that_is_not_set_up_is_denied_and_costs_nothing(house, envoy_before):
    envoy = envoy_before(
        house.rpc,
        Listener("known", context={"supplier": "openai-eu"}),
        Listener("unknown", context={"supplier": "openai-us"}),
        Listener("elsewhere", context={"supplier": "openai-eu", "region": "US"}),
        Listener("others", context={"supplier": "openai-eu", "provider": "azure"}),
    )
    key = house.admin.create(request_limits={"total": 1})
    for listener in ("unknown", "elsewhere", "others"):
        reply = envoy.ask(key, listener=listener, model="gpt-4o", max_tokens=1)
        assert (reply.status, reply.reason) == (403, "supplier_not_allowed"), listener
        assert reply.upstream is None
    assert envoy.ask(key, listener="known", model="claude-opus-4-1").reason == "supplier_not_allowed"
    reply = envoy.ask(key, listener="known", model="gpt-4o", max_tokens=1)
    assert reply.status == 200
    assert reply.upstream.one("authorization") == f"Bearer {SECRET}"


def test_names_are_labels_until_the_first_supplier_is_set_up(tollgate, envoy_before):
    server = tollgate().start()
    envoy = envoy_before(server.rpc, Listener("plain", context={"supplier": "anything"}))
    key = server.admin.create()
    reply = envoy.ask(key, model="gpt-4o", max_tokens=1)
    assert reply.status == 200
    assert reply.upstream.one("authorization") is None
    put(server.admin)
    assert envoy.ask(key, model="gpt-4o", max_tokens=1).reason == "supplier_not_allowed"


def test_no_client_chooses_a_supplier(house, envoy_before):
    envoy = envoy_before(house.rpc)
    reply = envoy.ask(
        house.admin.create(), headers={"x-tollgate-supplier": "openai-eu"},
        model="gpt-4o", max_tokens=1, supplier="openai-eu",
    )  # fmt: skip
    assert reply.status == 200
    assert reply.upstream.one("authorization") is None
    assert reply.upstream.one("x-tollgate-supplier") is None
    assert reply.upstream.one("host") != "eu.api.example:8443"


def test_envoy_sends_requests_where_tollgate_says(house, envoy_before):
    put(house.admin, name="elsewhere")
    envoy = envoy_before(house.rpc, example=EXAMPLES / "envoy/suppliers.yaml")
    ask = {"listener": "llm", "model": "gpt-4o", "max_tokens": 1}
    reply = envoy.ask(house.admin.create(allowed_suppliers=["openai-eu"]), **ask)
    assert (reply.status, reply.upstream.one("host")) == (200, "eu.api.example:8443")
    # No cluster has this supplier's name, and none is meant where there is no supplier.
    forged = {"x-tollgate-supplier": "openai-eu"}
    for key in (house.admin.create(allowed_suppliers=["elsewhere"]), house.admin.create()):
        reply = envoy.ask(key, headers=forged, **ask)
        assert (reply.status, reply.upstream) == (503, None)


def test_who_only_asks_learns_neither_credential_nor_host(house):
    key = house.admin.create(allowed_suppliers=["openai-eu"])
    with rpc.connect(house.rpc) as channel:
        request = messages.CheckRequest(key=key.secret, model="gpt-4o", tokens=1, explain=True)
        answer = services.AuthorizationStub(channel).Check(request, timeout=rpc.TIMEOUT)
    assert answer.allowed
    assert "supplier openai-eu serves it: passes" in answer.explanation
    assert SECRET not in str(answer)
    simulated = house.admin.expect(
        200, "POST", f"/v1/keys/{key.id}/simulate", json={"model": "claude-opus-4-1"}
    )
    assert simulated["reason"] == "supplier_not_allowed"


@pytest.fixture(
    params=[
        "nginx", "nginx-njs", "nginx-lua", "haproxy", "caddy", "envoy-http",
        "kong.yml", "prefunction.yml",
    ]
)  # fmt: skip
def example(request, tmp_path, house, provider):
    """Each of the examples that can show a supplier's credential."""
    if request.param.endswith(".yml"):
        proxy = Kong(request.param, tmp_path / "proxy", house.rpc, provider).start()
    else:
        found = proxies.BY_NAME[request.param]
        proxy = ExampleProxy(found, tmp_path / "proxy", house.rpc, provider).start()
    yield proxy
    proxy.kill()


@pytest.mark.parametrize("name", ["authorization", "x-api-key"])
def test_proxies_that_ask_by_http_pass_the_suppliers_credential_on(house, example, name):
    change(house.admin, credential={"type": "header", "header": name, "value": SECRET})
    key = house.admin.create(allowed_suppliers=["openai-eu"])
    free = house.admin.create()
    reply = example.ask(key, headers=all_of(key.secret), path="/v1/chat/completions/gpt-4o")
    assert reply.status == 200
    assert reply.upstream.one(name) == SECRET
    assert key.secret not in str(reply.upstream)
    for other in {"authorization", "x-api-key", "api-key"} - {name}:
        assert not reply.upstream.one(other)
    assert reply.upstream.one("host") == "eu.api.example:8443"
    assert SECRET not in str(reply.headers) + reply.body.decode() + example.tail
    # Of a key without a supplier nothing is left that lets a request in, whatever the client sends.
    forged = {"x-tollgate-upstream-host": "thief.example", "x-tollgate-supplier": "openai-eu"}
    reply = example.ask(free, headers={**all_of(free.secret), **forged})
    assert reply.status == 200
    for other in ("authorization", "x-api-key", "api-key"):
        assert not reply.upstream.one(other)
    assert reply.upstream.one("host") not in ("thief.example", "eu.api.example:8443")
    change(house.admin, enabled=False)
    reply = example.ask(key)
    assert (reply.status, reply.reason, reply.upstream) == (403, "supplier_not_allowed", None)


@pytest.fixture
def lister(tmp_path, house, provider):
    """The example that shows only the models which the key may call."""
    proxy = ExampleProxy(proxies.BY_NAME["nginx-njs"], tmp_path / "proxy", house.rpc, provider).start()
    yield proxy
    proxy.kill()


@pytest.mark.parametrize(
    ["restriction", "shown"],
    [
        ({}, MODELS),
        ({"allowed_models": ["gpt-4o"]}, ["gpt-4o"]),
        ({"allowed_models": ["GPT-*"], "denied_models": ["*-mini"]}, ["gpt-4o", "GPT-5 (preview)"]),
        ({"denied_models": ["gpt-5 (preview)"]}, ["gpt-4o", "gpt-4o-mini", "claude-3-opus"]),
        ({"iam_rules": [{"type": "allow_models", "models": ["claude-*"]}]}, ["claude-3-opus"]),
        ({"allowed_models": ["x" * 250 + str(n) for n in range(10)] + ["gpt-4o"]}, []),
        ({"allowed_models": ["a.b", "gpt.4o"]}, []),
    ],
    ids=["all", "one", "families", "but one", "rules", "too long", "no dots"],
)
def test_a_list_of_models_shows_those_that_the_key_may_call(house, lister, restriction, shown):
    key = house.admin.create(**restriction)
    reply = lister.ask(key, method="GET", path="/v1/models")
    assert reply.status == 200
    assert [model["id"] for model in reply.json["data"]] == list(shown)
    assert reply.json["object"] == "list"
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert reply.upstream.one("authorization") in (None, "")


def test_a_list_is_what_all_levels_and_the_supplier_leave(house, lister):
    put(house.admin, models=["gpt-*"])
    admin = house.admin
    admin.expect(201, "POST", "/v1/organizations", json={"id": "acme", "denied_models": ["*-mini"]})
    key = admin.create(organization_id="acme", allowed_suppliers=["openai-eu"])
    reply = lister.ask(key, method="GET", path="/v1/models")
    assert [model["id"] for model in reply.json["data"]] == ["gpt-4o", "GPT-5 (preview)"]
    assert reply.upstream.one("authorization") == f"Bearer {SECRET}"
    assert reply.upstream.one("x-tollgate-organization-id") == "acme"


def test_who_may_not_list_is_shown_nothing(house, lister):
    reply = lister.ask("sk-unknown", method="GET", path="/v1/models")
    assert (reply.status, reply.reason, reply.upstream) == (401, "invalid_api_key", None)
    key = house.admin.create(allowed_actions=["chat:*"])
    reply = lister.ask(key, method="GET", path="/v1/models")
    assert (reply.status, reply.reason, reply.upstream) == (403, "action_not_allowed", None)


def test_envoy_keeps_the_list_for_later_filters(house, envoy_before):
    envoy = envoy_before(house.rpc)
    key = house.admin.create(allowed_models=["gpt-*"], denied_models=["gpt-3*"])
    reply = envoy.ask(key, method="GET", path="/v1/models")
    assert envoy.log(reply)["metadata"]["models"] == "gpt-*,!gpt-3*"
    assert json.loads(reply.body)["object"] == "list"
