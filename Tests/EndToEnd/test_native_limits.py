"""Limits as a gateway of one's own sees them: single checks and streams of them."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import grpc
import pytest
from support import rpc
from support.native import messages, services


@pytest.fixture
def check(channel):
    """One check: its fields in, the answer out."""
    stub = services.AuthorizationStub(channel)
    return lambda **fields: stub.Check(messages.CheckRequest(**fields), timeout=rpc.TIMEOUT)


@pytest.fixture
def stream(channel):
    """Many checks on one stream: their requests in, the answers out."""
    stub = services.AuthorizationStub(channel)
    return lambda requests: stub.CheckStream(iter(requests), timeout=rpc.TIMEOUT)


def limit_of(answer, name: str, level: str = "key"):
    return next(each for each in answer.limits if (each.name, each.level) == (name, level))


def test_a_rate_says_when_to_come_back(check, issue):
    key = issue(rate_limits={"per_minute": 2})
    assert [check(key=key.secret).allowed for _ in range(2)] == [True, True]
    answer = check(key=key.secret)
    assert (answer.reason, answer.http_status) == ("rate_limited", 429)
    assert 0 < answer.retry_after_ms <= 30_000
    assert "2 requests a minute" in answer.message
    assert answer.limits[0].name == "rate_limits.per_minute"
    assert (answer.limits[0].limit, answer.limits[0].remaining) == (2, 0)


def test_an_allow_says_what_is_left_and_what_is_held(check, issue):
    key = issue(
        rate_limits={"per_hour": 10, "concurrent": 5}, budget_limits={"total": 1, "monthly": 2}
    )
    answer = check(key=key.secret, model="gpt-4o", tokens=1000, input_tokens=400)
    assert answer.allowed
    assert answer.reserved_cost_nanos == 7_000_000
    assert limit_of(answer, "rate_limits.per_hour").remaining == 9
    assert limit_of(answer, "rate_limits.concurrent").remaining == 4
    assert limit_of(answer, "budget_limits.total").remaining == 993_000_000
    assert limit_of(answer, "budget_limits.monthly").reset_ms > 0
    shares = [each.remaining / each.limit for each in answer.limits]
    assert shares == sorted(shares), "the tightest comes first"


def test_what_is_said_to_be_affordable_is(check, issue):
    key = issue(budget_limits={"daily": 0.02}, token_limits={"daily": 100_000})
    fields = {"key": key.secret, "model": "gpt-4o", "input_tokens": 300}
    assert check(**fields, tokens=1000).allowed
    denied = check(**fields, tokens=100_000)
    assert (denied.reason, denied.http_status) == ("budget_exceeded", 402)
    assert denied.affordable_tokens > 300
    assert not check(**fields, tokens=denied.affordable_tokens + 1, dry_run=True).allowed
    assert check(**fields, tokens=denied.affordable_tokens).allowed


def test_a_request_that_can_never_pass_is_told_that_waiting_does_not_help(check, issue):
    key = issue(token_limits={"per_request_max": 100})
    answer = check(key=key.secret, tokens=101)
    assert (answer.reason, answer.http_status) == ("request_too_large", 403)
    assert (answer.retry_after_ms, answer.affordable_tokens) == (0, 100)
    assert "waiting does not help" in answer.message


def test_a_limit_of_the_organization_is_named_as_such(check, admin, issue):
    organization = admin.expect(
        201, "POST", "/v1/organizations", json={"name": "acme", "budget_limits": {"monthly": 0.01}}
    )
    keys = [issue(organization_id=organization["id"]) for _ in range(2)]
    assert check(key=keys[0].secret, model="gpt-4o", tokens=1000).allowed
    answer = check(key=keys[1].secret, model="gpt-4o", tokens=1)
    assert answer.reason == "budget_exceeded"
    assert (answer.limits[0].name, answer.limits[0].level) == (
        "budget_limits.monthly", "organization",
    )  # fmt: skip
    assert "monthly budget of the organization" in answer.message


def test_a_key_that_is_only_watched_passes_and_says_why_it_would_not(check, issue):
    key = issue(rate_limits={"per_minute": 1}, enforcement="monitor")
    assert check(key=key.secret).monitored_reason == ""
    answer = check(key=key.secret)
    assert answer.allowed and answer.reservation_id
    assert answer.monitored_reason == "rate_limited"


def test_an_explanation_names_limits_with_their_values(check, issue):
    key = issue(request_limits={"total": 1})
    first = check(key=key.secret, explain=True)
    assert "key request_limits.total: 1 of 1 left" in first.explanation
    second = check(key=key.secret, explain=True)
    assert any("denies (request_quota_exceeded)" in line for line in second.explanation)


def test_a_stream_answers_in_order(stream, issue):
    key = issue(allowed_models=["even"])
    names = ["even" if number % 3 else "odd" for number in range(3000)]
    requests = [messages.CheckRequest(key=key.secret, model=name) for name in names]
    answers = list(stream(requests))
    assert [answer.allowed for answer in answers] == [name == "even" for name in names]


def test_a_stream_is_answered_question_by_question(stream, issue):
    key = issue()
    questions: queue.Queue = queue.Queue()
    answers = stream(iter(questions.get, None))
    for _ in range(20):
        questions.put(messages.CheckRequest(key=key.secret))
        assert next(answers).allowed
    questions.put(None)
    assert list(answers) == []
    assert answers.code() == grpc.StatusCode.OK


def test_a_stream_without_questions_ends_well(stream):
    call = stream([])
    assert list(call) == []
    assert call.code() == grpc.StatusCode.OK


@pytest.mark.parametrize("bad", [b"\x0a", b"\x12\x02\xff\xfe", b"\x22\x01x"])
def test_a_malformed_question_ends_its_stream_behind_the_answers_before(channel, issue, bad):
    good = messages.CheckRequest(key=issue().secret).SerializeToString()
    call = rpc.raw_stream(channel, rpc.NATIVE_CHECK_STREAM)(
        iter([good, good, bad, good]), timeout=rpc.TIMEOUT
    )
    answers = []
    with pytest.raises(grpc.RpcError) as caught:
        answers.extend(messages.CheckResponse.FromString(answer) for answer in call)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert len(answers) == 0 or [answer.allowed for answer in answers] == [True, True]


def test_a_stream_that_is_given_up_keeps_what_it_was_allowed(channel, check, issue):
    key = issue(rate_limits={"concurrent": 2})
    questions: queue.Queue = queue.Queue()
    call = services.AuthorizationStub(channel).CheckStream(
        iter(questions.get, None), timeout=rpc.TIMEOUT
    )
    for _ in range(2):
        questions.put(messages.CheckRequest(key=key.secret))
        assert next(call).allowed
    call.cancel()
    questions.put(None)
    assert check(key=key.secret).reason == "concurrency_limited"


def test_many_streams_together_are_allowed_what_the_limit_says_and_no_more(server, issue):
    key = issue(request_limits={"total": 1000})
    request = messages.CheckRequest(key=key.secret)

    def ask(channel: grpc.Channel) -> int:
        answers = services.AuthorizationStub(channel).CheckStream(
            iter([request] * 100),
            timeout=rpc.TIMEOUT,
            # A machine under load may need longer to connect than the channel's first attempt.
            wait_for_ready=True,
        )
        return sum(answer.allowed for answer in answers)

    with ExitStack() as stack, ThreadPoolExecutor(32) as pool:
        channels = [stack.enter_context(rpc.connect(server.rpc)) for _ in range(8)]
        assert sum(pool.map(ask, channels * 4)) == 1000


def test_a_server_that_stops_ends_its_streams(tollgate):
    server = tollgate().start()
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        questions: queue.Queue = queue.Queue()
        call = services.AuthorizationStub(channel).CheckStream(
            iter(questions.get, None), timeout=rpc.TIMEOUT
        )
        questions.put(messages.CheckRequest(key=key.secret))
        assert next(call).allowed
        assert server.terminate() == 0
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        questions.put(None)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
