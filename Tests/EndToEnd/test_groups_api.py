"""The management API of organisations, teams and users, and of the keys that belong to them."""

from __future__ import annotations

import uuid

import pytest
from support import rpc
from support.admin import Admin, Key
from support.caller import Caller
from support.clock import stay_within_the_hour
from test_keys_api import assert_error

LIMITS = {
    "rate_limits": {"per_minute": 50, "per_day": 900, "concurrent": 7, "strict": True},
    "budget_limits": {"daily": 1.5, "total": 0.000000001, "currency": "USD",
                      "timezone": "Europe/Berlin"},
    "token_limits": {"daily": 1000, "per_request_max": 500},
    "request_limits": {"total": 0},
}  # fmt: skip


class House:
    """An organisation with a team and a user in it, and another organisation."""

    def __init__(self, admin: Admin) -> None:
        self.organization = admin.create_group("organizations")
        self.other = admin.create_group("organizations")
        self.team = admin.create_group("teams", organization_id=self.organization)
        self.user = admin.create_group(
            "users", organization_id=self.organization, team_id=self.team
        )


@pytest.fixture
def house(admin) -> House:
    return House(admin)


def place(admin: Admin, key: Key) -> tuple[str | None, ...]:
    found = admin.get(key)
    return found["organization_id"], found["team_id"], found["user_id"], found["key_type"]


def test_a_group_reads_as_it_was_written(admin):
    id = f"org.{uuid.uuid4()}"
    fields = {"description": "A customer", "metadata": {"plan": "gold"}, **LIMITS}
    made = admin.expect(201, "POST", "/v1/organizations", json={"id": id, "name": "n", **fields})
    found = admin.expect(200, "GET", f"/v1/organizations/{id}")
    assert {name: found[name] for name in fields} == fields
    assert (made["status"], made["credits"], made["version"]) == ("enabled", None, 1)
    listed = admin.listing("/v1/organizations", "organizations", q=id)
    assert [group["id"] for group in listed] == [id]


def test_a_patch_merges_within_blocks_and_null_takes_away(admin, house):
    path = f"/v1/teams/{house.team}"
    admin.expect(200, "PATCH", path, json=LIMITS)
    change = {"rate_limits": {"per_minute": 60, "concurrent": None}, "token_limits": None}
    found = admin.expect(200, "PATCH", path, json=change)
    assert found["rate_limits"] == {"per_minute": 60, "per_day": 900, "strict": True}
    assert found["token_limits"] == {}
    assert found["budget_limits"] == LIMITS["budget_limits"]
    late = admin.call("PATCH", path, json={"name": "x"}, headers={"if-match": '"1"'})
    assert_error(late, 412)


def test_a_key_gets_what_follows_from_its_team_or_user(admin, house, issue):
    both = (house.organization, house.team)
    assert place(admin, issue(organization_id=house.organization)) == (
        house.organization, None, None, "organization",
    )  # fmt: skip
    assert place(admin, issue(team_id=house.team)) == (*both, None, "team")
    assert place(admin, issue(user_id=house.user)) == (*both, house.user, "user")
    assert place(admin, issue()) == (None, None, None, None)


def test_what_does_not_belong_together_is_refused(admin, house):
    rows = [
        ({"organization_id": house.other, "team_id": house.team}, "team_id"),
        ({"organization_id": house.other, "user_id": house.user}, "user_id"),
        ({"team_id": "nobody"}, "team_id"),
        ({"user_id": house.user, "key_type": "team"}, "key_type"),
    ]
    for fields, field in rows:
        answer = admin.call("POST", "/v1/keys", json={"name": "n", **fields})
        assert_error(answer, 400, field)


def test_a_key_moves_with_what_it_used_and_its_groups_keep_theirs(
    admin, house, issue, caller: Caller
):
    key = issue(user_id=house.user)
    stays = issue(organization_id=house.organization)
    admin.patch_group("organizations", house.organization, rate_limits={"concurrent": 1})
    admin.patch_group("organizations", house.other, request_limits={"total": 1})
    before = caller.allow(key, tokens=1000)
    caller.deny(stays, "concurrency_limited")
    path = f"/v1/keys/{key.id}"
    version = admin.get(key)["version"]
    late = admin.call(
        "PATCH", path, json={"organization_id": house.other}, headers={"if-match": '"99"'}
    )
    assert_error(late, 412)
    moved = admin.expect(
        200, "PATCH", path, json={"organization_id": house.other},
        headers={"if-match": f'"{version}"'},
    )  # fmt: skip
    assert moved["version"] == version + 1
    assert place(admin, key) == (house.other, None, None, "organization")
    for organization, found in [(house.organization, False), (house.other, True)]:
        listed = {entry["id"] for entry in admin.keys(organization_id=organization)}
        assert (key.id in listed) == found

    caller.allow(key, tokens=500)
    denial = caller.deny(key, "request_quota_exceeded")
    assert denial.limits[0].level == "organization"
    caller.deny(stays, "concurrency_limited")
    cost = caller.applied(before, input_tokens=10, output_tokens=20)
    caller.allow(stays, tokens=0)
    for kind, id in [("users", house.user), ("teams", house.team)]:
        usage = admin.usage(id, kind)
        assert (usage.total.requests, usage.total.cost, usage.open_requests) == (1, cost, 0)
    assert admin.usage(house.organization, "organizations").total.requests == 2
    assert admin.usage(house.other, "organizations").total.requests == 1
    assert admin.usage(key).total.requests == 2
    changes = [
        row["fields"]
        for row in admin.logs(type="management")
        if (row["target"], row["action"]) == (key.id, "key.updated")
    ]
    assert changes == [["organization_id", "team_id", "user_id"]]


def test_a_key_moves_by_its_team_or_user_and_out_of_all_groups(admin, house, issue):
    key = issue(organization_id=house.other)
    inside = (house.organization, house.team)
    assert admin.patch(key, team_id=house.team)["organization_id"] == house.organization
    assert admin.patch(key, user_id=house.user)["user_id"] == house.user
    assert place(admin, key) == (*inside, house.user, "user")
    assert admin.patch(key, organization_id=None)["key_type"] is None
    assert place(admin, key) == (None, None, None, None)
    for fields, field in [
        ({"organization_id": house.other, "team_id": house.team}, "team_id"),
        ({"organization_id": None, "user_id": house.user}, "user_id"),
        ({"organization_id": "nobody"}, "organization_id"),
    ]:
        assert_error(admin.call("PATCH", f"/v1/keys/{key.id}", json=fields), 400, field)
    assert place(admin, key) == (None, None, None, None)


def test_nobody_moves_a_key_out_of_or_into_what_they_see(server, admin, house, issue):
    manager = {"permissions": {"manage_keys": True}}
    chief = Admin(server.admin.url, issue(organization_id=house.organization, **manager).secret)
    mine, theirs = issue(organization_id=house.organization), issue(organization_id=house.other)
    for organization in (house.other, None):
        answer = chief.call("PATCH", f"/v1/keys/{mine.id}", json={"organization_id": organization})
        assert_error(answer, 403, "organization_id")
    for key in (theirs, issue()):
        answer = chief.call(
            "PATCH", f"/v1/keys/{key.id}", json={"organization_id": house.organization}
        )
        assert_error(answer, 404)
    assert place(admin, mine)[0] == house.organization
    assert place(admin, theirs)[0] == house.other


def test_keys_stop_with_the_groups_above_them(admin, house, issue, caller: Caller):
    key = issue(user_id=house.user)
    groups = [
        ("users", house.user), ("teams", house.team), ("organizations", house.organization),
    ]  # fmt: skip
    for kind, id in groups:
        caller.allow(key)
        admin.patch_group(kind, id, status="disabled")
        caller.deny(key, "key_disabled")
        admin.patch_group(kind, id, status="enabled")
    caller.allow(key)
    gone = admin.expect(200, "DELETE", f"/v1/teams/{house.team}")
    assert gone["status"] == "deleted"
    caller.deny(key, "key_disabled")
    answer = admin.call("PATCH", f"/v1/teams/{house.team}", json={"status": "enabled"})
    assert_error(answer, 409)
    assert admin.get(key)["team_id"] == house.team


def test_usage_goes_up_the_hierarchy(admin, house, issue, caller: Caller):
    key = issue(user_id=house.user, rate_limits={"per_hour": 10})
    admin.patch_group("organizations", house.organization, budget_limits={"monthly": 1})
    caller.allow(key, tokens=1000, input_tokens=400)
    groups = [("teams", house.team), ("users", house.user), ("organizations", house.organization)]
    usages = [admin.usage(key)] + [admin.usage(id, kind) for kind, id in groups]
    assert len({str(usage.used) for usage in usages}) == 1
    assert (usages[0].total.requests, usages[0].total.tokens) == (1, 1000)
    assert usages[0].total.cost == 400 * 2_500 + 600 * 10_000
    assert usages[0].held == usages[0].total
    assert admin.usage(house.other, "organizations").total.requests == 0

    limits = admin.expect(200, "GET", f"/v1/keys/{key.id}/usage")["limits"]
    assert [(limit["name"], limit["level"], limit["remaining"]) for limit in limits] == [
        ("rate_limits.per_hour", "key", 9), ("budget_limits.monthly", "organization", 0.993),
    ]  # fmt: skip
    assert admin.get(key)["remaining"] == {"rate_limits": {"per_hour": 9}}


def test_credits_pay_for_what_comes_after_them(admin, house, issue, caller: Caller):
    key = issue(organization_id=house.organization)
    caller.applied(caller.allow(key, tokens=1000, input_tokens=1000), input_tokens=1000)
    path = f"/v1/organizations/{house.organization}"
    paid = admin.expect(200, "POST", f"{path}/credits", json={"amount": 0.005})
    assert paid["remaining"]["balance"] == 0.005
    caller.allow(key, tokens=2000, input_tokens=2000)
    caller.deny(key, "balance_exhausted", tokens=1, input_tokens=1)
    paid = admin.expect(200, "POST", f"{path}/credits", json={"amount": 0.0025})
    assert paid["remaining"]["balance"] == 0.0025
    caller.allow(key, tokens=1000, input_tokens=1000)
    assert admin.expect(200, "GET", path)["remaining"]["balance"] == 0


def test_a_move_and_what_was_held_before_it_are_there_after_a_crash(tollgate):
    stay_within_the_hour(60)
    server = tollgate().start()
    house = House(server.admin)
    key = server.admin.create(user_id=house.user)
    server.admin.patch_group("organizations", house.other, request_limits={"total": 2})

    def usages() -> list:
        groups = [
            ("organizations", house.organization), ("organizations", house.other),
            ("teams", house.team), ("users", house.user),
        ]  # fmt: skip
        return [server.admin.usage(id, kind) for kind, id in groups] + [server.admin.usage(key)]

    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        held = [caller.allow(key, tokens=1000) for _ in range(3)]
        server.admin.patch(key, organization_id=house.other)
        held.append(caller.allow(key, tokens=1000))
        cost = caller.applied(held.pop(0), output_tokens=7)
    before = usages()
    server.kill()
    server.start()
    assert usages() == before
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        caller.allow(key, tokens=1000)
        caller.deny(key, "request_quota_exceeded")
        cost += sum(caller.applied(answer, output_tokens=7) for answer in held[:2])
    old, new, team, user, _ = usages()
    for usage in (old, team, user):
        assert (usage.total.requests, usage.total.cost, usage.open_requests) == (3, cost, 0)
    assert (new.total.requests, new.open_requests) == (2, 2)


def test_groups_are_there_after_a_restart(tollgate):
    server = tollgate().start()
    admin = server.admin
    house = House(admin)
    admin.patch_group("organizations", house.organization, **LIMITS)
    key = admin.create(user_id=house.user)
    paths = [f"/v1/organizations/{house.organization}", f"/v1/users/{house.user}",
             f"/v1/keys/{key.id}"]  # fmt: skip
    before = [admin.expect(200, "GET", path) for path in paths]
    server.kill()
    server.start()
    assert [server.admin.expect(200, "GET", path) for path in paths] == before
