"""Limits that cannot be and numbers without measure: clear errors, nothing counted, no crash."""

from __future__ import annotations

import json

import pytest
from support.admin import Admin
from support.caller import PRICE
from support.usage import Amounts
from test_keys_api import assert_error

#: Whole numbers that no limit can have.
_NOT_COUNTS = [-1, 1.5, 2**62 + 1, 2**63, 2**64, 10**400, "5", True, [], {}, 1e300]
#: And those that no rate can have.
_NOT_RATES = [0, -1, 0.5, 2**53 + 1, 2**63, 2**64 - 1, "60", False, [60]]
#: Amounts of money that no budget can have.
_NOT_MONEY = [-1, -0.01, 4_611_686_019, 10**300, 1e300, "100", True, 0.000_000_000_1, [], {}]

VALUES = (
    [(f"rate_limits.{name}", value)
     for name in ("per_second", "per_minute", "tokens_per_minute") for value in _NOT_RATES]
    + [(f"rate_limits.{name}", value)
       for name in ("per_hour", "per_day", "concurrent") for value in [0, *_NOT_COUNTS]]
    + [(f"token_limits.{name}", value)
       for name in ("daily", "monthly", "total", "per_request_max") for value in _NOT_COUNTS]
    + [("request_limits.total", value) for value in _NOT_COUNTS]
    + [(f"budget_limits.{name}", value)
       for name in ("daily", "weekly", "monthly", "total") for value in _NOT_MONEY]
    + [("budget_limits.timezone", value)
       for value in ("Mars/Phobos", "", "UTC+1", "../../etc/passwd", "utc\u0000", 1, "x" * 9999)]
    + [("budget_limits.currency", value) for value in ("EUR", "usd ", "", 1)]
    + [("rate_limits.strict", value) for value in (1, "yes", [])]
    + [(name, 1) for name in ("rate_limits.per_week", "budget_limits.yearly", "token_limits.weekly",
                              "request_limits.daily", "budget_limits.Daily")]
)  # fmt: skip


@pytest.mark.parametrize(("field", "value"), VALUES, ids=lambda value: str(value)[:30])
def test_a_limit_that_cannot_be_is_refused_by_the_name_of_its_field(admin, field, value):
    block, name = field.split(".")
    for path in ("/v1/keys", "/v1/organizations"):
        answer = admin.call("POST", path, json={"name": "n", block: {name: value}})
        assert answer.status_code in (400, 422), answer.text
        assert_error(answer, answer.status_code, field)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rate_limits": {"burst": 5}}, "rate_limits.burst"),
        ({"rate_limits": {"per_minute": 5, "burst": 0}}, "rate_limits.burst"),
        ({"rate_limits": {"per_minute": 5, "burst": 2**53 + 1}}, "rate_limits.burst"),
        ({"rate_limits": {"per_minute": 5, "burst": 6, "strict": True}}, "rate_limits.burst"),
        ({"rate_limits": []}, "rate_limits"),
        ({"budget_limits": 100}, "budget_limits"),
        ({"enforcement": "off"}, "enforcement"),
        ({"unsettled": "keep"}, "unsettled"),
        ({"pricing": {"tier": "cheap"}}, "pricing.tier"),
        ({"pricing": {"max_input_price": -1}}, "pricing.max_input_price"),
        ({"iam_rules": [{"type": "allow_everything"}]}, "iam_rules[0].type"),
        ({"iam_rules": [{"type": "allow_models"}]}, "iam_rules[0].models"),
        ({"organization_id": "org_that_is_not"}, "organization_id"),
        ({"team_id": "team_that_is_not"}, "team_id"),
        ({"user_id": "../x"}, "user_id"),
    ],
    ids=str,
)
def test_limits_that_contradict_themselves_are_refused(admin, fields, field):
    answer = admin.call("POST", "/v1/keys", json={"name": "n", **fields})
    assert answer.status_code in (400, 404, 422), answer.text
    assert_error(answer, answer.status_code, field)


_hours = {"start": "09:00", "end": "17:00", "timezone": "UTC"}
_statement = {"effect": "Allow", "actions": ["*"], "resources": ["*"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"effect": "Maybe"}, "effect"),
        ({"effect": None}, "effect"),
        ({"actions": []}, "actions"),
        ({"actions": "*"}, "actions"),
        ({"resources": ["planet:mars"]}, "resources[0]"),
        ({"resources": [""]}, "resources[0]"),
        ({"principal": "*"}, "principal"),
        ({"condition": {"moon_phase": "full"}}, "condition.moon_phase"),
        ({"condition": {"yearly_budget_under": 5}}, "condition.yearly_budget_under"),
        ({"condition": {"monthly_budget_under": -1}}, "condition.monthly_budget_under"),
        ({"condition": {"monthly_budget_under": "5"}}, "condition.monthly_budget_under"),
        ({"condition": {"tokens_under": 1.5}}, "condition.tokens_under"),
        ({"condition": {"tokens_under": 2**64}}, "condition.tokens_under"),
        ({"condition": {"ip_in": ["300.0.0.1"]}}, "condition.ip_in[0]"),
        ({"condition": {"time_between": _hours | {"start": "25:00"}}},
         "condition.time_between.start"),
        ({"condition": {"time_between": _hours | {"timezone": "Nowhere"}}},
         "condition.time_between.timezone"),
        ({"condition": {"time_between": {"start": "09:00", "end": "17:00"}}},
         "condition.time_between.timezone"),
        ({"condition": {"time_between": _hours | {"days": ["caturday"]}}},
         "condition.time_between.days"),
        ({"condition": {"date_between": {"start": "2024-02-30", "end": "2024-03-01"}}},
         "condition.date_between.start"),
    ],
    ids=lambda value: json.dumps(value)[:70],
)  # fmt: skip
def test_a_policy_that_nobody_could_keep_is_refused(admin, change, field):
    policy = {"version": "2024-01-01", "statements": [_statement | change]}
    answer = admin.call("POST", "/v1/keys", json={"name": "n", "policy": policy})
    assert answer.status_code in (400, 422), answer.text
    error = assert_error(answer, answer.status_code)
    assert error["field"].startswith(f"policy.statements[0].{field}")


@pytest.mark.parametrize(
    "fields",
    [
        {"token_limits": {"total": 2**62, "daily": 1, "monthly": 0, "per_request_max": 2**40}},
        {"request_limits": {"total": 2**62}},
        {"rate_limits": {"per_second": 2**53, "per_minute": 1, "burst": 1, "strict": True}},
        {"rate_limits": {"per_hour": 2**62, "concurrent": 2**62, "tokens_per_minute": 2**53}},
        {"budget_limits": {"daily": 0, "weekly": 0.000_000_001, "monthly": 4_611_686_018.427}},
        {"budget_limits": {"total": 123456789.123456789, "timezone": "Pacific/Apia"}},
    ],
    ids=str,
)
def test_the_ends_of_what_can_be_are_kept_exactly(admin, caller, issue, fields):
    key = issue(**fields)
    found = admin.get(key)
    for block, values in fields.items():
        assert {name: found[block][name] for name in values} == values
    caller.check(key, tokens=1)


def test_a_refused_change_changes_nothing(admin, caller, issue):
    key = issue(budget_limits={"total": 0.01}, rate_limits={"per_hour": 5})
    before = admin.get(key)
    change = {"budget_limits": {"total": 5}, "rate_limits": {"per_hour": -5}}
    answer = admin.call("PATCH", f"/v1/keys/{key.id}", json=change)
    assert answer.status_code in (400, 422)
    assert admin.get(key) == before
    caller.deny(key, "budget_exceeded", tokens=1_001)


@pytest.mark.parametrize("amount", [0, -5, 0.000_000_000_1, 1e300, "5", None, True])
def test_credits_that_cannot_be_are_refused(admin, amount):
    organization = admin.create_group("organizations")
    path = f"/v1/organizations/{organization}/credits"
    answer = admin.call("POST", path, json={"amount": amount})
    assert answer.status_code in (400, 422)
    assert_error(answer, answer.status_code, "amount")


@pytest.mark.parametrize("tokens", [2**40 + 1, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("input", [0, 1, 2**63, 2**64 - 1])
def test_more_tokens_than_there_are_pass_no_limit(caller, admin, issue, tokens, input):
    key = issue(budget_limits={"total": 1}, token_limits={"total": 2**62})
    denial = caller.deny(key, "request_too_large", tokens=tokens, input_tokens=input)
    assert denial.http_status == 403
    assert denial.retry_after_ms == 0
    assert admin.usage(key).total == Amounts()


def test_no_tokens_pass_where_money_is_left_and_cost_nothing(caller, admin, issue):
    key = issue(budget_limits={"total": 0.000_01}, token_limits={"total": 1})
    for _ in range(3):
        assert caller.allow(key, tokens=0).reserved_cost_nanos == 0
    assert caller.allow(key, tokens=1).reserved_cost_nanos == PRICE.output
    caller.allow(key, tokens=0)
    assert admin.usage(key).total == Amounts(5, 1, PRICE.output)


def test_a_price_times_tokens_that_no_amount_can_say_is_denied(caller, admin, issue):
    dear = {"id": "dearest", "provider": "house", "input_price": 1e6, "output_price": 1e6}
    admin.call("PUT", "/v1/models", json={"models": [dear]}).raise_for_status()
    for fields in ({"budget_limits": {"total": 4_611_686_018}}, {}):
        key = issue(**fields)
        denial = caller.check(key, model="dearest", tokens=2**40)
        assert denial.reason in ("request_too_large", "budget_exceeded")
        assert admin.usage(key).total == Amounts()
        caller.allow(key, model="dearest", tokens=4_611_686_018)
    # What the last one holds is the whole of the other's budget: sums stop, they do not wrap.
    for _ in range(3):
        caller.check(key, model="dearest", tokens=4_611_686_018)
    assert admin.usage(key).total.cost <= 2**63 - 1


@pytest.mark.parametrize(
    "model",
    [
        {"input_price": -1, "output_price": 1},
        {"input_price": 1},
        {"input_price": 2e6, "output_price": 2e6},
        {"input_price": "1", "output_price": "2"},
        {"input_price": 1, "output_price": 2, "max_output_tokens": -1},
        {"input_price": 1, "output_price": 2, "no_such_field": 1},
        {"id": ""},
        {"id": "m\u0000"},
        {"aliases": [""]},
    ],
    ids=str,
)
def test_a_model_that_cannot_be_is_refused(admin, model):
    body = {"models": [{"id": "bad", "provider": "house", **model}]}
    answer = admin.call("PUT", "/v1/models", json=body)
    assert answer.status_code in (400, 422), answer.text
    assert_error(answer, answer.status_code)
    assert "bad" not in {each["id"] for each in admin.listing("/v1/models", "models")}


def test_usage_is_for_those_who_may_see_it(server, admin, issue):
    key, organization = issue(), admin.create_group("organizations")
    paths = [f"/v1/keys/{key.id}/usage", f"/v1/organizations/{organization}/usage"]
    stranger, plain = Admin(server.admin.url, None), Admin(server.admin.url, issue().secret)
    for path in paths:
        assert_error(stranger.call("GET", path), 401)
        assert_error(plain.call("GET", path), 403)
    assert_error(admin.call("GET", "/v1/keys/key_" + "0" * 26 + "/usage"), 404)
    assert_error(admin.call("GET", "/v1/organizations/org_nobody/usage"), 404)
