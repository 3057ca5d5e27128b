"""Envoy's rate limit filter tells what calls used, in the descriptors that it sends at their end."""

from __future__ import annotations

import pytest
import yaml
from support.envoy import Envoy, filters
from support.tollgate import REPOSITORY
from support.usage import Amounts
from test_proxy_usage import COST, MESSAGES, USAGE

EXAMPLE = REPOSITORY / "examples/envoy/tour.yaml"
TYPES = "type.googleapis.com/envoy.extensions."
COUNTED = "tollgate.counted"


def rule(*path: str) -> dict:
    """Puts a value of the answer's JSON under its last name."""
    present = {"metadata_namespace": COUNTED, "key": path[-1], "type": "NUMBER"}
    return {"selectors": [{"key": key} for key in path], "on_present": present}


RULES = [
    rule("usage", "prompt_tokens"),
    rule("usage", "completion_tokens"),
    rule("usage", "prompt_tokens_details", "cached_tokens"),
]


def descriptor(phase: str, name: str) -> dict:
    """Counts so many hits of one phase when the answer is over."""
    reservation = {
        "descriptor_key": "rid", "source": "DYNAMIC",
        "metadata_key": {"key": "envoy.filters.http.ext_authz", "path": [{"key": "rid"}]},
    }  # fmt: skip
    return {
        "actions": [
            {"generic_key": {"descriptor_key": "phase", "descriptor_value": phase}},
            {"metadata": reservation},
        ],
        "hits_addend": {"format": f"%DYNAMIC_METADATA({COUNTED}:{name})%"},
        "apply_on_stream_done": True,
    }


FILTERS = {
    "ratelimit": {
        "@type": TYPES + "filters.http.ratelimit.v3.RateLimit",
        "domain": "tollgate",
        "rate_limit_service": {
            "transport_api_version": "V3",
            "grpc_service": {"envoy_grpc": {"cluster_name": "tollgate"}},
        },
    },
    "json_to_metadata": {
        "@type": TYPES + "filters.http.json_to_metadata.v3.JsonToMetadata",
        "response_rules": {"rules": RULES},
    },
    "sse_to_metadata": {
        "@type": TYPES + "filters.http.sse_to_metadata.v3.SseToMetadata",
        "response_rules": {
            "content_parser": {
                "name": "envoy.content_parsers.json",
                "typed_config": {
                    "@type": TYPES + "content_parsers.json.v3.JsonContentParser",
                    "rules": [{"rule": rule} for rule in RULES],
                },
            }
        },
    },
}


@pytest.fixture(scope="module")
def edge(tmp_path_factory, _shared_server, provider):
    """An Envoy before the shared server that counts in its rate limits."""
    directory = tmp_path_factory.mktemp("envoy")
    configuration = yaml.safe_load(EXAMPLE.read_text())
    [listener] = configuration["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    filters(configuration)[-1:-1] = [
        {"name": f"envoy.filters.http.{name}", "typed_config": settings}
        for name, settings in FILTERS.items()
    ]
    [route] = manager["route_config"]["virtual_hosts"][0]["routes"]
    route["typed_per_filter_config"]["envoy.filters.http.ratelimit"] = {
        "@type": TYPES + "filters.http.ratelimit.v3.RateLimitPerRoute",
        "rate_limits": [
            descriptor("prompt", "prompt_tokens"),
            descriptor("completion", "completion_tokens"),
            descriptor("cached", "cached_tokens"),
        ],
    }
    example = directory / "example.yaml"
    example.write_text(yaml.safe_dump(configuration))
    envoy = Envoy(directory, _shared_server.rpc, provider, example=example).start()
    yield envoy
    envoy.kill()


@pytest.mark.parametrize("kind", ["json", "events"])
def test_hits_that_are_counted_when_a_stream_is_done_are_charged_once(edge, admin, issue, kind):
    key = issue()
    for count in range(1, 4):
        wish = {"kind": kind, "usage": USAGE["openai"]}
        reply = edge.ask(
            key, listener="llm", model="gpt-4o", max_tokens=500, messages=MESSAGES, answer=wish
        )
        assert reply.status == 200
        assert admin.settled(key) == Amounts(count, count * 42, count * COST)

