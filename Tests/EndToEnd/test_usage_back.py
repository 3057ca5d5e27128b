"""What calls really used comes back from a stock Envoy, as `examples/envoy/usage.yaml` has it.

What holds for every proxy that reports is in `test_proxy_usage.py`; here is what Envoy offers beside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import yaml
from support.caller import PRICE
from support.clock import stay_within_the_hour
from support.envoy import Envoy, Reply, filters
from support.process import eventually
from support.tollgate import REPOSITORY, Tollgate
from support.usage import Amounts

EXAMPLE = REPOSITORY / "examples/envoy/usage.yaml"
PLAIN = REPOSITORY / "examples/envoy/http-service.yaml"
USAGE = {"prompt_tokens": 30, "completion_tokens": 12, "prompt_tokens_details": {"cached_tokens": 8}}
COST = PRICE.cost(30, 12, cached=8)
PROMPT = "one two three"


@pytest.fixture
def edge(tollgate, tmp_path, provider) -> Iterator[Callable[..., tuple[Tollgate, Envoy]]]:
    """Starts a server and an Envoy before it that is set up as the example says."""
    made: list[Envoy] = []

    def start(*flags: str, without: str = "") -> tuple[Tollgate, Envoy]:
        server = tollgate(*flags).start()
        example = EXAMPLE
        if without:
            example = tmp_path / "usage.yaml"
            example.write_text(cut_out(EXAMPLE.read_text(), without))
        envoy = Envoy(tmp_path / "envoy", server.rpc, provider, example=example)
        made.append(envoy)
        return server, envoy.start()

    yield start
    for envoy in made:
        envoy.kill()


def cut_out(text: str, name: str) -> str:
    """The configuration without the filter or log of this name."""
    lines, kept, margin = text.splitlines(), [], None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if f"- name: {name}" in line:
            margin = indent
            continue
        if margin is not None and (indent > margin or not line.strip()):
            continue
        margin = None
        kept.append(line)
    return "\n".join(kept)


def ask(envoy: Envoy, key, **answer) -> Reply:
    """A chat completion whose answer is to be as described."""
    reply = envoy.ask(
        key,
        listener="llm",
        model="gpt-4o",
        max_tokens=500,
        messages=[{"role": "user", "content": PROMPT}],
        answer=answer,
    )
    assert reply.status in (200, 503), reply.body
    return reply


def test_events_are_counted_where_usage_is_missing(edge):
    server, envoy = edge()
    key = server.admin.create()
    ask(envoy, key, kind="events", words=7)
    [row] = eventually(lambda: done(server, key), "the call is settled")
    assert row["output_tokens"] == 7
    assert 0 < row["input_tokens"] < 500, "the prompt is what was held for it"


def clusters(configuration: dict) -> list[dict]:
    return configuration["static_resources"]["clusters"]


def done(server: Tollgate, key) -> list[dict]:
    """The rows of a key's calls, once none is open."""
    if server.admin.usage(key).open_requests:
        return []
    return server.admin.logs(key_id=key.id)


@pytest.mark.parametrize("policy", ["charge", "release"])
def test_a_compressed_answer_is_charged_by_the_policy(edge, policy):
    server, envoy = edge()
    key = server.admin.create(unsettled=policy)
    ask(envoy, key, kind="gzip", usage=USAGE)
    total = server.admin.settled(key)
    if policy == "release":
        assert total == Amounts()
    else:
        assert total.requests == 1 and total.tokens > 500, "all that was held"


def test_the_access_log_closes_what_nothing_else_settled(edge):
    server, envoy = edge(without="envoy.filters.http.ext_proc")
    key, other = server.admin.create(), server.admin.create(unsettled="release")
    ask(envoy, key, kind="json", usage=USAGE)
    ask(envoy, other, kind="json", usage=USAGE)
    assert server.admin.usage(key).open_requests == 1
    assert server.admin.settled(key).tokens > 500
    assert server.admin.settled(other) == Amounts()
    ask(envoy, key, kind="error")
    before = server.admin.usage(key).total
    assert server.admin.settled(key).requests == 1, before


def test_a_reservation_that_was_answered_in_a_header_is_found(tollgate, tmp_path, provider):
    """The plain service of `http-service.yaml`, with the filter of `usage.yaml` behind it."""
    plain, full = (yaml.safe_load(file.read_text()) for file in (PLAIN, EXAMPLE))
    [filter] = [each for each in filters(full) if each["name"] == "envoy.filters.http.ext_proc"]
    filters(plain).insert(1, filter)
    [cluster] = [each for each in clusters(full) if each["name"] == "tollgate_usage"]
    clusters(plain).append(cluster)
    example = tmp_path / "example.yaml"
    example.write_text(yaml.safe_dump(plain))
    server = tollgate().start()
    envoy = Envoy(tmp_path / "envoy", server.rpc, provider, example=example).start()
    key = server.admin.create()
    ask(envoy, key, kind="events", usage=USAGE)
    assert server.admin.settled(key) == Amounts(1, 42, COST)
    envoy.kill()


def test_two_ways_charge_once(edge):
    server, envoy = edge()
    stay_within_the_hour()
    key = server.admin.create()
    for _ in range(20):
        ask(envoy, key, kind="events", usage=USAGE)
    assert server.admin.settled(key) == Amounts(20, 20 * 42, 20 * COST)
    # Longer than an entry of the log waits.
    time.sleep(8)
    assert server.admin.usage(key).total == Amounts(20, 20 * 42, 20 * COST)
