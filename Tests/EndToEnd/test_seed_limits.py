"""The examples by which products document their limits and policies: same input, as promised.

`Cases/product-pages.json` has one entry for each: what is created (`organization`, `team`,
`user`, `key`), and steps in order. A step asks (`ask`, some `times`) and names the `answer`, or
asks `until` a denial and how often that may pass `at_most`; or it changes the key (`change`) or
pays (`pay`).
"""

from __future__ import annotations

import datetime
import json
import zoneinfo
from pathlib import Path

import pytest
from support.clock import stay_within_the_hour

CASES = json.loads((Path(__file__).parent / "Cases/product-pages.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_documented_example_does_what_its_text_promises(caller, admin, issue, case):
    stay_within_the_hour()
    place = groups(admin, case)
    key = issue(**place, **case["key"])
    for number, step in enumerate(case["steps"]):
        where = f"step {number}: {json.dumps(step)}"
        if "change" in step:
            admin.patch(key, **step["change"])
        elif "pay" in step:
            pay(admin, place["organization_id"], step["pay"])
        elif "until" in step:
            _, denial = caller.until_denied(key, step["until"], step["at_most"], **step["ask"])
            assert_denied(denial, step, where)
        else:
            for _ in range(step.get("times", 1)):
                expected = expectation(step)
                answer = caller.check(key, **step["ask"])
                assert (answer.reason or "allowed") in expected, where
                if not answer.allowed:
                    assert_denied(answer, step, where)


def groups(admin, case) -> dict[str, str]:
    """Creates what the key belongs to."""
    place: dict[str, str] = {}
    if (fields := case.get("organization")) is not None:
        fields = dict(fields)
        credits = fields.pop("credits", None)
        place["organization_id"] = admin.create_group("organizations", **fields)
        if credits is not None:
            pay(admin, place["organization_id"], credits)
    for kind in ("team", "user"):
        if kind in case:
            inside = {name: id for name, id in place.items() if name != f"{kind}_id"}
            place[f"{kind}_id"] = admin.create_group(f"{kind}s", **inside, **case[kind])
    return place


def pay(admin, organization: str, amount: float) -> None:
    path = f"/v1/organizations/{organization}/credits"
    admin.call("POST", path, json={"amount": amount}).raise_for_status()


def expectation(step) -> set[str]:
    """What may be answered now; two things in the minute in which a time of day begins or ends."""
    if "between" not in step:
        return {step["answer"]}
    start, end, zone = step["between"]
    now = datetime.datetime.now(zoneinfo.ZoneInfo(zone))
    minute = datetime.timedelta(minutes=1)
    return {
        step["answer" if start <= time.strftime("%H:%M") < end else "otherwise"]
        for time in (now, now + minute)
    }


def assert_denied(answer, step, where: str) -> None:
    assert answer.message.endswith("."), where
    if "limit" in step:
        assert answer.limits[0].name == step["limit"], where
    if "level" in step:
        assert answer.limits[0].level == step["level"], where
    if "affordable" in step:
        assert answer.affordable_tokens == step["affordable"], where
    if "retry_within_ms" in step:
        assert 0 < answer.retry_after_ms <= step["retry_within_ms"], where
