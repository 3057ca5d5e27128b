"""The manifests for Istio and Envoy Gateway: fields that exist, and what Envoy makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import mesh
from support.envoy import Envoy
from support.proxies import EXAMPLES
from support.usage import Amounts
from test_proxy_usage import COST, MESSAGES, USAGE

FILES = [*(EXAMPLES / "istio").glob("*.yaml"), *(EXAMPLES / "envoy-gateway").glob("*.yaml")]
FIELDS = json.loads((Path(__file__).parent / "Cases/manifest-fields.json").read_text())


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_all_fields_are_documented_ones(file):
    for document in mesh.manifests(file):
        known = FIELDS[document["apiVersion"] + "/" + document["kind"]]
        assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
        assert set(document["metadata"]) == {"name", "namespace"}
        check(document["spec"], known, document["kind"])


def check(value: Any, known: Any, place: str) -> None:
    """What is known of a place: its fields, null for anything, or the words that may stand there."""
    if known is None:
        return
    if isinstance(known, list):
        assert value in known, f"{place}: {value}"
        return
    for entry in value if isinstance(value, list) else [value]:
        for name, inner in entry.items():
            assert name in known, f"{place} has no {name}"
            check(inner, known[name], f"{place}.{name}")


@pytest.fixture(scope="module", params=[mesh.istio, mesh.envoy_gateway], ids=lambda it: it.__name__)
def edge(request, tmp_path_factory, _shared_server, provider):
    """Envoy as the manifests mean it, before the shared server."""
    directory = tmp_path_factory.mktemp("envoy")
    example = directory / "example.yaml"
    example.write_text(yaml.safe_dump(request.param()))
    envoy = Envoy(directory, _shared_server.rpc, provider, example=example).start()
    yield envoy
    envoy.kill()


def ask(edge: Envoy, key, **fields):
    return edge.ask(
        key, listener="llm", model="gpt-4o", max_tokens=500, messages=MESSAGES, **fields
    )


def test_who_may_not_call_is_told_why(edge, issue):
    spent, slow = issue(request_limits={"total": 1}), issue(rate_limits={"per_hour": 1})
    for key in [spent, slow]:
        assert ask(edge, key).status == 200
    for key, status, reason in [
        (None, 401, "missing_api_key"),
        (spent, 402, "request_quota_exceeded"),
        (issue(allowed_models=["o3"]), 403, "model_not_allowed"),
        (slow, 429, "rate_limited"),
    ]:
        reply = ask(edge, key)
        assert (reply.status, reply.reason, reply.upstream) == (status, reason, None)
    assert int(reply.headers["retry-after"]) > 0


@pytest.mark.parametrize("kind", ["json", "events"])
def test_what_an_answer_says_is_charged_once(edge, admin, issue, kind):
    key = issue()
    reply = ask(edge, key, answer={"kind": kind, "usage": USAGE["openai"]})
    assert reply.status == 200
    assert reply.upstream.one("x-tollgate-key-id") == key.id
    assert admin.settled(key) == Amounts(1, 42, COST)
