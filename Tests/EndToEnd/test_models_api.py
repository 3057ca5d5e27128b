"""The management API of models, and what their prices do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support import rpc
from support.caller import MODEL, Caller


@contextmanager
def asking(server) -> Iterator[Caller]:
    """A gateway that asks a server of the test's own."""
    with rpc.connect(server.rpc) as channel:
        yield Caller(channel)


def test_models_and_prices_count_for_the_next_request(tollgate):
    server = tollgate().start()
    key = server.admin.create(budget_limits={"total": 1})
    with asking(server) as caller:
        caller.deny(key, "pricing_not_allowed", model="ours", tokens=1000)
        model = {"id": "ours", "provider": "self", "input_price": 1, "output_price": 1}
        server.admin.expect(200, "PUT", "/v1/models", json={"models": [model]})
        assert caller.allow(key, model="OURS", tokens=1000).reserved_cost_nanos == 1_000_000
        server.admin.expect(200, "DELETE", f"/v1/models/{MODEL}")
        caller.deny(key, "pricing_not_allowed", tokens=1000)
    server.kill()
    server.start()
    with asking(server) as caller:
        assert caller.allow(key, model="ours", tokens=1000).reserved_cost_nanos == 1_000_000
        caller.deny(key, "pricing_not_allowed", tokens=1000)


@pytest.mark.parametrize(
    ("flags", "reason", "cost"),
    [
        (["--unpriced", "allow_free"], "", 0),
        (["--unpriced", "deny"], "pricing_not_allowed", 0),
        (["--unpriced", "default_price", "--default-input-price", "1.5",
          "--default-output-price", "2"], "", 1000 * 1_500 + 500 * 2_000),
    ],
    ids=["allow_free", "deny", "default_price"],
)  # fmt: skip
def test_what_a_model_without_a_price_costs_is_the_operators_choice(
    tollgate, flags, reason, cost
):
    server = tollgate(*flags).start()
    key = server.admin.create()
    with asking(server) as caller:
        answer = caller.check(key, model="nobody-knows", tokens=1500, input_tokens=1000)
        assert (answer.reason, answer.reserved_cost_nanos) == (reason, cost)
