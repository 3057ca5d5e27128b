"""What happens to keys between creation and end: rotation, sessions, bulk, import, roles."""

from __future__ import annotations

import hashlib
import uuid

import pytest
import requests
from support.admin import Admin, Key
from support.process import eventually

MANAGER = {"permissions": {"manage_keys": True}}


def assert_error(answer: requests.Response, status: int, code: str, field: str | None = None):
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), answer.text
    if field is not None:
        assert error["field"] == field, answer.text


def as_key(server, key: Key) -> Admin:
    return Admin(server.admin.url, key.secret)


def test_both_secrets_work_during_the_grace_and_count_for_one_key(admin, issue, caller):
    key = issue(request_limits={"total": 3})
    caller.allow(key)
    made = admin.expect(200, "POST", f"/v1/keys/{key.id}/rotate", json={"grace": "1h"})
    new = Key(made["id"], made["api_key"])
    assert new.id == key.id and new.secret != key.secret
    assert made["previous_key_valid_until"] is not None
    caller.allow(key)
    caller.allow(new)
    caller.deny(new, "request_quota_exceeded")
    caller.deny(key, "request_quota_exceeded")


def test_a_grace_ends(admin, issue, caller):
    key = issue()
    made = admin.expect(200, "POST", f"/v1/keys/{key.id}/rotate", json={"grace": "2s"})
    caller.allow(key)
    eventually(lambda: not caller.check(key).allowed, "the grace ends")
    assert caller.check(key).reason == "invalid_api_key"
    caller.allow(Key(made["id"], made["api_key"]))


def test_without_grace_the_old_secret_ends_at_once(admin, issue, caller):
    key = issue()
    caller.allow(key)
    admin.expect(200, "POST", f"/v1/keys/{key.id}/rotate", json={"grace": 0})
    caller.deny(key, "invalid_api_key")


def test_a_session_takes_all_its_keys_with_it(admin, caller):
    session = f"session {uuid.uuid4()}"
    body = {"expires_in": 3600, "session_id": session, "permissions": {"models": ["gpt-4o"]}}
    keys = []
    for _ in range(3):
        made = admin.expect(201, "POST", "/v1/keys/temporary", json=body)
        keys.append(Key(made["id"], made["api_key"]))
    other = admin.expect(201, "POST", "/v1/keys/temporary", json={"expires_in": 3600})
    for key in keys:
        caller.allow(key, model="gpt-4o")
        caller.deny(key, "model_not_allowed", model="o3")
    path = f"/v1/sessions/{requests.utils.quote(session, safe='')}"
    assert admin.expect(200, "DELETE", path)["revoked_keys"] == 3
    for key in keys:
        caller.deny(key, "key_revoked", model="gpt-4o")
    caller.allow(Key(other["id"], other["api_key"]))
    assert admin.expect(200, "DELETE", path)["revoked_keys"] == 0


def test_a_session_and_an_import_are_found_after_a_restart(tollgate):
    server = tollgate().start()
    secret = "sk-hashed-" + uuid.uuid4().hex
    digest = hashlib.sha256(secret.encode()).hexdigest()
    body = {"expires_in": 3600, "session_id": "s"}
    server.admin.expect(201, "POST", "/v1/keys/temporary", json=body)
    keys = {"keys": [{"name": "x", "sha256": digest, **MANAGER}]}
    assert server.admin.expect(200, "POST", "/v1/keys/import", json=keys)["imported"] == 1
    assert server.terminate() == 0
    server.start()
    assert server.admin.expect(200, "DELETE", "/v1/sessions/s")["revoked_keys"] == 1
    imported = Admin(server.admin.url, secret)
    assert imported.call("GET", "/v1/keys").status_code == 200
    assert Admin(server.admin.url, digest).call("GET", "/v1/keys").status_code == 401


def test_bulk_answers_for_each_key(admin, issue, caller):
    keys = [issue() for _ in range(3)]
    ids = [key.id for key in keys] + ["key_00000000000000000000000000"]
    answer = admin.expect(200, "POST", "/v1/keys/bulk", json={"action": "disable", "ids": ids})
    assert (answer["succeeded"], answer["failed"]) == (3, 1)
    assert [result["ok"] for result in answer["results"]] == [True, True, True, False]
    for key in keys:
        caller.deny(key, "key_disabled")
    answer = admin.expect(200, "POST", "/v1/keys/bulk", json={"action": "enable", "ids": ids[:3]})
    assert answer["failed"] == 0
    caller.allow(keys[0])
    rotated = admin.expect(
        200, "POST", "/v1/keys/bulk", json={"action": "rotate", "grace": 0, "ids": ids[:1]}
    )
    caller.allow(Key(ids[0], rotated["results"][0]["api_key"]))
    admin.expect(200, "POST", "/v1/keys/bulk", json={"action": "delete", "ids": ids[:3]})
    caller.deny(keys[1], "key_revoked")


def test_imported_secrets_work_as_they_did_elsewhere(admin, caller):
    plain, hashed = (f"sk-{uuid.uuid4().hex}" for _ in range(2))
    digest = hashlib.sha256(hashed.encode()).hexdigest()
    keys = [
        {"name": "plain", "api_key": plain, "allowed_models": ["gpt-4o"]},
        {"name": "hashed", "sha256": digest.upper()},
        {"name": "again", "api_key": plain},
        {"name": "also again", "api_key": hashed},
    ]
    answer = admin.call("POST", "/v1/keys/import", json={"keys": keys})
    assert answer.status_code == 200
    for secret in (plain, hashed, digest):
        assert secret not in answer.text.lower()
    results = answer.json()["results"]
    assert [result["ok"] for result in results] == [True, True, False, False]
    assert {result["error"]["code"] for result in results[2:]} == {"duplicate_key"}
    caller.allow(Key(results[0]["id"], plain), model="gpt-4o")
    caller.deny(Key(results[0]["id"], plain), "model_not_allowed", model="o3")
    caller.allow(Key(results[1]["id"], hashed))
    caller.deny(Key(results[1]["id"], digest), "invalid_api_key")


def test_an_administrator_of_a_team_sees_and_makes_no_more_than_its_team(server, admin, issue):
    organization = admin.create_group("organizations")
    team = admin.create_group("teams", organization_id=organization)
    inside = issue(team_id=team)
    outside = issue(organization_id=organization)
    chief = as_key(server, issue(team_id=team, allowed_models=["gpt-4*"], **MANAGER))
    assert {key["id"] for key in chief.keys()} >= {inside.id}
    assert outside.id not in {key["id"] for key in chief.keys()}
    for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/disable")]:
        answer = chief.call(method, f"/v1/keys/{outside.id}{path}")
        assert_error(answer, 404, "key_not_found")
    assert_error(chief.call("POST", "/v1/keys", json={"name": "x"}), 403, "forbidden", "allowed_models")
    made = chief.expect(201, "POST", "/v1/keys", json={"name": "x", "allowed_models": ["gpt-4o"]})
    assert (made["organization_id"], made["team_id"]) == (organization, team)
    answer = chief.call("PATCH", f"/v1/keys/{made['id']}", json={"allowed_models": ["*"]})
    assert_error(answer, 403, "forbidden", "allowed_models[0]")
    answer = chief.call("POST", f"/v1/keys/{inside.id}/rotate")
    assert_error(answer, 403, "forbidden", "allowed_models")


def test_a_group_restricts_its_keys_from_the_next_decision_on(admin, issue, caller):
    organization = admin.create_group("organizations", allowed_models=["gpt-4o"])
    key = issue(organization_id=organization)
    caller.allow(key, model="gpt-4o")
    caller.deny(key, "model_not_allowed", model="o3")
    admin.patch_group("organizations", organization, allowed_models=[], denied_regions=["US"])
    caller.allow(key, model="o3", region="EU")
    answer = caller.deny(key, "region_not_allowed", model="o3", region="US", explain=True)
    found = admin.expect(200, "GET", f"/v1/organizations/{organization}")
    assert found["denied_regions"] == ["US"]
    assert any(line.startswith("organization region: denies") for line in answer.explanation)


def test_an_allowlist_holds_for_rest_too_whatever_a_header_says(server, issue):
    def chief(address: str) -> Admin:
        allowlist = {"enabled": True, "addresses": [address]}
        return as_key(server, issue(ip_allowlist=allowlist, **MANAGER))

    assert chief("127.0.0.0/8").call("GET", "/v1/keys").status_code == 200
    away = chief("192.0.2.1")
    assert_error(away.call("GET", "/v1/keys"), 403, "ip_not_allowed")
    answer = away.call("GET", "/v1/keys", headers={"x-forwarded-for": "192.0.2.1"})
    assert_error(answer, 403, "ip_not_allowed")


def test_the_last_administrator_stays(tollgate):
    server = tollgate().start()
    (first,) = server.admin.keys()
    for method, path, body in [
        ("DELETE", "", None),
        ("POST", "/revoke", None),
        ("POST", "/disable", None),
        ("PATCH", "", {"permissions": None}),
        ("PATCH", "", {"expires_in": 60}),
    ]:
        answer = server.admin.call(method, f"/v1/keys/{first['id']}{path}", json=body)
        assert_error(answer, 409, "last_administrator")
    server.admin.create(**MANAGER)
    assert server.admin.call("DELETE", f"/v1/keys/{first['id']}").status_code == 200


@pytest.mark.parametrize("access", ["read_only", "full", "custom"])
def test_access_says_how_much_of_what_there_is(admin, issue, caller, access):
    key = issue(access=access)
    assert admin.get(key)["access"] == access
    caller.allow(key, action="models:list")
    if access == "read_only":
        caller.deny(key, "action_not_allowed", model="gpt-4o")
    else:
        caller.allow(key, model="gpt-4o")
