"""Webhooks: what is told of keys arrives signed, once, and also after a crash."""

from __future__ import annotations

import time

import pytest
from support import rpc
from support.native import messages, services
from support.process import eventually
from support.receiver import Receiver

SECRET = "whsec_" + "Q2FuYXJ5LXNlY3JldC1vZi1hLXdlYmhvb2stNWYyYTkx"
PLAIN_SECRET = "canary-plain-secret-of-a-key-77c1"


@pytest.fixture
def told(tollgate):
    """A server of its own that may send to this machine."""
    return tollgate("--webhook-allow-private", "--log-level", "trace").start()


def subscribe(server, receiver, **fields):
    body = {"url": receiver.url, "secret": SECRET, **fields}
    return server.admin.expect(201, "POST", "/v1/webhooks", json=body)


def check(server, key, times: int = 1, tokens: int = 10, **fields):
    """Asks for a model some times; returns the last answer."""
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        for _ in range(times):
            question = messages.CheckRequest(
                key=key.secret, model="gpt-4o", tokens=tokens, **fields
            )
            answer = stub.Check(question, timeout=rpc.TIMEOUT)
    return answer


def attempts(server, webhook):
    path = f"/v1/webhooks/{webhook['id']}/deliveries"
    return server.admin.expect(200, "GET", path)["deliveries"]


def test_a_test_is_signed_and_shown_among_the_deliveries(told, receiver):
    made = told.admin.expect(201, "POST", "/v1/webhooks", json={"url": receiver.url + "?to=me"})
    secret = made["secret"]
    answer = told.admin.expect(200, "POST", f"/v1/webhooks/{made['id']}/test")
    assert (answer["outcome"], answer["status"], answer["attempt"]) == ("delivered", 204, 1)
    (arrival,) = receiver.arrivals
    assert arrival.path == "/hooks?to=me"
    assert arrival.is_signed_with(secret)
    assert not arrival.is_signed_with(SECRET)
    assert arrival.headers["content-type"] == "application/json"
    assert arrival.type == "webhook.test"
    assert arrival.id == answer["event_id"]
    assert attempts(told, made) == [answer]
    receiver.always = 302
    refused = told.admin.expect(200, "POST", f"/v1/webhooks/{made['id']}/test")
    assert (refused["outcome"], refused["status"]) == ("failed", 302)
    assert len(receiver.arrivals) == 2, "the redirect was followed"


def test_what_administrators_do_with_keys_is_told(told, receiver):
    subscribe(told, receiver)
    key = told.admin.create(name="told-of")
    told.admin.patch(key, description="other")
    told.admin.disable(key)
    told.admin.expect(200, "POST", f"/v1/keys/{key.id}/rotate", json={})
    told.admin.revoke(key)
    receiver.wait("key.revoked")
    mine = [a for a in receiver.arrivals if a.data["key_id"] == key.id]
    assert [a.type for a in mine] == [
        "key.created", "key.updated", "key.updated", "key.rotated", "key.revoked",
    ]  # fmt: skip
    assert all(a.is_signed_with(SECRET) for a in mine)
    assert [a.data["action"] for a in mine][2] == "key.disabled"
    assert mine[1].data["changed_fields"] == ["description"]
    assert mine[0].data["key_name"] == "told-of"
    assert len({a.id for a in mine}) == 5


def test_only_what_was_asked_for_is_sent(told, receiver):
    organization = told.admin.create_group("organizations")
    subscribe(told, receiver, events=["key.revoked"], organization_id=organization)
    outside = told.admin.create()
    inside = told.admin.create(organization_id=organization)
    last = told.admin.create(organization_id=organization)
    told.admin.revoke(outside)
    told.admin.revoke(inside)
    told.admin.revoke(last)
    # What is told is told in order: behind the last there is nothing to come.
    receiver.wait("key.revoked", 2)
    assert [(a.type, a.data["key_id"]) for a in receiver.arrivals] == [
        ("key.revoked", inside.id), ("key.revoked", last.id),
    ]  # fmt: skip


def test_a_delivery_that_fails_is_tried_again_under_the_same_id(told, receiver):
    webhook = subscribe(told, receiver, events=["key.created"])
    receiver.answers = [500, 503]
    told.admin.create()
    arrivals = receiver.wait("key.created", 3)
    assert len({a.id for a in arrivals}) == 1
    done = eventually(
        lambda: len(found := attempts(told, webhook)) == 3 and found, "three attempts"
    )
    assert [(a["attempt"], a["outcome"], a["status"]) for a in done] == [
        (3, "delivered", 204), (2, "retrying", 503), (1, "retrying", 500),
    ]  # fmt: skip
    assert done[0]["next_attempt_at"] is None
    assert done[1]["next_attempt_at"] > done[1]["time"]


def test_a_receiver_that_is_gone_is_sent_nothing_more(told, receiver):
    webhook = subscribe(told, receiver, events=["key.created"])
    receiver.always = 410
    first = told.admin.create()
    path = f"/v1/webhooks/{webhook['id']}"
    shown = eventually(
        lambda: not (found := told.admin.expect(200, "GET", path))["enabled"] and found, "disabled"
    )
    assert shown["disabled_reason"] == "gone"
    # When somebody else is told of the next, it is decided who is.
    other = Receiver()
    try:
        subscribe(told, other, events=["key.created"])
        told.admin.create()
        other.wait("key.created")
    finally:
        other.stop()
    assert len(receiver.arrivals) == 1
    receiver.always = None
    enabled = told.admin.expect(200, "PATCH", path, json={"enabled": True})
    assert enabled["disabled_reason"] is None
    last = told.admin.create()
    receiver.wait("key.created", 2)
    assert [a.data["key_id"] for a in receiver.arrivals] == [first.id, last.id]


@pytest.mark.parametrize("whose", ["webhook", "key"])
def test_a_receiver_that_is_gone_where_the_webhook_was_before_disables_nothing(
    told, receiver, whose
):
    receiver.always = 410
    receiver.may_answer.clear()
    events = ["key.rotated"]
    if whose == "key":
        key = told.admin.create(webhooks={"url": receiver.url, "events": events})
        path = f"/v1/keys/{key.id}"
    else:
        key = told.admin.create()
        path = f"/v1/webhooks/{subscribe(told, receiver, events=events)['id']}"
    for _ in range(2):
        told.admin.expect(200, "POST", f"/v1/keys/{key.id}/rotate", json={})
    (first,) = receiver.wait("key.rotated")
    other = Receiver()
    try:
        moved = {"url": other.url}
        told.admin.expect(
            200, "PATCH", path, json={"webhooks": moved} if whose == "key" else moved
        )
        receiver.may_answer.set()
        arrivals = other.wait("key.rotated", 2)
    finally:
        other.stop()
    assert first.id in {a.id for a in arrivals}, "what was refused is tried at the new URL"
    assert len({a.id for a in arrivals}) == 2
    shown = told.admin.expect(200, "GET", path)
    assert (shown["webhooks"] if whose == "key" else shown)["enabled"] is True
    assert len(receiver.arrivals) == 1


def test_what_waits_is_delivered_after_a_crash(told, receiver):
    webhook = subscribe(told, receiver, events=["key.created"])
    receiver.always = 500
    key = told.admin.create()
    eventually(lambda: attempts(told, webhook), "an attempt")
    first = receiver.arrivals[0]
    told.kill()
    receiver.always = None
    told.start()
    again = receiver.wait("key.created", len(receiver.arrivals) + 1)[-1]
    assert (again.id, again.body) == (first.id, first.body)
    assert again.data["key_id"] == key.id
    eventually(lambda: attempts(told, webhook)[0]["outcome"] == "delivered", "delivered")


def test_private_addresses_are_refused_unless_the_operator_allows_them(tollgate, receiver):
    server = tollgate().start()
    for url in (receiver.url, f"http://localhost:{receiver.port}/", f"http://[::1]:{receiver.port}/"):
        made = server.admin.expect(201, "POST", "/v1/webhooks", json={"url": url})
        answer = server.admin.expect(200, "POST", f"/v1/webhooks/{made['id']}/test")
        assert (answer["outcome"], answer["status"]) == ("failed", None)
        assert "private" in answer["error"]
    assert receiver.arrivals == []


def test_a_keys_own_webhook_is_told_of_that_key(told, receiver):
    hook = {"url": receiver.url, "events": ["key.updated"], "secret": PLAIN_SECRET}
    key = told.admin.create(webhooks=hook)
    assert told.admin.get(key)["webhooks"]["has_secret"] is True
    other = told.admin.create()
    told.admin.patch(other, description="not mine")
    told.admin.patch(key, description="mine")
    (arrival,) = receiver.wait("key.updated")
    assert arrival.data["key_id"] == key.id
    assert arrival.is_signed_with(PLAIN_SECRET)
    kept = {"url": receiver.url, "events": ["key.updated", "key.revoked"]}
    told.admin.patch(key, webhooks=kept)
    assert receiver.wait("key.updated", 2)[1].is_signed_with(PLAIN_SECRET), "the secret stays"
    told.admin.patch(key, webhooks={"url": receiver.url, "events": [], "secret": None})
    unsigned = receiver.wait("key.updated", 3)[2]
    assert "webhook-signature" not in unsigned.headers
    assert told.admin.get(key)["webhooks"]["has_secret"] is False


def test_a_limit_that_denies_is_told_once_in_its_window(told, receiver):
    subscribe(told, receiver, events=["key.limit_exceeded"])
    key = told.admin.create(request_limits={"total": 1})
    check(told, key, times=5)
    (arrival,) = receiver.wait("key.limit_exceeded")
    assert arrival.data["key_id"] == key.id
    assert arrival.data["limit"]["name"] == "request_limits.total"
    assert arrival.data["reason"] == "request_quota_exceeded"
    check(told, key)
    time.sleep(1.5)
    told.restart()
    check(told, key)
    time.sleep(1.5)
    assert len(receiver.of("key.limit_exceeded")) == 1
    (alert,) = told.admin.listing("/v1/alerts", "alerts", key_id=key.id)
    assert (alert["id"], alert["type"]) == (arrival.id, "key.limit_exceeded")
    assert alert["data"] == arrival.data


def test_thresholds_of_a_budget_are_told_once_each_and_again_when_it_is_raised(told, receiver):
    subscribe(told, receiver, events=["key.budget_threshold"])
    key = told.admin.create(
        budget_limits={"monthly": 1.0}, budget_alerts={"thresholds": [50, 90]},
    )  # fmt: skip

    def spend(tokens: int) -> None:
        assert check(told, key, tokens=tokens, input_tokens=tokens).allowed

    def thresholds() -> list[int]:
        """Each event once: what arrived just before a crash may come again, under its id."""
        events = {a.id: a.data["threshold"] for a in receiver.of("key.budget_threshold")}
        return list(events.values())

    # Two and a half dollars for a million tokens of a prompt.
    spend(120_000)
    time.sleep(1.5)
    assert thresholds() == []
    spend(120_000)
    receiver.wait("key.budget_threshold")
    spend(10_000)
    time.sleep(1.5)
    assert thresholds() == [50]
    spend(120_000)
    receiver.wait("key.budget_threshold", 2)
    told.restart()
    spend(1000)
    time.sleep(1.5)
    assert thresholds() == [50, 90]
    told.admin.patch(key, budget_limits={"monthly": 1.5})
    spend(1000)
    eventually(lambda: len(thresholds()) == 3, "a third event")
    time.sleep(1.5)
    assert thresholds() == [50, 90, 50]


def test_refusals_of_a_known_key_are_told_by_the_minute(told, receiver):
    subscribe(told, receiver, events=["key.auth_failures"])
    key = told.admin.create(alerts={"failed_auth_threshold": 3})
    told.admin.disable(key)
    check(told, key, times=6)
    arrival = receiver.wait("key.auth_failures")[0]
    assert arrival.data["key_id"] == key.id
    assert arrival.data["reasons"] == ["key_disabled"]
    assert arrival.data["refused_requests"] >= 3
    alerts = told.admin.listing("/v1/alerts", "alerts", type="key.auth_failures")
    assert {alert["key_id"] for alert in alerts} == {key.id}


def test_alerts_and_webhooks_are_seen_by_whose_keys_they_are_about(told):
    organization = told.admin.create_group("organizations")
    inside = told.admin.create(organization_id=organization, request_limits={"total": 1})
    outside = told.admin.create(request_limits={"total": 1})
    manager = told.admin.create(
        organization_id=organization, permissions={"manage_keys": True, "view_all_usage": True}
    )
    for key in (inside, outside):
        check(told, key, times=2)
    eventually(lambda: len(told.admin.listing("/v1/alerts", "alerts")) == 2, "two alerts")
    theirs = type(told.admin)(f"http://{told.http}", manager.secret)
    assert [a["key_id"] for a in theirs.listing("/v1/alerts", "alerts")] == [inside.id]
    url = "https://hooks.example.com/"
    everyones = told.admin.expect(201, "POST", "/v1/webhooks", json={"url": url})
    made = theirs.expect(201, "POST", "/v1/webhooks", json={"url": url})
    assert made["organization_id"] == organization
    assert [w["id"] for w in theirs.listing("/v1/webhooks", "webhooks")] == [made["id"]]
    theirs.expect(404, "GET", f"/v1/webhooks/{everyones['id']}")
    theirs.expect(403, "PATCH", f"/v1/webhooks/{made['id']}", json={"organization_id": None})


def test_secrets_are_in_no_file_log_or_answer(told, receiver):
    made = subscribe(told, receiver)
    told.admin.create(webhooks={"url": receiver.url, "secret": PLAIN_SECRET})
    receiver.wait("key.created", 2)
    told.admin.expect(200, "POST", f"/v1/webhooks/{made['id']}/test")
    shown = str(told.admin.expect(200, "GET", f"/v1/webhooks/{made['id']}"))
    shown += str(told.admin.logs(type="management")) + told.admin.call("GET", "/metrics").text
    assert told.terminate() == 0
    canaries = [SECRET.removeprefix("whsec_"), "Canary-secret-of-a-webhook", PLAIN_SECRET]
    files = [path for path in told.directory.rglob("*") if path.is_file()]
    assert files
    for canary in canaries:
        for path in files:
            assert canary.encode() not in path.read_bytes(), path
        assert canary not in told.output
        assert canary not in shown
