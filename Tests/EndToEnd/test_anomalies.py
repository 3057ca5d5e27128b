"""Requests that are unlike what a key is used for: told of, or denied."""

from __future__ import annotations

import pytest
from support import rpc
from support.clock import behind, stay_within_the_hour
from support.native import messages, services

HARMLESS = 100


@pytest.fixture
def old_keys(tollgate):
    """Makes keys two days ago, by their names; returns the server of today and the keys."""

    def make(**named) -> tuple:
        server = tollgate("--webhook-allow-private", **behind(hours=49)).start()
        keys = {name: server.admin.create(name=name, **fields) for name, fields in named.items()}
        assert server.terminate() == 0
        server.environment, server.through = {}, ()
        return server.start(), keys

    stay_within_the_hour()
    return make


def ask(server, key, times: int = 1, **fields) -> list:
    """Asks for a model some times; returns the reasons, in order."""
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        return [
            stub.Check(
                messages.CheckRequest(key=key.secret, model="gpt-4o", tokens=10, **fields),
                timeout=rpc.TIMEOUT,
            )
            for _ in range(times)
        ]


def reasons(answers) -> set[str]:
    return {answer.reason for answer in answers}


def test_a_key_that_is_suddenly_busy_is_denied_until_the_hour_ends(old_keys):
    server, keys = old_keys(
        blocked={"anomaly": {"action": "block"}},
        monitored={"anomaly": {"action": "block"}, "enforcement": "monitor"},
        disabled={"anomaly": {"enabled": False, "action": "block"}},
        ordinary={},
    )
    for name in keys:
        assert reasons(ask(server, keys[name], HARMLESS)) == {""}, name
    (denied,) = ask(server, keys["blocked"])
    assert (denied.allowed, denied.reason, denied.http_status) == (False, "anomaly_blocked", 403)
    (explained,) = ask(server, keys["blocked"], explain=True, dry_run=True)
    assert any(line.startswith("anomaly: 101 requests") for line in explained.explanation)
    for name in ("monitored", "disabled", "ordinary"):
        assert reasons(ask(server, keys[name])) == {""}, name
    rows = server.admin.expect(
        200, "GET", "/v1/audit-logs", params={"key_id": keys["monitored"].id, "limit": 1}
    )["logs"]
    assert rows[0]["monitored_reason"] == "anomaly_blocked"
    server.restart()
    assert reasons(ask(server, keys["blocked"])) == {"anomaly_blocked"}, "forgotten by a crash"
    young = server.admin.create(anomaly={"action": "block"})
    assert reasons(ask(server, young, HARMLESS + 1)) == {""}, "a new key has no habits yet"


def test_what_is_unusual_is_told_once_an_hour(old_keys, receiver):
    server, keys = old_keys(
        alerted={"anomaly": {}},
        watched={"alerts": {"unusual_patterns": True}},
        ordinary={},
    )
    server.admin.expect(201, "POST", "/v1/webhooks", json={
        "url": receiver.url, "events": ["key.suspicious_activity"],
    })  # fmt: skip
    for name in keys:
        assert reasons(ask(server, keys[name], HARMLESS)) == {""}
    assert not receiver.arrivals
    for name in keys:
        assert reasons(ask(server, keys[name], 5)) == {""}
    for name, count in (("alerted", 5), ("watched", 5), ("ordinary", 0)):
        rows = server.admin.logs(key_id=keys[name].id)
        told = [True] * count + [False] * (HARMLESS + 5 - count)
        assert [row["unusual_use"] for row in rows] == told, name
        assert {row["reason"] for row in rows} == {None}
    arrivals = receiver.wait("key.suspicious_activity", 2)
    assert {a.data["key_id"] for a in arrivals} == {keys["alerted"].id, keys["watched"].id}
    assert {a.data["finding"] for a in arrivals} == {"unusual_use"}
    ask(server, keys["alerted"], 5)
    server.restart()
    ask(server, keys["alerted"], 5)
    alerts = server.admin.expect(200, "GET", "/v1/alerts")["alerts"]
    assert [a["type"] for a in alerts] == ["key.suspicious_activity"] * 2
    assert len(receiver.arrivals) == 2, "told twice in one hour"
