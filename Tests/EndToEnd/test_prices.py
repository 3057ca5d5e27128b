"""What models cost, and what is done with those of which nobody knows."""

from __future__ import annotations

import json

import pytest
from support import rpc
from support.caller import USD, Caller
from support.usage import Amounts

TOKENS = 1_000

HOUSE = {"id": "house-model", "provider": "house", "input_price": 1, "output_price": 2}


def put(admin, **model) -> None:
    admin.expect(200, "PUT", "/v1/models", json={"models": [HOUSE | model]})


def test_a_model_without_a_price_is_no_way_around_a_budget(caller, admin, issue):
    limited, free = issue(budget_limits={"total": 1}), issue(token_limits={"total": 10_000})
    caller.deny(limited, "pricing_not_allowed", model="no-such-model", tokens=TOKENS)
    caller.allow(free, model="no-such-model", tokens=TOKENS)
    assert admin.usage(free).total == Amounts(1, TOKENS, 0)
    caller.deny(free, "token_quota_exceeded", model="no-such-model", tokens=10_000)


@pytest.mark.parametrize(
    ("flags", "outcome", "cost"),
    [
        (["deny"], "pricing_not_allowed", 0),
        (["allow_free"], "", 0),
        (["default_price", "--default-input-price", "3", "--default-output-price", "8"], "", 8_000),
    ],
    ids=lambda value: str(value),
)
def test_models_without_a_price_are_what_the_operator_says(tollgate, flags, outcome, cost):
    server = tollgate("--unpriced", *flags).start()
    admin = server.admin
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        for fields in ({}, {"budget_limits": {"total": 1}}):
            key = admin.create(**fields)
            answer = caller.check(key, model="no-such-model", tokens=TOKENS)
            assert (answer.reason, answer.reserved_cost_nanos) == (outcome, cost * TOKENS)
            assert caller.allow(key, tokens=TOKENS).reserved_cost_nanos == 10_000 * TOKENS


def test_a_new_price_counts_from_the_next_decision_on(caller, admin, issue):
    key = issue(budget_limits={"total": 1})
    put(admin)
    cheap = caller.allow(key, model="house-model", tokens=TOKENS)
    assert cheap.reserved_cost_nanos == 2_000 * TOKENS
    put(admin, output_price=500)
    denial = caller.deny(key, "budget_exceeded", model="house-model", tokens=2 * TOKENS)
    assert denial.affordable_tokens == (USD - 2_000 * TOKENS) // 500_000
    # What it cost when it was asked for is what a request is charged with.
    assert caller.applied(cheap, output_tokens=TOKENS) == 2_000 * TOKENS


def test_the_model_that_was_billed_is_the_one_that_costs(caller, admin, issue):
    put(admin, id="asked", output_price=100)
    put(admin, id="billed", aliases=["billed-2024-05-13"], cached_input_price=0.5)
    key = issue(budget_limits={"total": 1})
    used = {"input_tokens": 800, "cached_input_tokens": 300, "output_tokens": 200}
    for model, cost in [("billed-2024-05-13", 500 * 1_000 + 300 * 500 + 200 * 2_000),
                        ("asked", 800 * 1_000 + 200 * 100_000), ("", 800 * 1_000 + 200 * 100_000)]:
        answer = caller.allow(key, model="asked", tokens=TOKENS)
        assert caller.applied(answer, model=model, **used) == cost


@pytest.mark.parametrize(
    ("price", "tokens", "cost"), [(0.0001, 1, 1), (0.0001, 19, 2), (0.000_001, 1_001, 2), (0, 5, 0)]
)
def test_parts_of_a_billionth_are_rounded_up_once(caller, admin, issue, price, tokens, cost):
    put(admin, id="tiny", input_price=price, output_price=price)
    answer = caller.allow(issue(), model="tiny", tokens=tokens)
    assert answer.reserved_cost_nanos == cost
    used = {"input_tokens": tokens // 2, "output_tokens": tokens - tokens // 2}
    assert caller.applied(answer, **used) == cost


def test_a_file_of_models_is_instead_of_the_built_in_ones(tollgate, tmp_path):
    file = tmp_path / "models.json"
    file.write_text(json.dumps({"models": [HOUSE]}))
    server = tollgate("--models", file).start()
    key = server.admin.create(budget_limits={"total": 1})
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        allowed = caller.allow(key, model="house-model", tokens=TOKENS)
        assert allowed.reserved_cost_nanos == 2_000 * TOKENS
        caller.deny(key, "pricing_not_allowed", model="gpt-4o", tokens=TOKENS)
        put(server.admin, id="gpt-4o")
        assert caller.allow(key, tokens=TOKENS).reserved_cost_nanos == 2_000 * TOKENS
        server.admin.expect(200, "DELETE", "/v1/models/gpt-4o")
        caller.deny(key, "pricing_not_allowed", model="gpt-4o", tokens=TOKENS)
