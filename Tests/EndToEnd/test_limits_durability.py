"""What was counted is there after a crash, and after a disk that failed; no more and no less."""

from __future__ import annotations

import signal
import time

import grpc
import pytest
from support import rpc
from support.caller import PRICE, Caller, question
from support.clock import stay_within_the_hour
from support.usage import Amounts

TOKENS = 1_000
HELD = PRICE.highest(TOKENS)

#: Limits that afford two requests, and why the third is denied.
LIMITS = {
    "rate_limits.per_minute": (
        {"rate_limits": {"per_minute": 2, "burst": 2, "strict": True}}, "rate_limited",
    ),
    "rate_limits.per_day": ({"rate_limits": {"per_day": 2}}, "rate_limited"),
    "rate_limits.tokens_per_minute": (
        {"rate_limits": {"tokens_per_minute": 2_000, "strict": True}}, "token_rate_limited",
    ),
    "rate_limits.concurrent": ({"rate_limits": {"concurrent": 2}}, "concurrency_limited"),
    "budget_limits.monthly": ({"budget_limits": {"monthly": 0.02}}, "budget_exceeded"),
    "budget_limits.total": ({"budget_limits": {"total": 0.02}}, "budget_exceeded"),
    "token_limits.daily": ({"token_limits": {"daily": 2_000}}, "token_quota_exceeded"),
    "request_limits.total": ({"request_limits": {"total": 2}}, "request_quota_exceeded"),
}  # fmt: skip


class World:
    """Keys whose limits are used up, some of their requests reported and some not."""

    def __init__(self, server, caller: Caller) -> None:
        admin = server.admin
        self._start = time.monotonic()
        self.groups = {"organizations": admin.create_group("organizations")}
        inside = {"organization_id": self.groups["organizations"]}
        self.groups["teams"] = admin.create_group("teams", **inside)
        self.groups["users"] = admin.create_group("users", **inside)
        inside |= {"team_id": self.groups["teams"], "user_id": self.groups["users"]}
        self.keys = {name: admin.create(**fields) for name, (fields, _) in LIMITS.items()}
        self.member = admin.create(**inside)
        self.reported = [caller.allow(self.member, tokens=TOKENS) for _ in range(5)]
        self.open = [caller.allow(self.member, tokens=TOKENS) for _ in range(5)]
        self.costs = [
            caller.applied(answer, input_tokens=100, output_tokens=place)
            for place, answer in enumerate(self.reported)
        ]
        for name, key in self.keys.items():
            self.assert_denied(caller, name, key)

    @staticmethod
    def assert_denied(caller: Caller, name: str, key) -> None:
        _, denial = caller.until_denied(key, LIMITS[name][1], 3, tokens=TOKENS)
        assert denial.limits[0].name == name

    def usages(self, admin) -> list:
        keys = [*self.keys.values(), self.member]
        return [admin.usage(key) for key in keys] + [
            admin.usage(id, kind) for kind, id in self.groups.items()
        ]

    def assert_kept(self, server, caller: Caller, before: list) -> None:
        admin = server.admin
        assert self.usages(admin) == before
        for answer, cost in zip(self.reported, self.costs, strict=True):
            repeat = caller.settle(answer, output_tokens=TOKENS)
            assert (repeat.outcome, repeat.cost_nanos) == ("duplicate", cost)
        # What was held may be reported now, and is counted then.
        answer = self.open.pop()
        cost = caller.applied(answer, output_tokens=7)
        self.reported.append(answer)
        self.costs.append(cost)
        held = len(self.open)
        spent = sum(self.costs) + held * HELD
        for kind, id in self.groups.items():
            usage = admin.usage(id, kind)
            assert (usage.total.requests, usage.total.cost) == (10, spent)
            assert usage.held == Amounts(held, held * TOKENS, held * HELD)
        for name, key in self.keys.items():
            # A minute's allowance comes back in a minute, should this take so long.
            if name.endswith("_minute") and time.monotonic() - self._start > 25:
                continue
            reason = LIMITS[name][1]
            assert caller.check(key, tokens=TOKENS, dry_run=True).reason == reason, name


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_counters_and_open_holds_are_there_after_the_end(tollgate, end):
    stay_within_the_hour(60)
    server = tollgate().start()
    with rpc.connect(server.rpc) as channel:
        world = World(server, Caller(channel))
    for _ in range(3):
        before = world.usages(server.admin)
        server.send(end)
        server.wait()
        server.start()
        with rpc.connect(server.rpc) as channel:
            world.assert_kept(server, Caller(channel), before)


def test_limits_and_groups_are_there_after_a_crash(tollgate):
    server = tollgate().start()
    admin = server.admin
    organization = admin.create_group("organizations", budget_limits={"monthly": 1.25})
    team = admin.create_group(
        "teams", organization_id=organization, rate_limits={"per_minute": 7, "burst": 3}
    )
    statement = {"effect": "Deny", "actions": ["*"], "resources": ["model:o3"]}
    key = admin.create(
        organization_id=organization,
        team_id=team,
        budget_limits={"daily": 0.1, "timezone": "Europe/Zurich"},
        token_limits={"per_request_max": 2**40, "total": 2**62},
        policy={"version": "2024-01-01", "statements": [statement]},
        unsettled="release",
        enforcement="monitor",
    )
    model = {"id": "kept", "provider": "house", "input_price": 1, "output_price": 2}
    admin.call("PUT", "/v1/models", json={"models": [model]}).raise_for_status()

    def everything() -> list[str]:
        paths = [f"/v1/keys/{key.id}", f"/v1/organizations/{organization}", f"/v1/teams/{team}"]
        return [server.admin.call("GET", path).text for path in [*paths, "/v1/models"]]

    before = everything()
    server.restart()
    assert everything() == before


#: What makes a record large: the database has taken some room for its log beforehand.
PADDING = {str(number): "x" * 900 for number in range(4)}


def test_after_a_failed_write_exactly_what_was_answered_counts(failing_server):
    """The server recovers by itself as soon as its disk does."""
    server, failure = failing_server
    admin = server.admin
    stay_within_the_hour(120)
    organization = admin.create_group("organizations", request_limits={"total": 1_000_000})
    key = admin.create(organization_id=organization)
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        request = question(key, tokens=TOKENS, metadata=PADDING)

        def ask(count: int) -> tuple[int, int]:
            """How many of so many checks at once were allowed, and how many refused."""
            calls = [caller.stub.Check.future(request, timeout=rpc.TIMEOUT) for _ in range(count)]
            errors = [error for call in calls if (error := call.exception()) is not None]
            assert {error.code() for error in errors} <= {grpc.StatusCode.UNAVAILABLE}
            return count - len(errors), len(errors)

        kept, reported = caller.allow(key, tokens=TOKENS), caller.allow(key, tokens=TOKENS)
        cost = caller.applied(reported, output_tokens=10)
        allowed = 0
        for _ in range(3):
            pid = server.pid
            failure.begin()
            refused = 0
            while not refused:
                passed, refused = ask(500)
                allowed += passed
            assert ask(500) == (0, 500), "nothing is allowed that cannot be recorded"
            assert caller.refusal(kept.reservation_id) == grpc.StatusCode.UNAVAILABLE
            assert server.status_of("/readyz") == 503
            assert server.status_of("/healthz") == 200
            failure.end()
            server.until(lambda: server.status_of("/readyz") == 200, "ready again")
            assert server.pid == pid and server.is_running
            allowed += ask(1)[0]
            expected = Amounts(
                2 + allowed, 10 + (1 + allowed) * TOKENS, cost + (1 + allowed) * HELD
            )
            for usage in (admin.usage(key), admin.usage(organization, "organizations")):
                assert (usage.total, usage.open_requests) == (expected, 1 + allowed)
            repeat = caller.settle(reported, output_tokens=99)
            assert (repeat.outcome, repeat.cost_nanos) == ("duplicate", cost)
        caller.applied(kept, cancelled=True)
    before = admin.usage(key)
    assert server.terminate() == 0
    server.start()
    assert server.admin.usage(key) == before
