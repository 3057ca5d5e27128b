"""Every limit once, through the real program: what passes, what is told, what changes at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest
from support.caller import PRICE, USD
from support.clock import stay_within_the_hour
from support.usage import Amounts

#: Of one request, which then costs 0.01 USD at most.
TOKENS = 1_000


@dataclass(frozen=True)
class Limit:
    """A limit that affords five requests of a thousand tokens."""

    name: str
    fields: dict[str, Any]
    reason: str
    status: int
    #: As it is reported: in requests, tokens or nano-USD.
    amount: int
    #: Whether waiting helps.
    comes_back: bool = True
    #: Whether it comes back little by little, so that a slow machine may see more than five pass.
    refills: bool = False

    def __str__(self) -> str:
        return self.name


def _limit(path: str, value: float, reason: str, status: int, amount: int, **rest) -> Limit:
    block, name = path.split(".")
    fields = {block: {name: value} | rest.pop("beside", {})}
    return Limit(path, fields, reason, status, amount, **rest)


_strict = {"beside": {"burst": 5, "strict": True}, "refills": True}
_money = 5 * PRICE.highest(TOKENS)

LIMITS = [
    _limit("rate_limits.per_second", 5, "rate_limited", 429, 5, **_strict),
    _limit("rate_limits.per_minute", 5, "rate_limited", 429, 5, **_strict),
    _limit("rate_limits.per_hour", 5, "rate_limited", 429, 5),
    _limit("rate_limits.per_day", 5, "rate_limited", 429, 5),
    _limit(
        "rate_limits.tokens_per_minute", 5_000, "token_rate_limited", 429, 5_000, refills=True
    ),
    _limit("rate_limits.concurrent", 5, "concurrency_limited", 429, 5),
    _limit("budget_limits.daily", 0.05, "budget_exceeded", 402, _money),
    _limit("budget_limits.weekly", 0.05, "budget_exceeded", 402, _money),
    _limit("budget_limits.monthly", 0.05, "budget_exceeded", 402, _money),
    _limit("budget_limits.total", 0.05, "budget_exceeded", 402, _money, comes_back=False),
    _limit("token_limits.daily", 5_000, "token_quota_exceeded", 402, 5_000),
    _limit("token_limits.monthly", 5_000, "token_quota_exceeded", 402, 5_000),
    _limit("token_limits.total", 5_000, "token_quota_exceeded", 402, 5_000, comes_back=False),
    _limit("request_limits.total", 5, "request_quota_exceeded", 402, 5, comes_back=False),
]

_by_name = {limit.name: limit for limit in LIMITS}


@pytest.fixture(autouse=True)
def _one_window():
    stay_within_the_hour()


def assert_told(denial, limit: Limit, level: str) -> None:
    """A denial says which limit it was, whose, and whether waiting helps."""
    assert denial.http_status == limit.status
    assert denial.message.endswith(".")
    assert (denial.retry_after_ms > 0) == limit.comes_back
    first = denial.limits[0]
    assert (first.name, first.level, first.limit) == (limit.name, level, limit.amount)
    assert 0 <= first.remaining < limit.amount
    if limit.comes_back and limit.name != "rate_limits.concurrent":
        assert first.reset_ms > 0


@pytest.mark.parametrize("limit", LIMITS, ids=str)
def test_a_limit_lets_through_what_it_affords_and_says_why_no_more(caller, admin, issue, limit):
    key = issue(**limit.fields)
    most = 100 if limit.refills else 5
    allowed, denial = caller.until_denied(key, limit.reason, most, tokens=TOKENS)
    assert len(allowed) >= 5
    assert denial.key_id == key.id
    assert_told(denial, limit, "key")
    for answer in allowed:
        [state] = answer.limits
        assert (state.name, state.level, state.limit) == (limit.name, "key", limit.amount)
    if not limit.refills:
        left = [answer.limits[0].remaining for answer in allowed]
        assert left == [limit.amount * (4 - number) // 5 for number in range(5)]
        caller.deny(key, limit.reason, tokens=TOKENS)
    passed = len(allowed)
    usage = admin.usage(key)
    spent = Amounts(passed, passed * TOKENS, passed * PRICE.highest(TOKENS))
    assert (usage.total, usage.held) == (spent, spent), "a denial counts nothing"


@pytest.mark.parametrize(
    "name", ["rate_limits.per_minute", "budget_limits.total", "request_limits.total"]
)
@pytest.mark.parametrize("level", ["user", "team", "organization"])
def test_a_limit_of_a_group_is_shared_by_its_keys(caller, admin, issue, name, level):
    limit = _by_name[name]
    inside = {"organization_id": admin.create_group("organizations")}
    if level == "organization":
        admin.patch_group("organizations", inside["organization_id"], **limit.fields)
        outside = {}
        members = inside
    else:
        made = admin.create_group(f"{level}s", **inside, **limit.fields)
        members, outside = inside | {f"{level}_id": made}, inside
    first, second, stranger = issue(**members), issue(**members), issue(**outside)
    for key in (first, second, first, second, first):
        caller.allow(key, tokens=TOKENS)
    _, denial = caller.until_denied(second, limit.reason, 100, tokens=TOKENS)
    assert_told(denial, limit, level)
    assert caller.allow(stranger, tokens=TOKENS)


def test_an_allow_names_the_tightest_limits_first(caller, admin, issue):
    organization = admin.create_group("organizations", request_limits={"total": 10})
    key = issue(
        organization_id=organization,
        budget_limits={"total": 1000},
        rate_limits={"per_hour": 100, "concurrent": 20},
    )
    answer = caller.allow(key, tokens=TOKENS)
    assert [(state.name, state.level, state.remaining) for state in answer.limits] == [
        ("request_limits.total", "organization", 9),
        ("rate_limits.concurrent", "key", 19),
        ("rate_limits.per_hour", "key", 99),
        ("budget_limits.total", "key", 1000 * USD - PRICE.highest(TOKENS)),
    ]


@pytest.mark.parametrize(
    ("fields", "asked", "affordable"),
    [
        ({"budget_limits": {"total": 0.10}}, {"tokens": 12_000}, 7_000),
        # 4,000 tokens of prompt cost 0.01 USD; the other 0.06 afford 6,000 of output.
        ({"budget_limits": {"total": 0.10}}, {"tokens": 20_000, "input_tokens": 4_000}, 10_000),
        ({"budget_limits": {"monthly": 0.10}}, {"tokens": 10_001}, 7_000),
        ({"token_limits": {"total": 10_000}}, {"tokens": 7_001}, 7_000),
        ({"token_limits": {"daily": 10_000}}, {"tokens": 2**40}, 7_000),
        ({"token_limits": {"per_request_max": 5_000}}, {"tokens": 5_001}, 5_000),
        # The tightest of all that count tokens or money, whichever denied.
        (
            {"token_limits": {"total": 10_000, "monthly": 9_000}, "budget_limits": {"daily": 0.07}},
            {"tokens": 7_001},
            4_000,
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_a_denial_calls_affordable_passes_and_one_more_does_not(
    caller, issue, fields, asked, affordable
):
    key = issue(**fields)
    caller.allow(key, tokens=3_000)
    denial = caller.check(key, **asked)
    assert (denial.allowed, denial.affordable_tokens) == (False, affordable)
    more = asked | {"tokens": affordable + 1}
    assert caller.check(key, **more).affordable_tokens == affordable
    caller.allow(key, **(asked | {"tokens": affordable}))


def test_what_a_token_rate_calls_affordable_passes(caller, issue):
    key = issue(rate_limits={"tokens_per_minute": 10_000})
    caller.allow(key, tokens=6_000)
    denial = caller.deny(key, "token_rate_limited", tokens=10_000)
    assert 4_000 <= denial.affordable_tokens < 10_000
    assert 0 < denial.retry_after_ms <= 36_000
    caller.allow(key, tokens=denial.affordable_tokens)
    never = caller.deny(key, "token_rate_limited", tokens=10_001)
    assert never.retry_after_ms == 0, "no waiting helps a request that is larger than the burst"


def test_a_balance_is_spent_and_paid_in(caller, admin, issue):
    organization = admin.create_group("organizations")
    key = issue(organization_id=organization)
    caller.applied(caller.allow(key, tokens=TOKENS), input_tokens=TOKENS)
    # Of what is held, only what is used in the end is paid.
    underway = caller.allow(key, tokens=100 * TOKENS)
    pay = f"/v1/organizations/{organization}/credits"
    admin.call("POST", pay, json={"amount": 0.05}).raise_for_status()
    caller.deny(key, "balance_exhausted", tokens=1)
    caller.applied(underway, input_tokens=0, output_tokens=0)
    # What was used before the first payment is not paid with it.
    allowed, denial = caller.until_denied(key, "balance_exhausted", 5, tokens=TOKENS)
    assert len(allowed) == 5
    assert (denial.http_status, denial.retry_after_ms, denial.affordable_tokens) == (402, 0, 0)
    assert (denial.limits[0].name, denial.limits[0].level) == ("balance", "organization")
    admin.call("POST", pay, json={"amount": 0.01}).raise_for_status()
    caller.allow(key, tokens=TOKENS)
    caller.deny(key, "balance_exhausted", tokens=1)


def test_after_the_time_that_a_denial_names_the_request_passes(caller, issue):
    key = issue(rate_limits={"per_second": 2, "burst": 1})
    _, denial = caller.until_denied(key, "rate_limited", 100)
    assert 0 < denial.retry_after_ms <= 500
    time.sleep(denial.retry_after_ms / 1000)
    caller.allow(key)


def test_concurrency_is_about_requests_that_are_not_settled(caller, issue):
    key = issue(rate_limits={"concurrent": 2})
    first, second = caller.allow(key), caller.allow(key)
    for ended in (first, second):
        caller.deny(key, "concurrency_limited")
        caller.applied(ended, input_tokens=1)
        caller.allow(key)
    caller.deny(key, "concurrency_limited")


def test_a_dry_run_counts_nothing(caller, admin, issue):
    key = issue(request_limits={"total": 1}, budget_limits={"total": 1})
    for _ in range(5):
        answer = caller.allow(key, tokens=TOKENS, dry_run=True)
        assert answer.reservation_id == ""
        assert answer.reserved_cost_nanos == PRICE.highest(TOKENS)
    assert admin.usage(key).total == Amounts()
    caller.allow(key, tokens=TOKENS)
    caller.deny(key, "request_quota_exceeded", tokens=TOKENS, dry_run=True)
    assert admin.usage(key).total == Amounts(1, TOKENS, PRICE.highest(TOKENS))


def test_an_explanation_names_the_statement_and_the_counters(caller, issue):
    allow = {"effect": "Allow", "actions": ["*"], "resources": ["model:gpt-*"]}
    deny = {"effect": "Deny", "actions": ["*"], "resources": ["region:US"]}
    key = issue(
        policy={"version": "2024-01-01", "statements": [allow, deny]},
        budget_limits={"total": 0.02},
    )
    caller.allow(key, tokens=TOKENS, region="EU")
    left = PRICE.highest(TOKENS)

    def lines(region: str = "EU", **fields) -> list[str]:
        answer = caller.check(key, region=region, explain=True, dry_run=True, **fields)
        return list(answer.explanation)

    assert any("policy.statements[0]" in line and "allowed" in line for line in lines())
    assert any("budget_limits.total" in line and str(left) in line for line in lines())
    assert any(
        "budget_exceeded" in line and "budget_limits.total" in line for line in lines(tokens=5_000)
    )
    assert any(
        "policy.statements[1]" in line and "policy_denied" in line for line in lines(region="US")
    )


def test_a_monitored_key_is_allowed_and_told_what_would_have_stopped_it(caller, admin, issue):
    key = issue(
        enforcement="monitor",
        request_limits={"total": 1},
        denied_models=["o3"],
        ip_allowlist={"enabled": True, "addresses": ["10.0.0.0/8"]},
    )
    here = {"client_ip": "10.1.2.3"}
    assert caller.allow(key, **here).monitored_reason == ""
    assert caller.allow(key, **here).monitored_reason == "request_quota_exceeded"
    assert caller.allow(key, model="o3", **here).monitored_reason == "model_not_allowed"
    assert admin.usage(key).total.requests == 3, "what is allowed is counted"
    caller.deny(key, "ip_not_allowed", client_ip="192.0.2.1")
    admin.patch(key, enforcement="enforce")
    denial = caller.deny(key, "request_quota_exceeded", **here)
    assert denial.limits[0].remaining == -2, "more was used than the limit allows"


def test_a_change_of_a_limit_acts_at_once_and_forgets_nothing(caller, admin, issue):
    key = issue(budget_limits={"total": 0.02}, rate_limits={"per_hour": 100})
    allowed, _ = caller.until_denied(key, "budget_exceeded", 2, tokens=TOKENS)
    admin.patch(key, budget_limits={"total": 0.03})
    caller.allow(key, tokens=TOKENS)
    caller.deny(key, "budget_exceeded", tokens=TOKENS)
    admin.patch(key, budget_limits={"total": None})
    caller.allow(key, tokens=TOKENS)
    admin.patch(key, budget_limits={"monthly": 0.05})
    caller.allow(key, tokens=TOKENS)
    denial = caller.deny(key, "budget_exceeded", tokens=TOKENS)
    assert denial.limits[0].name == "budget_limits.monthly", "what was spent before counts"
    admin.patch(key, budget_limits=None, rate_limits={"per_hour": 5})
    caller.deny(key, "rate_limited", tokens=TOKENS)
    assert admin.usage(key).total.requests == len(allowed) + 3


def test_a_key_that_moves_keeps_what_it_has_used(caller, admin, issue):
    organization = admin.create_group("organizations")
    inside = {"organization_id": organization}
    old, new = (admin.create_group("teams", **inside) for _ in range(2))
    key = issue(**inside, team_id=old, request_limits={"total": 3})
    before = caller.allow(key, tokens=TOKENS)
    admin.patch(key, team_id=new)
    caller.allow(key, tokens=TOKENS)
    # The report goes to the team that was charged.
    cost = caller.applied(before, output_tokens=10)
    assert cost == PRICE.cost(0, 10)
    held = PRICE.highest(TOKENS)
    assert admin.usage(old, "teams").total == Amounts(1, 10, cost)
    assert admin.usage(new, "teams").total == Amounts(1, TOKENS, held)
    assert admin.usage(organization, "organizations").total == Amounts(2, TOKENS + 10, held + cost)
    assert admin.usage(key).total.requests == 2
