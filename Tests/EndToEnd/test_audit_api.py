"""The audit log: what it says of each decision, and how it is searched."""

from __future__ import annotations

import datetime
import json
import uuid

import pytest
from support import rpc
from support.admin import Admin
from support.native import messages, services


@pytest.fixture
def ask(channel):
    """Asks the native RPC and returns the id of the request."""
    stub = services.AuthorizationStub(channel)

    def ask(key, model: str = "gpt-4o", **fields) -> str:
        request_id = str(uuid.uuid4())
        request = messages.CheckRequest(
            key=key.secret, model=model, request_id=request_id, **fields
        )
        stub.Check(request, timeout=rpc.TIMEOUT)
        return request_id

    return ask


def request_ids(entries) -> list[str]:
    return [entry["request_id"] for entry in entries]


def test_an_entry_says_what_was_asked_and_answered(admin, issue, ask):
    key = issue(name="the reader", denied_regions=["US"])
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    request_id = ask(
        key, region="US", provider="openai", supplier="openai-us", action="chat:stream",
        client_ip="192.0.2.7", user_agent="agent/1.0", metadata={"team": "search"},
    )  # fmt: skip
    [entry] = admin.logs(key_id=key.id)
    timestamp = datetime.datetime.fromisoformat(entry["timestamp"])
    after = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    assert before <= timestamp <= after
    expected = {
        "request_id": request_id, "key_id": key.id, "api_key_id": key.id,
        "api_key_name": "the reader", "model": "gpt-4o", "region": "US", "provider": "openai",
        "supplier": "openai-us", "action": "chat:stream", "status": "denied",
        "reason": "region_not_allowed", "ip_address": "192.0.2.7", "user_agent": "agent/1.0",
        "metadata": {"team": "search"},
    }  # fmt: skip
    assert {name: entry[name] for name in expected} == expected
    assert not entry["reservation_id"]


def test_a_decision_is_there_as_soon_as_it_was_answered(admin, issue, ask):
    key = issue()
    for count in range(1, 21):
        request_id = ask(key)
        entries = admin.logs(key_id=key.id)
        assert len(entries) == count
        assert entries[0]["request_id"] == request_id, "the newest comes first"


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_hold_every_decision_once_newest_first(admin, issue, ask, limit):
    key, other = issue(), issue()
    made = []
    for _ in range(20):
        made.append(ask(key))
        ask(other)
    assert request_ids(admin.logs(key_id=key.id, limit=limit)) == made[::-1]


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_can_begin_with_the_oldest(admin, issue, ask, limit):
    key = issue()
    made = [ask(key) for _ in range(20)]
    assert request_ids(admin.logs(key_id=key.id, limit=limit, sort="timestamp")) == made
    assert request_ids(admin.logs(key_id=key.id, limit=limit, sort="-timestamp")) == made[::-1]


def test_an_export_can_begin_with_the_oldest(admin, issue, ask):
    key = issue()
    made = [ask(key) for _ in range(5)]
    filters = {"key_id": key.id, "format": "jsonl", "sort": "timestamp"}
    answer = admin.call("GET", "/v1/audit-logs", params=filters)
    assert request_ids(json.loads(line) for line in answer.text.splitlines()) == made


def test_filters_narrow_the_log(admin, issue, ask):
    key = issue(denied_models=["o1"])
    allowed, denied, other = ask(key), ask(key, "o1"), ask(key, "gpt-5")

    def ids(**filters) -> list[str]:
        return request_ids(admin.logs(key_id=key.id, **filters))

    assert ids() == [other, denied, allowed]
    assert ids(model="gpt-4o") == [allowed]
    assert ids(status="denied") == [denied]
    assert ids(status="allowed") == [other, allowed]
    assert ids(reason="model_not_allowed") == [denied]
    assert ids(reason="key_revoked") == []
    assert ids(model="o1", status="allowed") == []


def test_a_span_of_time_narrows_the_log(admin, issue, ask):
    key = issue()
    ask(key)
    [entry] = admin.logs(key_id=key.id)
    time = datetime.datetime.fromisoformat(entry["timestamp"])

    def count(**seconds: float) -> int:
        span = {
            name: (time + datetime.timedelta(seconds=offset)).isoformat().replace("+00:00", "Z")
            for name, offset in seconds.items()
        }
        return len(admin.logs(key_id=key.id, **span))

    assert count(since=-1) == 1
    assert count(since=-1, until=1) == 1
    assert count(since=1) == 0
    assert count(until=-1) == 0


def test_a_header_filters_too(admin, issue, ask):
    key = issue()
    request_id = ask(key)
    page = admin.expect(200, "GET", "/v1/audit-logs", headers={"x-api-key-id": key.id})
    assert request_ids(page["logs"]) == [request_id]


def test_unknown_callers_are_recorded_without_their_secret(server, admin, ask):
    """They are counted by source and minute: a row for each would let anybody fill the disk."""

    class Stranger:
        secret = "sk-canary-" + uuid.uuid4().hex

    # Without a zero in front, which is not how addresses are written.
    address = f"2001:db8::1{uuid.uuid4().hex[:3]}"
    ask(Stranger, client_ip=address)
    entries = admin.logs(reason="invalid_api_key")
    [entry] = [each for each in entries if each["ip_address"] == address]
    assert not entry["key_id"]
    assert entry["count"] == 1
    assert Stranger.secret not in str(entries)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "format=xml", "type=odd", "cursor=nonsense", "since=yesterday", "until=1", "status=odd",
     "reason=odd", "no_such_filter=1"],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(admin, query):
    answer = admin.call("GET", f"/v1/audit-logs?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]


def test_who_is_bound_to_a_team_sees_the_rows_and_usage_of_its_keys(server, admin, issue, ask):
    organization = admin.create_group("organizations")
    team = admin.create_group("teams", organization_id=organization)
    inside = issue(team_id=team)
    outside = issue(organization_id=organization)
    chief = issue(team_id=team, permissions={"view_all_usage": True})
    within, beyond = ask(inside), ask(outside)
    client = Admin(f"http://{server.http}", chief.secret)
    for query in ({}, {"format": "jsonl"}, {"type": "all"}):
        text = client.call("GET", "/v1/audit-logs", params=query).text
        assert within in text and beyond not in text
    assert request_ids(client.logs(key_id=inside.id)) == [within]
    assert client.logs(key_id=outside.id) == []
    assert client.expect(200, "GET", "/v1/manage/logs")["logs"] == client.logs()
    assert client.expect(200, "GET", "/v1/usage")["total"]["requests"] == 1
    usage = "/v1/usage?group_by=key"
    assert [row["key_id"] for row in client.expect(200, "GET", usage)["groups"]] == [inside.id]
    assert client.call("GET", f"/v1/usage?key_id={outside.id}").status_code == 404


def test_reading_needs_the_permission(server, issue):
    reader = issue(permissions={"view_all_usage": True})
    client = Admin(f"http://{server.http}", reader.secret)
    assert client.call("GET", "/v1/audit-logs").status_code == 200
    assert client.call("POST", "/v1/keys", json={"name": "n"}).status_code == 403
