"""The examples for Traefik and APISIX: options that exist, and what Tollgate's answers become by them.

Neither runs here. What is known of them is in their documentation: which headers of a client's are
shown to the authorizer, and that those taken from its answer are removed from the request first.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import requests
import yaml
from support.admin import TIMEOUT, Key
from support.proxies import EXAMPLES
from test_proxies import GROUPS
from test_suppliers import EAST, SECRET, all_of, change, house  # noqa: F401

TRAEFIK = yaml.safe_load((EXAMPLES / "traefik/dynamic.yml").read_text())["http"]
[APISIX] = yaml.safe_load((EXAMPLES / "apisix/route.yaml").read_text())["routes"]

#: The documented options of Traefik's middleware and of APISIX's plugin.
OPTIONS = {
    "forwardAuth": {
        "address", "trustForwardHeader", "authResponseHeaders", "authResponseHeadersRegex",
        "authRequestHeaders", "addAuthCookiesToResponse", "headerField", "forwardBody",
        "maxBodySize", "maxResponseBodySize", "preserveLocationHeader", "preserveRequestMethod",
        "tls",
    },
    "forward-auth": {
        "uri", "ssl_verify", "request_method", "request_headers", "upstream_headers",
        "client_headers", "extra_headers", "timeout", "keepalive", "keepalive_timeout",
        "keepalive_pool", "allow_degradation", "status_on_error", "max_req_body_size",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Authorizer:
    """How a proxy asks, and what it does with an answer that lets the request pass."""

    url: str
    #: The headers of the client's that are shown, and those that become the answer's.
    shown: set[str]
    taken: set[str]

    def ask(self, address: str, key: Key) -> tuple[requests.Response, dict[str, str]]:
        """What is answered, and what the provider would then receive."""
        client = {"authorization": f"Bearer {key.secret}", **all_of(key.secret)}
        client |= {"x-tollgate-upstream-host": "thief.example", "x-tollgate-supplier": EAST["name"]}
        client |= {"x-tollgate-reservation": "rs_forged", "content-type": "application/json"}
        client |= {f"x-tollgate-{kind}-id": "forged" for kind in GROUPS}
        reply = requests.post(
            self.url.replace("127.0.0.1:7411", address),
            json={"model": "gpt-4o", "max_tokens": 1, "messages": []}, timeout=TIMEOUT,
            headers={
                **{name: text for name, text in client.items() if name in self.shown},
                "x-forwarded-uri": "/v1/chat/completions", "x-forwarded-method": "POST",
            },
        )  # fmt: skip
        answered = {name: reply.headers[name] for name in self.taken if name in reply.headers}
        left = {name: text for name, text in client.items() if name not in self.taken}
        return reply, left | answered


def lowered(names: list[str]) -> set[str]:
    return {name.lower() for name in names}


def traefik() -> Authorizer:
    options = TRAEFIK["middlewares"]["tollgate"]["forwardAuth"]
    shown, taken = options["authRequestHeaders"], options["authResponseHeaders"]
    return Authorizer(options["address"], lowered(shown), lowered(taken))


def apisix() -> Authorizer:
    options = APISIX["plugins"]["forward-auth"]
    shown, taken = options["request_headers"], options["upstream_headers"]
    return Authorizer(options["uri"], lowered(shown), lowered(taken))


@pytest.fixture(params=[traefik, apisix], ids=lambda made: made.__name__)
def authorizer(request) -> Authorizer:
    return request.param()


def test_all_options_are_documented_ones_and_show_the_body():
    options = TRAEFIK["middlewares"]["tollgate"]["forwardAuth"]
    assert set(options) <= OPTIONS["forwardAuth"]
    assert options["forwardBody"] and options["preserveRequestMethod"]
    plugin = APISIX["plugins"]["forward-auth"]
    assert set(plugin) <= OPTIONS["forward-auth"]
    assert plugin["request_method"] == "POST"


def test_nothing_else_changes_the_credentials():
    """APISIX's `proxy-rewrite` runs before its `forward-auth`, Traefik's middlewares in their order."""
    assert TRAEFIK["routers"]["llm"]["middlewares"] == list(TRAEFIK["middlewares"]) == ["tollgate"]
    assert set(APISIX["plugins"]) == {"forward-auth", "serverless-post-function"}


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "api-key"])
def test_the_suppliers_credential_takes_the_place_of_the_clients(house, authorizer, name):
    change(house.admin, credential={"type": "header", "header": name, "value": SECRET})
    key = house.admin.create(allowed_suppliers=[EAST["name"]])
    reply, arrives = authorizer.ask(house.rpc, key)
    assert (reply.status_code, arrives[name]) == (200, SECRET)
    assert key.secret not in str(arrives)
    assert arrives["x-tollgate-key-id"] == key.id
    assert arrives["x-tollgate-reservation"] not in ("rs_forged", "")
    if "x-tollgate-upstream-host" in authorizer.taken:
        assert arrives["x-tollgate-upstream-host"] == "eu.api.example:8443"


def test_without_a_supplier_nothing_of_the_clients_lets_the_request_in(house, authorizer):
    key = house.admin.create()
    reply, arrives = authorizer.ask(house.rpc, key)
    assert reply.status_code == 200
    assert not {"authorization", "x-api-key", "api-key"} & set(arrives)
    if "x-tollgate-upstream-host" in authorizer.taken:
        assert "x-tollgate-upstream-host" not in arrives


def test_the_provider_learns_the_groups_of_the_key_and_no_forged_ones(house, authorizer):
    organization = house.admin.create_group("organizations")
    team = house.admin.create_group("teams", organization_id=organization)
    _, arrives = authorizer.ask(house.rpc, house.admin.create(team_id=team))
    assert arrives["x-tollgate-organization-id"] == organization
    assert arrives["x-tollgate-team-id"] == team
    assert "x-tollgate-user-id" not in arrives


def test_the_model_in_the_body_counts(house, authorizer):
    reply, _ = authorizer.ask(house.rpc, house.admin.create(allowed_models=["gpt-4o-mini"]))
    assert (reply.status_code, reply.headers["x-tollgate-reason"]) == (403, "model_not_allowed")


@pytest.mark.parametrize(
    ["headers", "host"],
    [({"x-tollgate-upstream-host": "eu.api.example"}, "eu.api.example"), ({}, "client.example")],
    ids=["of the supplier", "as it was"],
)
def test_apisix_takes_the_host_from_the_answer(headers: Mapping[str, str], host: str):
    """The function in nginx's Lua, with what it uses of APISIX."""
    [text] = APISIX["plugins"]["serverless-post-function"]["functions"]
    fields = ", ".join(f"[{json.dumps(name)}] = {json.dumps(it)}" for name, it in headers.items())
    around = f"""
        ngx = {{ req = {{ get_headers = function() return {{ {fields} }} end }} }}
        local context = {{ var = {{ upstream_host = "client.example" }} }}
        loadstring({json.dumps(text)})()({{}}, context)
        io.write(context.var.upstream_host)
    """
    ran = subprocess.run(["luajit", "-e", around], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", host)
