"""A limit that affords exactly so many requests lets exactly so many through, however they come."""

from __future__ import annotations

import random
import time
from collections import Counter
from itertools import cycle, islice

import pytest
from support.caller import PRICE, USD, question
from support.clock import stay_within_the_hour
from support.native import messages
from support.swarm import swarm
from support.usage import Amounts

#: 64 connections with 32 calls each ask so often, and a limit affords so many.
ASKED, AFFORDED = 20_000, 1_000
#: Of one request, which then costs 0.01 USD at most.
TOKENS = 1_000

#: The fields of a key, the reason of its denials, and the limit that they name.
LIMITS = {
    "budget": ({"budget_limits": {"total": 10}}, "budget_exceeded", "budget_limits.total"),
    "daily budget": ({"budget_limits": {"daily": 10}}, "budget_exceeded", "budget_limits.daily"),
    "requests a minute": (
        {"rate_limits": {"per_minute": AFFORDED, "burst": AFFORDED, "strict": True}},
        "rate_limited",
        "rate_limits.per_minute",
    ),
    "requests an hour": (
        {"rate_limits": {"per_hour": AFFORDED}}, "rate_limited", "rate_limits.per_hour",
    ),
    "token quota": (
        {"token_limits": {"total": AFFORDED * TOKENS}}, "token_quota_exceeded",
        "token_limits.total",
    ),
    "request quota": (
        {"request_limits": {"total": AFFORDED}}, "request_quota_exceeded", "request_limits.total",
    ),
    "concurrency": (
        {"rate_limits": {"concurrent": AFFORDED}}, "concurrency_limited", "rate_limits.concurrent",
    ),
}  # fmt: skip

#: What the requests that a limit affords add up to.
SPENT = Amounts(AFFORDED, AFFORDED * TOKENS, AFFORDED * PRICE.highest(TOKENS))


def ask(server, keys) -> list[messages.CheckResponse]:
    """Asks with each key in turn."""
    questions = (question(key, tokens=TOKENS) for key in islice(cycle(keys), ASKED))
    answers = swarm(server.rpc, questions)
    assert len(answers) == ASKED
    return answers


def assert_afforded(answers, reason: str, limit: str, level: str, more: int = 0) -> None:
    """Exactly the afforded ones passed, and each other one was told why not."""
    allowed = [answer for answer in answers if answer.allowed]
    assert AFFORDED <= len(allowed) <= AFFORDED + more
    assert len({answer.reservation_id for answer in allowed}) == len(allowed)
    denied = [answer for answer in answers if not answer.allowed]
    assert {answer.reason for answer in denied} == {reason}
    named = {(answer.limits[0].name, answer.limits[0].level) for answer in denied}
    assert named == {(limit, level)}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_of_a_key_affords_exactly_what_it_says(server, admin, issue, name):
    fields, reason, limit = LIMITS[name]
    key = issue(**fields)
    stay_within_the_hour(60)
    start = time.monotonic()
    answers = ask(server, [key])
    # A minute's allowance is there again after a minute, should this have taken so long.
    refills = int((time.monotonic() - start) / 60) if name == "requests a minute" else 0
    assert_afforded(answers, reason, limit, "key", more=refills)
    if not refills:
        usage = admin.usage(key)
        assert (usage.total, usage.held, usage.open_requests) == (SPENT, SPENT, AFFORDED)


def test_fifty_keys_of_an_organization_share_what_it_affords(server, admin, issue):
    organization = admin.create_group("organizations", budget_limits={"total": 10})
    keys = [issue(organization_id=organization) for _ in range(50)]
    answers = ask(server, keys)
    assert_afforded(answers, "budget_exceeded", "budget_limits.total", "organization")
    assert admin.usage(organization, "organizations").total == SPENT
    count = Counter(answer.key_id for answer in answers if answer.allowed)
    usages = [admin.usage(key).total for key in keys]
    assert [usage.requests for usage in usages] == [count[key.id] for key in keys]
    assert sum(usages, Amounts()) == SPENT


def test_a_request_counts_at_every_level_or_at_none(server, admin, issue):
    """Four levels, each limited otherwise; what one denies leaves the others as they are."""
    organization = admin.create_group("organizations", rate_limits={"concurrent": AFFORDED + 50})
    inside = {"organization_id": organization}
    team = admin.create_group("teams", **inside, budget_limits={"total": 10.10})
    user = admin.create_group("users", **inside, request_limits={"total": AFFORDED})
    quota = {"token_limits": {"total": (AFFORDED + 1) * TOKENS}}
    key = issue(**inside, team_id=team, user_id=user, **quota)
    answers = ask(server, [key])
    assert_afforded(answers, "request_quota_exceeded", "request_limits.total", "user")
    levels = [(key, "keys"), (user, "users"), (team, "teams"), (organization, "organizations")]
    for subject, kind in levels:
        usage = admin.usage(subject, kind)
        assert (usage.total, usage.held, usage.open_requests) == (SPENT, SPENT, AFFORDED)


def test_what_settling_gives_back_is_spent_once(server, admin, issue, caller):
    """While some ask, others report what they used; to the last nano-USD the budget is kept."""
    budget = 2 * USD
    key = issue(budget_limits={"total": budget / USD})
    numbers = random.Random(3)
    costs: list[int] = []

    async def step(stub, request: messages.CheckRequest) -> None:
        answer = await stub.Check(request)
        if not answer.allowed:
            assert answer.reason == "budget_exceeded", answer
            return
        used = numbers.randrange(TOKENS + 1)
        report = messages.SettleRequest(
            reservation_id=answer.reservation_id, input_tokens=used // 2,
            output_tokens=used - used // 2,
        )  # fmt: skip
        outcome = await stub.Settle(report)
        assert outcome.outcome == "applied"
        assert outcome.cost_nanos == PRICE.cost(used // 2, used - used // 2)
        costs.append(outcome.cost_nanos)

    swarm(server.rpc, (question(key, tokens=TOKENS) for _ in range(ASKED // 4)), step=step)
    usage = admin.usage(key)
    assert usage.open_requests == 0 and usage.held == Amounts()
    assert (usage.total.requests, usage.total.cost) == (len(costs), sum(costs))
    assert sum(costs) <= budget
    # What the last reports gave back can be spent, and no more.
    allowed, denied = caller.until_denied(key, "budget_exceeded", 200, tokens=TOKENS)
    left = budget - sum(costs) - len(allowed) * PRICE.highest(TOKENS)
    assert 0 <= left < PRICE.highest(TOKENS)
    assert denied.affordable_tokens == left // PRICE.output
