"""The management API of keys: create, read, list, change, switch, revoke."""

from __future__ import annotations

import datetime
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from support import rpc
from support.admin import TIMEOUT, Admin, Key
from support.http1 import Connection, request
from support.native import messages, services

FIELDS = {
    "description": "For the search team",
    "group": "search",
    "metadata": {"team": "search", "cost-center": "42"},
    "allowed_models": ["gpt-4o*", "claude-*"],
    "denied_models": ["gpt-4o-audio*"],
    "allowed_providers": ["openai", "anthropic"],
    "denied_providers": ["azure"],
    "allowed_suppliers": ["openai-eu"],
    "denied_suppliers": ["openai-us"],
    "allowed_regions": ["EU"],
    "denied_regions": ["US"],
    "allowed_actions": ["chat:*"],
    "denied_actions": ["chat:stream"],
    "ip_allowlist": {"enabled": True, "addresses": ["10.0.0.0/8", "2001:db8::/32"]},
}


def assert_error(answer: requests.Response, status: int, field: str | None = None) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    error = answer.json()["error"]
    assert error["code"] and error["message"]
    if field is not None:
        assert error["field"] == field
    return error


def test_a_secret_is_shown_once_and_never_again(admin):
    answer = admin.expect(201, "POST", "/v1/keys", json={"name": "once"})
    secret = answer["api_key"]
    assert secret.startswith("tg_live_") and len(secret) == len("tg_live_") + 33
    for _ in range(2):
        text = admin.call("GET", f"/v1/keys/{answer['id']}").text
        assert secret not in text
        assert "api_key" not in text
    assert secret not in admin.call("GET", "/v1/keys", params={"name": "once"}).text


def test_a_test_key_says_so(admin):
    answer = admin.expect(201, "POST", "/v1/keys", json={"name": "t", "environment": "test"})
    assert answer["api_key"].startswith("tg_test_")


def test_every_field_is_read_as_it_was_written(admin, issue):
    expires_at = "2999-12-31T23:59:59Z"
    key = issue(**FIELDS, expires_at=expires_at)
    found = admin.get(key)
    assert {name: found[name] for name in FIELDS} == FIELDS
    expiry = datetime.datetime.fromisoformat(found["expires_at"])
    assert expiry == datetime.datetime.fromisoformat(expires_at)
    assert found["id"] == key.id
    assert found["status"] == "enabled"
    assert found["masked_key"].startswith("tg_live_")
    assert key.secret not in str(found)
    created = datetime.datetime.fromisoformat(found["created_at"])
    assert created.utcoffset() == datetime.timedelta(0)


def test_a_patch_changes_what_it_names_and_nothing_else(admin, issue):
    key = issue(**FIELDS)
    before = admin.get(key)
    admin.patch(key, allowed_models=["o3"], name="renamed")
    after = admin.get(key)
    changed = {name for name in before if before[name] != after[name]}
    assert {"allowed_models", "name"} <= changed
    assert changed <= {"allowed_models", "name", "updated_at", "version"}
    assert (after["allowed_models"], after["name"]) == (["o3"], "renamed")


def test_a_patch_can_take_away_an_end(admin, issue):
    key = issue(expires_in=3600)
    assert admin.get(key)["expires_at"] is not None
    admin.patch(key, expires_at=None)
    assert admin.get(key).get("expires_at") is None


def test_a_patch_of_an_older_version_is_refused(admin, issue):
    key = issue()
    answer = admin.call("GET", f"/v1/keys/{key.id}")
    etag = answer.headers["etag"]
    path, body = f"/v1/keys/{key.id}", {"group": "first"}
    changed = admin.call("PATCH", path, json=body, headers={"if-match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    late = admin.call("PATCH", path, json={"group": "second"}, headers={"if-match": etag})
    assert_error(late, 412)
    assert admin.get(key)["group"] == "first"


def test_changes_at_the_same_time_lose_nothing(server, issue):
    key = issue()
    with ThreadPoolExecutor(8) as pool:
        changes = [{"group": "g"}, {"description": "d"}, {"allowed_models": ["m"]},
                   {"allowed_regions": ["r"]}, {"metadata": {"a": "b"}}]  # fmt: skip
        list(pool.map(lambda change: server.admin.patch(key, **change), changes * 4))
    found = server.admin.get(key)
    for change in changes:
        for name, value in change.items():
            assert found[name] == value


def test_switching_shows_in_the_status(admin, issue):
    key = issue()
    admin.disable(key)
    assert admin.get(key)["status"] == "disabled"
    admin.enable(key)
    assert admin.get(key)["status"] == "enabled"
    admin.patch(key, status="disabled")
    assert admin.get(key)["status"] == "disabled"


@pytest.mark.parametrize("way", ["revoke", "delete"])
def test_a_revocation_is_for_good_and_leaves_the_record(admin, issue, way):
    key = issue(name="gone")
    if way == "revoke":
        admin.revoke(key)
    else:
        assert admin.call("DELETE", f"/v1/keys/{key.id}").status_code in (200, 204)
    found = admin.get(key)
    assert (found["status"], found["name"]) == ("revoked", "gone")
    assert_error(admin.call("POST", f"/v1/keys/{key.id}/enable"), 409)
    assert_error(admin.call("PATCH", f"/v1/keys/{key.id}", json={"status": "enabled"}), 409)
    assert admin.get(key)["status"] == "revoked"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": "n" * 1000}, "name"),
        ({"name": "n\u0000"}, "name"),
        ({"name": "n", "no_such_field": 1}, "no_such_field"),
        ({"name": "n", "allowed_models": "gpt-4o"}, "allowed_models"),
        ({"name": "n", "allowed_models": ["a", 7]}, "allowed_models[1]"),
        ({"name": "n", "allowed_models": ["a", ""]}, "allowed_models[1]"),
        ({"name": "n", "denied_regions": ["r\n"]}, "denied_regions[0]"),
        ({"name": "n", "allowed_models": ["m"] * 1001}, "allowed_models"),
        (
            {"name": "n", "ip_allowlist": {"enabled": True, "addresses": ["10.0.0.0/8", "x"]}},
            "ip_allowlist.addresses[1]",
        ),
        ({"name": "n", "ip_allowlist": {"enabled": "yes"}}, "ip_allowlist.enabled"),
        ({"name": "n", "ip_allowlist": {"hosts": []}}, "ip_allowlist.hosts"),
        ({"name": "n", "expires_at": "yesterday"}, "expires_at"),
        ({"name": "n", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "n", "expires_in": -1}, "expires_in"),
        ({"name": "n", "expires_in": 1.5}, "expires_in"),
        ({"name": "n", "expires_in": 10**30}, "expires_in"),
        ({"name": "n", "status": "revoked"}, "status"),
        ({"name": "n", "status": "expired"}, "status"),
        ({"name": "n", "permissions": {"everything": True}}, "permissions.everything"),
        ({"name": "n", "metadata": {"k": 1}}, "metadata.k"),
        ({"name": "n", "environment": "Not An Environment"}, "environment"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(admin, body, field):
    answer = admin.call("POST", "/v1/keys", json=body)
    assert answer.status_code in (400, 422)
    assert_error(answer, answer.status_code, field)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"not json", b"[]", b'"name"', b"null", b'{"name": "a", "name": "b"}',
        b'{"name": "\xff"}', b'{"name": "n",}', b"{" * 100_000, b'{"name":' * 100_000,
        b'{"name": "\\ud800"}', b'{"name": "n"} x',
    ],
    ids=lambda body: repr(body[:30]),
)  # fmt: skip
def test_a_body_that_is_not_an_object_of_json_is_refused(admin, body):
    headers = {"content-type": "application/json"}
    assert_error(admin.call("POST", "/v1/keys", data=body, headers=headers), 400)


def test_a_body_that_is_too_long_is_refused(admin):
    body = {"name": "n", "description": "d" * 2_000_000}
    assert_error(admin.call("POST", "/v1/keys", json=body), 413)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("id", ["key_" + "0" * 26, "key_short", "nonsense", "%00", "key_" + "z" * 26])
def test_an_unknown_key_is_not_found(admin, method, id):
    options = {"json": {"group": "g"}} if method == "PATCH" else {}
    assert_error(admin.call(method, f"/v1/keys/{id}", **options), 404)


def test_an_unknown_path_is_not_found(admin):
    assert_error(admin.call("GET", "/v1/nothing"), 404)


def test_another_method_is_not_allowed(admin):
    assert admin.call("PUT", "/v1/keys", json={}).status_code in (404, 405)


def test_without_a_key_there_is_no_answer(server, issue):
    key = issue()
    for secret in (None, "sk-unknown", "tg_live_" + "0" * 33, ""):
        stranger = Admin(f"http://{server.http}", secret)
        requests_ = [
            ("POST", "/v1/keys"), ("GET", "/v1/keys"), ("GET", f"/v1/keys/{key.id}"),
            ("PATCH", f"/v1/keys/{key.id}"), ("DELETE", f"/v1/keys/{key.id}"),
            ("POST", f"/v1/keys/{key.id}/revoke"), ("GET", "/v1/audit-logs"),
        ]  # fmt: skip
        for method, path in requests_:
            answer = stranger.call(method, path, json={} if method in ("POST", "PATCH") else None)
            assert_error(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert server.admin.get(key)["status"] == "enabled"


def test_a_key_without_permissions_manages_nothing(server, issue):
    plain = issue()
    user = Admin(f"http://{server.http}", plain.secret)
    assert_error(user.call("GET", "/v1/keys"), 403)
    assert_error(user.call("POST", "/v1/keys", json={"name": "n"}), 403)
    assert_error(user.call("PATCH", f"/v1/keys/{plain.id}", json={"permissions": {"manage_keys": True}}), 403)
    assert_error(user.call("GET", "/v1/audit-logs"), 403)


def test_nobody_gives_away_more_than_they_have(server, issue):
    manager = issue(permissions={"manage_keys": True})
    client = Admin(f"http://{server.http}", manager.secret)
    made = client.create(permissions={"manage_keys": True})
    body = {"name": "n", "permissions": {"view_all_usage": True}}
    assert_error(client.call("POST", "/v1/keys", json=body), 403)
    change = {"permissions": {"manage_billing": True}}
    assert_error(client.call("PATCH", f"/v1/keys/{made.id}", json=change), 403)
    assert_error(client.call("GET", "/v1/audit-logs"), 403)


def test_a_revoked_administrator_is_locked_out_at_once(server, admin, issue):
    manager = issue(permissions={"manage_keys": True})
    client = Admin(f"http://{server.http}", manager.secret)
    client.create()
    admin.revoke(manager)
    assert_error(client.call("GET", "/v1/keys"), 401)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_a_list_hold_every_key_once_newest_first(admin, issue, limit):
    group = f"pages-{uuid.uuid4()}"
    made = [issue(group=group).id for _ in range(7)]
    assert [key["id"] for key in admin.keys(group=group, limit=limit)] == made[::-1]


def test_filters_narrow_a_list(admin, issue):
    group = f"filters-{uuid.uuid4()}"
    plain = issue(group=group, name=f"alpha {group}")
    narrow = issue(group=group, name=f"beta {group}", allowed_models=["claude-*"])
    off = issue(group=group, name=f"gamma {group}", status="disabled")

    def ids(**filters) -> set[str]:
        return {key["id"] for key in admin.keys(group=group, **filters)}

    assert ids() == {plain.id, narrow.id, off.id}
    assert ids(name=f"beta {group}") == {narrow.id}
    assert ids(status="disabled") == {off.id}
    assert ids(status="revoked") == set()
    assert ids(model="gpt-4o") == {plain.id, off.id}
    assert ids(model="claude-3") == {plain.id, narrow.id, off.id}
    assert ids(q="gamma") == {off.id}
    assert ids(q="no such text") == set()


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "limit=100000", "cursor=nonsense", "status=odd",
              "no_such_filter=1"],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(admin, query):
    assert_error(admin.call("GET", f"/v1/keys?{query}"), 400)


def test_a_secret_of_the_api_is_a_secret_of_the_rpc(channel, issue):
    stub = services.AuthorizationStub(channel)
    for environment in ("live", "test", "staging2"):
        key = issue(environment=environment)
        request = messages.CheckRequest(key=key.secret, model="gpt-4o")
        assert stub.Check(request, timeout=rpc.TIMEOUT).key_id == key.id


def test_a_key_of_either_header_is_an_administrators(server, admin):
    answer = requests.get(
        f"http://{server.http}/v1/keys", headers={"x-api-key": server.admin_key}, timeout=TIMEOUT
    )
    assert answer.status_code == 200


def test_the_last_use_is_shown_and_survives_a_crash(tollgate):
    server = tollgate().start()
    key, idle = server.admin.create(), server.admin.create()
    before = datetime.datetime.now(datetime.UTC)
    with rpc.connect(server.rpc) as channel:
        authorization = services.AuthorizationStub(channel)
        for dry_run, secret in [(False, key.secret), (True, idle.secret)]:
            request = messages.CheckRequest(key=secret, model="m", dry_run=dry_run)
            assert authorization.Check(request, timeout=rpc.TIMEOUT).allowed
    after = datetime.datetime.now(datetime.UTC)
    shown = server.admin.get(key)["last_used_at"]
    used = datetime.datetime.fromisoformat(shown)
    assert before - datetime.timedelta(milliseconds=1) <= used <= after
    for _ in range(2):
        assert server.admin.get(key)["last_used_at"] == shown
        assert server.admin.get(idle)["last_used_at"] is None
        listed = {entry["id"]: entry["last_used_at"] for entry in server.admin.keys()}
        assert (listed[key.id], listed[idle.id]) == (shown, None)
        server.restart()


def test_pages_by_last_use_show_each_key_once(admin, issue, caller):
    group = uuid.uuid4().hex
    keys = [issue(group=group) for _ in range(7)]
    for key in keys:
        caller.allow(key)
        time.sleep(0.005)
    parameters = {"group": group, "sort": "-last_used_at", "limit": 2}
    found: list[str] = []
    while True:
        page = admin.expect(200, "GET", "/v1/keys", params=parameters)
        found += [key["id"] for key in page["keys"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
        # The key that the page ends with becomes the newest.
        caller.allow(next(key for key in keys if key.id == found[-1]))
    assert found == [key.id for key in reversed(keys)]


# Ids in paths, as they come over the wire: a client library would put the escapes right.


def raw(server, method: str, path: str, secret: str, body: bytes = b"", **headers: str):
    fields = {"authorization": f"Bearer {secret}", "content-type": "application/json", **headers}
    with Connection(server.http) as connection:
        connection.send(request(method, path, fields, body))
        return connection.receive()


def escaped(text: str, letters: str = "") -> str:
    """A text with some of its letters as escapes, all of them if none is named."""
    return "".join(
        f"%{ord(letter):02x}" if letter in (letters or text) else letter for letter in text
    )


@pytest.mark.parametrize("letters", ["k", "_", ""], ids=["a letter", "a mark", "everything"])
@pytest.mark.parametrize("path", ["/v1/keys", "/v1/manage/keys", "/v1/api-keys"])
def test_an_id_may_be_written_with_escapes(server, issue, admin, path, letters):
    key = issue(name="escaped")
    place = f"{path}/{escaped(key.id, letters)}"
    answer = raw(server, "GET", place, server.admin_key)
    assert (answer.status, answer.json["id"]) == (200, key.id)
    answer = raw(server, "GET", place.replace("%6b", "%6B"), server.admin_key)
    assert (answer.status, answer.json["id"]) == (200, key.id)
    answer = raw(server, "PATCH", place, server.admin_key, b'{"description":"by an escape"}')
    assert (answer.status, admin.get(key)["description"]) == (200, "by an escape")


def test_what_is_done_by_an_escaped_id_is_done_to_the_key(server, issue, caller):
    key, own = issue(), issue(permissions={"view_all_usage": True})
    place = f"/v1/keys/{escaped(key.id, 'k')}"
    assert raw(server, "POST", place + "/disable", server.admin_key).status == 200
    caller.deny(key, "key_disabled")
    assert raw(server, "POST", place + "/enable", server.admin_key).status == 200
    # A key reads its own usage whatever its id is written as, and another's by no spelling.
    usage = raw(server, "GET", place + "/usage", key.secret)
    assert (usage.status, usage.json["key_id"]) == (200, key.id)
    foreign = f"/v1/keys/{escaped(own.id)}/usage"
    assert raw(server, "GET", foreign, key.secret).status == 403
    # One key is one target: a repeat that spells it otherwise is a repeat.
    once = {"idempotency-key": uuid.uuid4().hex}
    first = raw(server, "POST", place + "/rotate", server.admin_key, b"{}", **once)
    again = raw(server, "POST", f"/v1/keys/{key.id}/rotate", server.admin_key, b"{}", **once)
    assert (first.status, again.status) == (200, 200)
    assert first.json["api_key"] == again.json["api_key"]
    caller.allow(Key(key.id, first.json["api_key"]))
    assert raw(server, "DELETE", place, server.admin_key).status == 200
    caller.deny(key, "key_revoked")


@pytest.mark.parametrize(
    "change",
    [
        lambda id: id + "%2F", lambda id: "%2F" + id, lambda id: id[:9] + "%2F" + id[9:],
        lambda id: id + "%2Fusage", lambda id: "..%2Fkeys%2F" + id, lambda id: "%2e%2e%2f" + id,
        lambda id: id + "%00", lambda id: id + "%", lambda id: id + "%6", lambda id: id + "%zz",
        lambda id: id.replace("k", "%256b"), lambda id: id.replace("k", "%C1%AB"), lambda id: "%FF",
        lambda id: "%F0%9F%98%80", lambda id: id + "+", lambda id: id + "%20", lambda id: "%" * 200,
        lambda id: id.replace("k", "%u006b"), lambda id: "%6" + id,
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/keys", "/v1/manage/keys", "/v1/api-keys"])
def test_what_is_no_id_by_any_reading_is_no_key(server, issue, admin, path, change):
    key = issue()
    before = admin.get(key)
    for method, body in [("GET", b""), ("PATCH", b'{"description":"wrong"}'), ("DELETE", b"")]:
        answer = raw(server, method, f"{path}/{change(key.id)}", server.admin_key, body)
        assert (answer.status, answer.json["error"]["code"]) == (404, "key_not_found"), method
    for step in ("disable", "revoke", "rotate"):
        answer = raw(server, "POST", f"/v1/keys/{change(key.id)}/{step}", server.admin_key)
        assert (answer.status, answer.json["error"]["code"]) == (404, "key_not_found"), step
    assert raw(server, "GET", f"/v1/keys/{change(key.id)}/usage", key.secret).status == 403
    assert admin.get(key) == before
