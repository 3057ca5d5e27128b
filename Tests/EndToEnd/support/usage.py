"""What the management API says was counted, in whole numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Amounts:
    """So many requests, tokens and nano-USD."""

    requests: int = 0
    tokens: int = 0
    cost: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.requests + other.requests, self.tokens + other.tokens, self.cost + other.cost
        )


@dataclass(frozen=True)
class Usage:
    """What was counted for a key, a user, a team or an organisation."""

    #: By window: `hour`, `day`, `week`, `month`, `total`.
    used: dict[str, Amounts]
    #: Of what was counted, how much is not settled yet.
    held: Amounts
    #: How many requests are not settled yet.
    open_requests: int

    @classmethod
    def read(cls, text: str) -> Usage:
        """Reads an answer; money in it is exact to the nano-USD."""
        document = json.loads(text, parse_float=Decimal)
        windows = ("hour", "day", "week", "month", "total")
        return cls(
            {window: _amounts(document[window]) for window in windows},
            _amounts(document["held"]),
            document["held"]["requests"],
        )

    @property
    def total(self) -> Amounts:
        return self.used["total"]


def _amounts(document: dict[str, Any]) -> Amounts:
    nanos = Decimal(document["cost_usd"]) * 1_000_000_000
    assert nanos == int(nanos), document
    return Amounts(document["requests"], document["tokens"], int(nanos))
