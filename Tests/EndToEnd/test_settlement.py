"""What a request really used takes the place of what it held, once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import grpc
import pytest
from support import rpc
from support.caller import PRICE, USD, Caller, question
from support.clock import stay_within_the_hour
from support.native import messages
from support.process import eventually
from support.tollgate import Tollgate
from support.usage import Amounts

TOKENS = 1_000
HELD = PRICE.highest(TOKENS)

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("used", "cost"),
    [
        ({"input_tokens": 300, "output_tokens": 100}, PRICE.cost(300, 100)),
        ({"input_tokens": 300, "output_tokens": 100, "cached_input_tokens": 200},
         PRICE.cost(300, 100, cached=200)),
        ({"input_tokens": 300, "cached_input_tokens": 500}, 500 * PRICE.cached),
        ({"output_tokens": 5_000}, PRICE.cost(0, 5_000)),
        ({"input_tokens": 300, "output_tokens": 100, "status": 500}, PRICE.cost(300, 100)),
        ({"input_tokens": 300, "cancelled": True}, PRICE.cost(300, 0)),
        ({"status": 200}, 0),
        ({"input_tokens": 1_000, "output_tokens": 1_000, "model": "gpt-4o-mini"}, 750_000),
        ({"input_tokens": 300, "output_tokens": 100, "model": "no-such-model"},
         PRICE.cost(300, 100)),
    ],
    ids=str,
)  # fmt: skip
def test_what_was_used_counts_instead_of_what_was_held(caller, admin, issue, used, cost):
    """More than was held as well: it has been spent."""
    stay_within_the_hour()
    key = issue(budget_limits={"total": 1_000_000})
    answer = caller.allow(key, tokens=TOKENS)
    assert answer.reserved_cost_nanos == HELD
    before = admin.usage(key)
    assert (before.total, before.held) == (Amounts(1, TOKENS, HELD), Amounts(1, TOKENS, HELD))
    assert caller.applied(answer, **used) == cost
    after = admin.usage(key)
    tokens = used.get("input_tokens", 0) + used.get("output_tokens", 0)
    assert (after.total, after.held) == (Amounts(1, tokens, cost), Amounts())
    assert after.open_requests == 0
    for window in ("hour", "day", "week", "month"):
        assert after.used[window] == after.total


@pytest.mark.parametrize("used", [{"status": 429}, {"status": 503}, {"cancelled": True}], ids=str)
def test_a_request_that_came_to_nothing_gives_everything_back(caller, admin, issue, used):
    key = issue(budget_limits={"total": HELD / USD}, request_limits={"total": 1})
    answer = caller.allow(key, tokens=TOKENS)
    assert not caller.check(key, tokens=TOKENS).allowed
    assert caller.applied(answer, **used) == 0
    assert admin.usage(key).total == Amounts()
    caller.allow(key, tokens=TOKENS)


def test_what_was_overdrawn_denies_until_there_is_room(caller, admin, issue):
    key = issue(budget_limits={"total": 0.02})
    answer = caller.allow(key, tokens=TOKENS)
    assert caller.applied(answer, output_tokens=5_000) == 5 * HELD
    denial = caller.deny(key, "budget_exceeded", tokens=1)
    assert denial.limits[0].remaining == -3 * HELD
    assert denial.affordable_tokens == 0
    admin.patch(key, budget_limits={"total": 0.06})
    caller.allow(key, tokens=TOKENS)


def test_a_repeated_report_gets_the_answer_of_the_first(caller, admin, issue):
    key = issue()
    answer = caller.allow(key, tokens=TOKENS)
    cost = caller.applied(answer, output_tokens=10)
    repeats = [{"output_tokens": 10}, {"output_tokens": 999}, {"cancelled": True}, {"status": 500}]
    for used in repeats:
        repeat = caller.settle(answer, **used)
        assert (repeat.outcome, repeat.cost_nanos) == ("duplicate", cost)
    assert admin.usage(key).total == Amounts(1, 10, cost)


def test_reports_that_differ_and_come_at_once_count_once(server, admin, issue):
    """Eight connections report each request at the same time, each something else."""
    key = issue()
    stay_within_the_hour()
    rounds, costs = 50, []
    with ExitStack() as stack:
        callers = [Caller(stack.enter_context(rpc.connect(server.rpc))) for _ in range(8)]
        pool = stack.enter_context(ThreadPoolExecutor(len(callers)))

        def report(caller: Caller, reservation: str, tokens: int) -> messages.SettleResponse:
            def ask() -> messages.SettleResponse | None:
                try:
                    return caller.settle(reservation, output_tokens=tokens)
                except grpc.RpcError as error:
                    # Who comes while the first is not yet recorded is asked to come again.
                    assert error.code() == grpc.StatusCode.UNAVAILABLE, error
                    return None

            return eventually(ask, "the report is answered")

        for _ in range(rounds):
            reservation = callers[0].allow(key, tokens=TOKENS).reservation_id
            used = random.sample(range(1, TOKENS), len(callers))
            answers = list(pool.map(report, callers, [reservation] * len(callers), used))
            outcomes = sorted(answer.outcome for answer in answers)
            assert outcomes == ["applied"] + ["duplicate"] * (len(callers) - 1)
            [first] = (n for n, answer in enumerate(answers) if answer.outcome == "applied")
            assert {answer.cost_nanos for answer in answers} == {PRICE.cost(0, used[first])}
            costs.append(answers[first].cost_nanos)
    assert admin.usage(key).total == Amounts(rounds, sum(costs) // PRICE.output, sum(costs))


def test_a_report_about_nothing_that_was_is_refused(caller, admin, issue):
    key = issue()
    real = caller.allow(key, tokens=TOKENS).reservation_id
    body = real.removeprefix("rs_")
    forged = ["rs_" + "0" * 25 + "1", "rs_" + "7" + "z" * 25, "rs_" + body[:-1] + flip(body[-1])]
    for id in forged:
        assert caller.refusal(id, output_tokens=1) == NOT_FOUND
    nothing = ["", "rs_", "x", real[:-1], real + "0", body, real.replace("rs_", "key_"), key.id]
    nothing += ["rs_" + "0" * 26, "rs_8" + body[1:], real + " ", "rs_" + "ä" * 13, "rs_" * 10_000]
    for id in nothing:
        assert caller.refusal(id, output_tokens=1) in (INVALID, NOT_FOUND)
    assert admin.usage(key).total == Amounts(1, TOKENS, HELD), "no hold was touched"
    caller.applied(caller.allow(key), output_tokens=1)


def flip(digit: str) -> str:
    """Another digit of the same alphabet."""
    return "0" if digit != "0" else "1"


def test_a_reservation_of_another_server_is_unknown(caller, issue, tollgate):
    other = tollgate().start()
    with rpc.connect(other.rpc) as channel:
        foreign = Caller(channel).allow(other.admin.create()).reservation_id
    assert caller.refusal(foreign, output_tokens=1) == NOT_FOUND


@pytest.mark.parametrize(
    "used",
    [
        {"input_tokens": 2**64 - 1},
        {"output_tokens": 2**63},
        {"input_tokens": 2**63, "output_tokens": 2**63},
        {"cached_input_tokens": 2**64 - 1},
        {"status": 2**32 - 1},
        {"status": 99},
        {"model": "m\x00"},
        {"model": "m" * 10_000},
        {"region": "r" * 10_000},
    ],
    ids=lambda used: str(used)[:40],
)
def test_a_report_that_cannot_be_is_refused_and_the_hold_stays(caller, admin, issue, used):
    key = issue()
    answer = caller.allow(key, tokens=TOKENS)
    assert caller.refusal(answer.reservation_id, **used) == INVALID
    assert admin.usage(key).held == Amounts(1, TOKENS, HELD)
    assert caller.applied(answer, output_tokens=1) == PRICE.output


def test_the_largest_report_ends_in_a_bound_and_not_in_a_crash(caller, admin, issue):
    key = issue(budget_limits={"total": 1_000_000})
    dear = {"id": "dear", "provider": "house", "input_price": 1_000_000, "output_price": 1_000_000}
    admin.call("PUT", "/v1/models", json={"models": [dear]}).raise_for_status()
    answers = [caller.allow(key, model="dear", tokens=1) for _ in range(3)]
    most = {"input_tokens": 2**40, "output_tokens": 2**40}
    # Two million million dollars are more than an amount can say.
    assert [caller.applied(answer, **most) for answer in answers] == [2**63 - 1] * 3
    denial = caller.deny(key, "budget_exceeded", tokens=1)
    assert denial.limits[0].remaining < 0
    assert admin.usage(key).total.requests == 3


def test_streamed_checks_are_answered_in_order_and_count_as_others_do(caller, admin, issue):
    key = issue(request_limits={"total": 300})
    other = issue(denied_models=["gpt-4o"])
    requests = [question(other if n % 5 == 4 else key, tokens=n) for n in range(500)]
    answers = caller.stream(requests)
    assert len(answers) == len(requests)
    for n, answer in enumerate(answers):
        assert answer.key_id == (other if n % 5 == 4 else key).id
    mine = [answer for n, answer in enumerate(answers) if n % 5 != 4]
    assert [answer.allowed for answer in mine] == [True] * 300 + [False] * 100
    assert admin.usage(key).total.requests == 300
    for n, answer in enumerate(answers):
        if answer.allowed:
            assert answer.reserved_cost_nanos == PRICE.highest(n)
            caller.applied(answer, cancelled=True)
    assert admin.usage(key).total == Amounts()


def test_a_stream_ends_at_what_cannot_be_behind_the_answers_before(caller, issue):
    key = issue()
    call = caller.stub.CheckStream(
        iter([question(key), question(key), question(key, model="m\x00"), question(key)]),
        timeout=rpc.TIMEOUT,
    )
    answers = []
    with pytest.raises(grpc.RpcError) as caught:
        answers += call
    assert caught.value.code() == INVALID
    # Those before it were answered, whether or not the client's library still hands them out.
    assert all(answer.allowed for answer in answers)


def test_a_call_that_is_given_up_after_its_answer_left_keeps_its_hold(server, admin, caller, issue):
    """Whoever gives up does not know whether it was allowed: what may have been is held."""
    key = issue()
    for _ in range(20):
        call = caller.stub.Check.future(question(key, tokens=1), timeout=rpc.TIMEOUT)
        call.cancel()
    caller.allow(key, tokens=1)
    usage = admin.usage(key)
    assert 1 <= usage.open_requests <= len(admin.logs(key_id=key.id)) <= 21
    count = usage.open_requests
    assert usage.total == usage.held == Amounts(count, count, count * PRICE.output)


POLICIES = {
    "charge": Amounts(1, TOKENS, PRICE.highest(TOKENS, 400)),
    "charge_input": Amounts(1, 400, PRICE.cost(400, 0)),
    "release": Amounts(),
}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A server that waits a second for reports."""
    server = Tollgate(tmp_path_factory.mktemp("hasty"), "--hold-seconds", "1").start()
    yield server
    server.kill()


@pytest.mark.parametrize("policy", POLICIES)
def test_what_nobody_reports_ends_by_the_policy_of_its_key(hasty, policy):
    admin = hasty.admin
    key = admin.create(unsettled=policy, rate_limits={"concurrent": 1})
    default = admin.create()
    assert admin.get(default)["unsettled"] == "charge"
    with rpc.connect(hasty.rpc) as channel:
        caller = Caller(channel)
        answer = caller.allow(key, tokens=TOKENS, input_tokens=400)
        assert admin.usage(key).total == Amounts(1, TOKENS, PRICE.highest(TOKENS, 400))
        assert admin.settled(key) == POLICIES[policy]
        assert admin.usage(key).held == Amounts()
        caller.applied(caller.allow(key), cancelled=True)
        # Late, what was used counts all the same, instead of what the policy left; and only once.
        cost = PRICE.cost(400, 50)
        for outcome in ("late", "duplicate", "duplicate"):
            report = caller.settle(answer, input_tokens=400, output_tokens=50)
            assert (report.outcome, report.cost_nanos) == (outcome, cost)
        assert admin.usage(key).total == Amounts(1, 450, cost)


def test_a_late_report_is_taken_after_a_restart(hasty):
    key = hasty.admin.create()
    with rpc.connect(hasty.rpc) as channel:
        answers = [Caller(channel).allow(key, tokens=TOKENS) for _ in range(2)]
    hasty.admin.settled(key)
    hasty.restart()
    with rpc.connect(hasty.rpc) as channel:
        caller = Caller(channel)
        assert caller.settle(answers[0], output_tokens=1).outcome == "late"
        hasty.restart()
        assert eventually(lambda: outcome_of(caller, answers[0]), "an answer") == "duplicate"
        assert caller.settle(answers[1], cancelled=True).outcome == "late"
    assert hasty.admin.usage(key).total == Amounts(1, 1, PRICE.output)


def outcome_of(caller: Caller, answer: messages.CheckResponse) -> str | None:
    """The outcome of a report; None while the server cannot be reached."""
    try:
        return caller.settle(answer, output_tokens=7).outcome
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        return None
