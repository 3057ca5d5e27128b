"""What the witness asked and was answered in all rounds, and what that adds up to."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from support.caller import PRICE
from support.usage import Amounts

from .world import PERIODS, Member, Subject


@dataclass
class Report:
    """What was said that a request has used."""

    input: int
    output: int
    cached: int
    is_void: bool
    #: Nothing for a report that was not answered.
    outcome: str | None = None
    cost: int = 0

    @property
    def amounts(self) -> Amounts:
        if self.is_void:
            return Amounts()
        return Amounts(
            1, self.input + self.output, PRICE.cost(self.input, self.output, self.cached)
        )


@dataclass
class Request:
    """One request, from asking to what became of it."""

    number: int
    key: int
    tokens: int
    prompt: int
    asked_at: int
    #: None for a question that was not answered.
    answered_at: int | None = None
    is_allowed: bool = False
    reservation: str = ""
    report: Report | None = None

    @property
    def id(self) -> str:
        return f"crash-{self.number}"

    @property
    def held(self) -> Amounts:
        return Amounts(1, self.tokens, PRICE.highest(self.tokens, self.prompt))


@dataclass
class History:
    """All requests by number, and what was wrong with their answers."""

    members: list[Member]
    requests: dict[int, Request] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    #: How often each limit denied.
    denials: Counter[tuple[str, str]] = field(default_factory=Counter)
    answered: int = 0
    #: Of the last round.
    allowed: int = 0
    reported: int = 0

    def read(self, log: Path) -> list[Request]:
        """Adds what the witness wrote in a round; returns the round's requests."""
        before = len(self.requests)
        self.allowed = self.reported = 0
        open_requests: Counter[int] = Counter()
        for line in log.read_text().splitlines():
            what, time, number, *values = json.loads(line)
            getattr(self, f"_{what}")(time, number, open_requests, *values)
        return list(self.requests.values())[before:]

    def _ask(self, time, number, open_requests, key, tokens, prompt) -> None:
        self.requests[number] = Request(number, key, tokens, prompt, time)

    def _allowed(self, time, number, open_requests, reservation, cost) -> None:
        request = self.requests[number]
        request.answered_at, request.is_allowed, request.reservation = time, True, reservation
        self.answered += 1
        self.allowed += 1
        self.expect(cost == request.held.cost, f"{request.id} holds {cost}, not {request.held}")
        # Certainly open from here on until its report is sent.
        open_requests[request.key] += 1
        for subject in self.members[request.key].subjects:
            if subject.limit == "rate_limits.concurrent":
                count = open_requests[request.key]
                self.expect(count <= subject.amount, f"exceeded: {count} at once on {subject.name}")

    def _denied(self, time, number, open_requests, reason, limit, level) -> None:
        request = self.requests[number]
        request.answered_at = time
        self.answered += 1
        self.denials[limit, level] += 1
        subjects = self.members[request.key].subjects
        is_there = any((each.limit, each.level) == (limit, level) for each in subjects)
        self.expect(is_there, f"{request.id} denied by {level} {limit} ({reason}): no such limit")

    def _report(self, time, number, open_requests, input, output, cached, is_void) -> None:
        request = self.requests[number]
        request.report = Report(input, output, cached, is_void)
        open_requests[request.key] -= 1

    def _settled(self, time, number, open_requests, outcome, cost) -> None:
        self.reported += 1
        self.expect(outcome == "applied", f"the first report of crash-{number} was {outcome}")
        self.note_report(self.requests[number], outcome, cost)

    def note_report(self, request: Request, outcome: str, cost: int) -> None:
        """Notes the answer to a report."""
        report = request.report
        assert report is not None
        report.outcome, report.cost = outcome, cost
        expected = report.amounts.cost
        self.expect(cost == expected, f"{request.id} cost {cost}, not {expected}")

    def expect(self, is_so: bool, problem: str) -> None:
        if not is_so:
            self.problems.append(problem)

    # MARK: What it adds up to

    def spent(self, counted: set[int]) -> dict[str, tuple[Amounts, Amounts]]:
        """By subject id: all that counts, and what of it is held.

        `counted` are the requests whose report counts; all others that were allowed hold.
        """
        totals: dict[str, Amounts] = defaultdict(Amounts)
        held: dict[str, Amounts] = defaultdict(Amounts)
        for request in self.requests.values():
            if not request.is_allowed:
                continue
            is_open = request.number not in counted
            amounts = request.held if is_open else request.report.amounts
            for subject in self.members[request.key].subjects:
                totals[subject.id] += amounts
                if is_open:
                    held[subject.id] += amounts
        return {id: (amounts, held[id]) for id, amounts in totals.items()}

    def fastest(self, subject: Subject, key: int) -> int:
        """The most requests that certainly passed within one period of a strict rate.

        Each was decided between its question and its answer, on the clock that both wrote down.
        """
        period = int(PERIODS[subject.limit] * 1e9)
        spans = sorted(
            (each.answered_at, each.asked_at)
            for each in self.requests.values()
            if each.key == key and each.is_allowed and each.answered_at is not None
        )
        ends = [end for end, _ in spans]
        most = 0
        for start in {start for _, start in spans}:
            inside = spans[bisect_left(ends, start) : bisect_left(ends, start + period)]
            most = max(most, sum(1 for _, asked in inside if asked >= start))
        return most


def rated(members: Iterable[Member]) -> Iterable[tuple[int, Subject]]:
    """The keys with a strict rate, by place."""
    for place, member in enumerate(members):
        for subject in member.subjects:
            if subject.limit in PERIODS:
                yield place, subject
