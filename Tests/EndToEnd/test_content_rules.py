"""Content rules: what a key's requests may say, whichever way the proxy asks."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time

import pytest
from support import rpc
from support.admin import Admin
from support.http1 import Connection, request
from support.native import management, management_services
from support.receiver import Receiver

CARDS = {"name": "cards", "pattern": r"\d{4}([ -]?\d{4}){3}", "action": "block"}
PROJECT = {"name": "project", "pattern": "project (zeus|hera)", "action": "alert"}
CARD = "4111 1111-11111111"


def chat(text: str) -> dict:
    return {"model": "gpt-4o", "max_tokens": 10, "messages": [{"role": "user", "content": text}]}


def ask(server, key, body: bytes | dict, path: str = "/v1/chat/completions", **headers: str):
    """Asks over HTTP; returns the reason, "" for an allow, and the sentence."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    fields = {"authorization": f"Bearer {key.secret}", **headers}
    with Connection(server.rpc) as connection:
        connection.send(request("POST", "/authz/v1/check" + path, fields, data))
        answer = connection.receive()
    if answer.status == 200:
        return "", ""
    error = answer.json["error"]
    assert answer.status == error["status"]
    return error["code"], error["message"]


@pytest.fixture
def envoy_check(channel):
    stub = rpc.envoy_services.AuthorizationStub(channel)

    def check(key, body, **options):
        question = rpc.envoy_request(key.secret, body=body, **options)
        response = stub.Check(question, timeout=rpc.TIMEOUT)
        return "" if rpc.is_allowed(response) else rpc.reason_of(response)

    return check


def test_a_blocking_rule_denies_by_its_name_and_keeps_what_it_found_to_itself(
    server, issue, admin, envoy_check
):
    key = issue(content_rules=[PROJECT, CARDS])
    assert ask(server, key, chat("hello")) == ("", "")
    code, message = ask(server, key, chat(f"my card is {CARD}."))
    assert (code, message) == (
        "content_blocked", "The content of the request is blocked by the API key's rule cards."
    )
    assert envoy_check(key, chat("hello")) == ""
    assert envoy_check(key, chat(CARD)) == "content_blocked"
    logs = admin.logs(key_id=key.id)
    assert [entry["reason"] for entry in logs].count("content_blocked") == 2
    assert len(logs) == 4
    assert CARD not in json.dumps(logs)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(chat("hello")).encode()[:-2],
        gzip.compress(json.dumps(chat("hello")).encode()),
        b"",
        b'{"model":"gpt-4o","prompt":[1,2,3]}',
    ],
    ids=["cut off", "compressed", "none", "tokens"],
)
def test_what_cannot_be_read_whole_is_denied(server, issue, body):
    blocked, told = issue(content_rules=[CARDS]), issue(content_rules=[PROJECT])
    code, message = ask(server, blocked, body)
    assert code == "content_blocked"
    assert "could not be read whole" in message
    assert ask(server, told, body)[0] == ""


def test_envoy_says_that_it_shows_but_a_part(issue, envoy_check):
    key = issue(content_rules=[CARDS])
    partial = {"x-envoy-auth-partial-body": "true"}
    assert envoy_check(key, chat("hello"), headers=partial) == "content_blocked"
    assert envoy_check(key, None) == "content_blocked"
    assert envoy_check(key, None, path="/v1/models") == ""


def test_a_native_check_carries_no_content(issue, caller):
    blocked, told = issue(content_rules=[CARDS]), issue(content_rules=[PROJECT])
    caller.deny(blocked, "content_blocked", model="gpt-4o")
    caller.deny(blocked, "content_blocked", model="gpt-4o", dry_run=True)
    caller.allow(blocked, action="models:list")
    caller.allow(told, model="gpt-4o")


def test_the_audit_log_says_what_was_found_whatever_was_decided(server, issue, admin, channel):
    key = issue(content_rules=[CARDS, PROJECT])
    said = ["hello", "project zeus", f"{CARD} for project hera"]
    assert [ask(server, key, chat(text))[0] for text in said] == ["", "", "content_blocked"]
    asked = {"key_id": key.id, "sort": "timestamp"}
    found = [[], [2], [1, 2]]

    def shown(rows) -> list[tuple]:
        return [(row["found_content_rules"], row["unusual_use"]) for row in rows]

    rows = admin.logs(**asked)
    assert shown(rows) == [(rules, False) for rules in found]
    assert [row["status"] for row in rows] == ["success", "success", "denied"]
    assert shown(admin.listing("/v1/manage/logs", "logs", **asked)) == shown(rows)
    lines = admin.call("GET", "/v1/audit-logs", params={**asked, "format": "jsonl"}).text
    assert shown(map(json.loads, lines.splitlines())) == shown(rows)
    table = admin.call("GET", "/v1/audit-logs", params={**asked, "format": "csv"}).text
    cells = list(csv.DictReader(io.StringIO(table)))
    assert shown(cells) == [("", "false"), ("2", "false"), ("1 2", "false")]
    stub = management_services.KeyManagementStub(channel)
    logs = stub.ListAuditLogs(
        management.ListAuditLogsRequest(**asked), timeout=rpc.TIMEOUT,
        metadata=[("authorization", f"Bearer {server.admin_key}")],
    ).logs  # fmt: skip
    assert [list(row.found_content_rules) for row in logs] == found
    printed = server.command("audit", "--key", key.id, "--oldest-first").stdout.splitlines()
    assert ["rule 1, rule 2" in line for line in printed] == [False, False, False, True]
    assert ["rule 2" in line for line in printed] == [False, False, True, True]
    asked = {"type": "management", "limit": 1}
    (action,) = admin.expect(200, "GET", "/v1/audit-logs", params=asked)["logs"]
    assert "found_content_rules" not in action and "unusual_use" not in action


def test_a_change_of_the_rules_holds_at_once(server, issue, admin):
    key = issue(content_rules=[CARDS])
    assert ask(server, key, chat(CARD))[0] == "content_blocked"
    admin.patch(key, content_rules=[{**CARDS, "action": "alert"}])
    assert ask(server, key, chat(CARD))[0] == ""
    admin.patch(key, content_rules=[CARDS], enforcement="monitor")
    assert ask(server, key, chat(CARD))[0] == ""
    (newest, *_) = admin.logs(key_id=key.id)
    assert newest["monitored_reason"] == "content_blocked"
    admin.patch(key, content_rules=[])
    assert ask(server, key, b"")[0] == ""


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("a*", "empty text"), (r"(a)\1", "escape"), ("(?=a)b", "look-around"), ("(a", "closed"),
        ("a^b", "beginning"), ("a{2000}", "too large"), ("[z-a]", "range"), ("a||b", "empty"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_with_its_place(admin, pattern, problem):
    rules = [PROJECT, {"pattern": pattern}]
    body = {"name": "refused", "content_rules": rules}
    error = admin.expect(400, "POST", "/v1/keys", json=body)["error"]
    assert error["field"] == "content_rules[1].pattern"
    assert problem in error["message"]


def test_nobody_makes_a_key_that_may_say_what_their_own_may_not(server, admin, issue):
    own = issue(content_rules=[CARDS, PROJECT], permissions={"manage_keys": True})
    theirs = Admin(server.admin.url, own.secret)
    body = {"name": "wider", "content_rules": [PROJECT]}
    error = theirs.expect(403, "POST", "/v1/keys", json=body)["error"]
    assert error["field"] == "content_rules"
    theirs.create(content_rules=[{**CARDS, "name": "the same"}])


def test_a_simulation_asks_the_rules_when_it_is_told_a_text(issue, admin):
    key = issue(content_rules=[CARDS, PROJECT])

    def simulate(**fields):
        path = f"/v1/keys/{key.id}/simulate"
        return admin.expect(200, "POST", path, json={"model": "gpt-4o", "tokens": 5, **fields})

    untold = simulate()
    assert untold["allowed"]
    assert "content: not told, so no rule was asked" in untold["explanation"]
    assert "content: passes" in simulate(content="hello")["explanation"]
    found = simulate(content=f"{CARD} for Project Zeus")
    assert found["reason"] == "content_blocked"
    assert found["message"].endswith("rule cards.")
    line = "content: denies (content_blocked), rules found: cards, project"
    assert line in found["explanation"]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


def test_what_a_rule_finds_is_told_once_a_minute_and_is_an_alert(tollgate, receiver):
    server = tollgate("--webhook-allow-private").start()
    subscription = {"url": receiver.url, "events": ["key.suspicious_activity"]}
    server.admin.expect(201, "POST", "/v1/webhooks", json=subscription)
    key = server.admin.create(content_rules=[PROJECT, CARDS])
    quiet = server.admin.create(content_rules=[PROJECT])
    assert ask(server, quiet, chat("nothing"))[0] == ""
    for _ in range(3):
        assert ask(server, key, chat("on Project Hera"))[0] == ""
        assert ask(server, key, chat(CARD))[0] == "content_blocked"
    receiver.wait("key.suspicious_activity", 2)
    # Another minute may have begun meanwhile; the same is not told twice in one.
    arrivals = receiver.of("key.suspicious_activity")
    assert 2 <= len(arrivals) <= 4
    found = {arrival.data["rule_number"]: arrival.data for arrival in arrivals}
    assert {number: data["rule"] for number, data in found.items()} == {1: "project", 2: "cards"}
    assert (found[1]["action"], found[2]["action"]) == ("alert", "block")
    assert {data["key_id"] for data in found.values()} == {key.id}
    assert found[1]["found_requests"] >= 1
    end = time.monotonic() + 30
    while len(alerts := server.admin.listing("/v1/alerts", "alerts", key_id=key.id)) < 2:
        assert time.monotonic() < end, alerts
        time.sleep(0.1)
    assert {alert["type"] for alert in alerts} == {"key.suspicious_activity"}
    assert CARD not in json.dumps([arrival.data for arrival in arrivals])
