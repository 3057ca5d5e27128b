"""Reports of what was really used: `tollgate.v1.Authorization/Settle`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from support import rpc
from support.native import messages, services
from support.process import eventually

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


class Client:
    """Checks and reports on one connection."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = services.AuthorizationStub(channel)

    def check(self, **fields):
        return self._stub.Check(messages.CheckRequest(**fields), timeout=rpc.TIMEOUT)

    def reserve(self, key) -> str:
        """Has a thousand tokens allowed, 10,000,000 nano-USD, and names the reservation."""
        answer = self.check(key=key.secret, model="gpt-4o", tokens=1000)
        assert answer.allowed, answer
        assert answer.reserved_cost_nanos == 10_000_000
        return answer.reservation_id

    def settle(self, reservation: str, **fields) -> tuple[str, int]:
        request = messages.SettleRequest(reservation_id=reservation, **fields)
        answer = self._stub.Settle(request, timeout=rpc.TIMEOUT)
        return answer.outcome, answer.cost_nanos


@pytest.fixture
def client(channel):
    return Client(channel)


def test_what_was_used_takes_the_place_of_what_was_held(client, issue):
    key = issue(budget_limits={"total": 0.01}, rate_limits={"concurrent": 1})
    reservation = client.reserve(key)
    denied = client.check(key=key.secret, model="gpt-4o", tokens=1)
    assert denied.reason == "concurrency_limited"
    assert client.settle(reservation, input_tokens=100, output_tokens=10) == ("applied", 350_000)
    answer = client.check(key=key.secret, model="gpt-4o", tokens=965)
    assert answer.allowed, answer
    assert answer.limits[0].remaining == 0


def test_the_first_report_counts(client, issue):
    reservation = client.reserve(issue())
    assert client.settle(reservation, input_tokens=100, output_tokens=10) == ("applied", 350_000)
    assert client.settle(reservation, input_tokens=100, output_tokens=10) == ("duplicate", 350_000)
    assert client.settle(reservation, output_tokens=1_000_000) == ("duplicate", 350_000)
    assert client.settle(reservation, status=500) == ("duplicate", 350_000)


def test_of_reports_at_once_one_counts(server, client, issue):
    def settle(reservation: str, tokens: int) -> tuple[str, int]:
        def once() -> tuple[str, int] | None:
            try:
                return Client(channel).settle(reservation, output_tokens=tokens)
            except grpc.RpcError as error:
                assert error.code() == UNAVAILABLE, error
                return None

        with rpc.connect(server.rpc) as channel:
            return eventually(once, "the other report has an outcome")

    key = issue(token_limits={"total": 1_000_000})
    for _ in range(10):
        reservation = client.reserve(key)
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda tokens: settle(reservation, tokens), range(1, 9)))
        assert sorted(outcome for outcome, _ in outcomes) == ["applied"] + ["duplicate"] * 7
        assert len({cost for _, cost in outcomes}) == 1, "all are told the same"


def test_more_than_was_held_counts_in_full(client, issue):
    key = issue(token_limits={"total": 2000})
    reservation = client.reserve(key)
    client.settle(reservation, input_tokens=2000, output_tokens=500)
    answer = client.check(key=key.secret, tokens=1)
    assert answer.reason == "token_quota_exceeded"
    assert (answer.limits[0].remaining, answer.affordable_tokens) == (-500, 0)
    assert "used up" in answer.message


@pytest.mark.parametrize("fields", [{"status": 429}, {"status": 503}, {"cancelled": True}])
def test_a_request_that_came_to_nothing_is_given_back(client, issue, fields):
    key = issue(request_limits={"total": 1}, budget_limits={"total": 0.01})
    for _ in range(3):
        assert client.settle(client.reserve(key), **fields) == ("applied", 0)


def test_an_error_that_was_billed_is_not_given_back(client, issue):
    key = issue(request_limits={"total": 1})
    assert client.settle(client.reserve(key), status=500, input_tokens=100) == ("applied", 250_000)
    assert client.check(key=key.secret).reason == "request_quota_exceeded"


def test_the_billed_model_decides_the_price(client, admin, issue):
    model = {
        "id": "settle-test-dear", "provider": "acme", "input_price": 1000, "output_price": 2000,
    }  # fmt: skip
    admin.expect(200, "PUT", "/v1/models", json={"models": [model]})
    reservation = client.reserve(issue())
    assert client.settle(
        reservation, model="settle-test-dear", input_tokens=10, output_tokens=1
    ) == ("applied", 12_000_000)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda text: "", "INVALID_ARGUMENT"),
        (lambda text: text.replace("rs_", "rs_\0"), "INVALID_ARGUMENT"),
        (lambda text: text[:-1], "NOT_FOUND"),
        (lambda text: text + "0", "NOT_FOUND"),
        (lambda text: text.upper(), "NOT_FOUND"),
        (lambda text: "key" + text[2:], "NOT_FOUND"),
        (lambda text: "nope", "NOT_FOUND"),
        (lambda text: "rs_" + "0" * 26, "NOT_FOUND"),
        (lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"), "NOT_FOUND"),
        (lambda text: "rs_7" + "z" * 25, "NOT_FOUND"),
    ],
)
def test_a_reservation_cannot_be_made_up(client, issue, change, status):
    reservation = client.reserve(issue())
    with pytest.raises(grpc.RpcError) as caught:
        client.settle(change(reservation), input_tokens=1)
    assert caught.value.code() == grpc.StatusCode[status]
    assert client.settle(reservation, input_tokens=1)[0] == "applied"


@pytest.mark.parametrize(
    "fields",
    [
        {"input_tokens": 2**40 + 1},
        {"output_tokens": 2**63},
        {"cached_input_tokens": 2**64 - 1},
        {"status": 99},
        {"status": 2**32 - 1},
        {"model": "m\x00"},
        {"model": "m" * 257},
        {"provider": "p\n"},
        {"supplier": "s" * 10_000},
        {"region": "r\x7f"},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_a_report_that_cannot_be_is_refused_and_counts_nothing(client, issue, fields):
    key = issue(rate_limits={"concurrent": 1})
    reservation = client.reserve(key)
    with pytest.raises(grpc.RpcError) as caught:
        client.settle(reservation, **fields)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert client.check(key=key.secret).reason == "concurrency_limited", "it is still open"


@pytest.mark.parametrize("payload", [b"\x0a", b"\x08\x01", b"\x30\xff", b"\xff" * 50])
def test_a_malformed_report_is_refused(channel, payload):
    with pytest.raises(grpc.RpcError) as caught:
        rpc.raw_call(channel, rpc.NATIVE_SETTLE)(payload, timeout=rpc.TIMEOUT)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_the_highest_numbers_that_are_taken_do_not_end_the_server(client, issue):
    reservation = client.reserve(issue())
    outcome, cost = client.settle(
        reservation,
        input_tokens=2**40, output_tokens=2**40, cached_input_tokens=2**40,
        status=999, latency_ms=2**32 - 1,
    )  # fmt: skip
    assert outcome == "applied"
    assert cost > 0


def test_holds_and_outcomes_survive_a_crash(tollgate):
    server = tollgate().start()
    key = server.admin.create(token_limits={"total": 2000})
    with rpc.connect(server.rpc) as channel:
        client = Client(channel)
        open_one, settled = client.reserve(key), client.reserve(key)
        assert client.settle(settled, input_tokens=100, output_tokens=10) == ("applied", 350_000)
    server.restart()
    with rpc.connect(server.rpc) as channel:
        client = Client(channel)
        assert client.settle(settled, output_tokens=500) == ("duplicate", 350_000)
        assert client.check(key=key.secret, tokens=891).reason == "token_quota_exceeded"
        assert client.settle(open_one, input_tokens=200) == ("applied", 500_000)
        assert client.check(key=key.secret, tokens=1690).allowed, "110 and 200 tokens count"
