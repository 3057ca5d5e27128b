"""Compares what the witness knows with what the server knows after a restart."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import grpc
from support.admin import Admin
from support.caller import Caller
from support.usage import Amounts, Usage

from .history import History, Report, Request, rated
from .world import World


@dataclass
class Audit:
    """One comparison; what is wrong is in lists by what it means."""

    world: World
    history: History
    lost: list[str] = field(default_factory=list)
    exceeded: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    #: Questions that were not answered and are recorded all the same.
    recorded: int = 0

    def run(self, admin: Admin, caller: Caller, requests: list[Request], first: int) -> None:
        """Compares everything, and leaves the server with nothing that we do not know of."""
        before = self._usages(admin)
        self._compare_log(admin, requests, first)
        counted = self._repeat_reports(caller, requests)
        self._compare_usage(before, counted)
        self._check_limits(before)
        counted |= self._end_the_unknown(caller, requests)
        self._compare_usage(self._usages(admin), counted)

    # MARK: The audit log

    def _compare_log(self, admin: Admin, requests: list[Request], first: int) -> None:
        """Each answered decision is recorded once, as it was answered; of others we learn here."""
        entries = self._entries_of_round(admin, first)
        count = Counter(entry["request_id"] for entry in entries)
        found = {entry["request_id"]: entry for entry in entries}
        for request in requests:
            entry = found.get(request.id)
            if entry is None:
                if request.answered_at is not None:
                    self.lost.append(f"{request.id} was answered and is not in the audit log")
                continue
            if count[request.id] != 1:
                self.wrong.append(f"{request.id} is {count[request.id]} times in the audit log")
            is_allowed, reservation = entry["status"] == "success", entry["reservation_id"] or ""
            if request.answered_at is None:
                self.recorded += 1
                request.is_allowed, request.reservation = is_allowed, reservation
            elif (is_allowed, reservation) != (request.is_allowed, request.reservation):
                self.wrong.append(f"{request.id} is recorded otherwise than it was answered")

    @staticmethod
    def _entries_of_round(admin: Admin, first: int) -> list[dict]:
        """The newest entries, page by page, until a page has none of this round any more."""
        entries: list[dict] = []
        parameters: dict = {"limit": 1000}
        while True:
            page = admin.expect(200, "GET", "/v1/audit-logs", params=parameters)
            ours = [
                entry
                for entry in page["logs"]
                if (entry["request_id"] or "").startswith("crash-")
                and int(entry["request_id"].removeprefix("crash-")) >= first
            ]
            entries += ours
            if not ours or page["next_cursor"] is None:
                return entries
            parameters["cursor"] = page["next_cursor"]

    # MARK: Reports

    def _repeat_reports(self, caller: Caller, requests: list[Request]) -> set[int]:
        """Repeats each report that was not answered, and some that were.

        Returns the requests whose report had counted before.
        """
        everything = self.history.requests.values()
        reported = [each for each in everything if each.report is not None]
        answered = [each for each in reported if each.report.outcome is not None]
        counted = {each.number for each in answered}
        newest = [each for each in answered if each.number >= requests[0].number]
        for request in sample(newest, 100) + sample(answered, 50):
            repeat = settle(caller, request.reservation, output_tokens=1_999)
            if repeat != ("duplicate", request.report.cost):
                self.lost.append(f"the report of {request.id} was repeated and is {repeat}")
        for request in reported:
            if request.report.outcome is None:
                outcome = self._report(caller, request)
                if outcome == "duplicate":
                    counted.add(request.number)
                elif outcome != "applied":
                    self.lost.append(f"the report of {request.id} is {outcome}")
        return counted

    def _report(self, caller: Caller, request: Request) -> str:
        report = request.report
        outcome, cost = settle(
            caller, request.reservation, input_tokens=report.input, output_tokens=report.output,
            cached_input_tokens=report.cached, status=500 if report.is_void else 200,
        )  # fmt: skip
        self.history.note_report(request, outcome, cost)
        return outcome

    def _end_the_unknown(self, caller: Caller, requests: list[Request]) -> set[int]:
        """Gives back what nobody was told of, and what would block a limit of open requests.

        Returns all requests whose report counts by now.
        """
        for request in self.history.requests.values():
            if not request.is_allowed or request.report is not None:
                continue
            is_limited = self.world.members[request.key].settled == 1
            if request.answered_at is None or is_limited:
                request.report = Report(0, 0, 0, is_void=True)
                if (outcome := self._report(caller, request)) != "applied":
                    self.wrong.append(f"giving back {request.id} was {outcome}")
        return {each.number for each in self.history.requests.values() if each.report is not None}

    # MARK: Counters

    def _usages(self, admin: Admin) -> dict[str, Usage]:
        subjects = self.world.subjects
        return {subject.id: admin.usage(subject.id, subject.kind) for subject in subjects}

    def _compare_usage(self, usages: dict[str, Usage], counted: set[int]) -> None:
        """To the last token and nano-USD, nothing is missing and nothing is counted twice."""
        spent = self.history.spent(counted)
        for subject in self.world.subjects:
            usage = usages[subject.id]
            expected = spent.get(subject.id, (Amounts(), Amounts()))
            if (usage.total, usage.held) != expected:
                where = self.lost if usage.total.cost < expected[0].cost else self.wrong
                where.append(f"{subject.name}: used {usage.total, usage.held}, not {expected}")

    def _check_limits(self, usages: dict[str, Usage]) -> None:
        for subject in self.world.subjects:
            total = usages[subject.id].total
            used = {
                "budget_limits.total": total.cost,
                "token_limits.total": total.tokens,
                "request_limits.total": total.requests,
                "rate_limits.concurrent": usages[subject.id].open_requests,
            }.get(subject.limit, 0)
            if used > subject.amount:
                self.exceeded.append(f"{subject.name}: {used} of {subject.amount} used")
        for key, subject in rated(self.world.members):
            fastest = self.history.fastest(subject, key)
            if fastest > subject.amount:
                self.exceeded.append(f"{subject.name}: {fastest} of {subject.amount} in a period")


def settle(caller: Caller, reservation: str, **used: int) -> tuple[str, int]:
    """The outcome of a report and the cost, or the status with which it was refused."""
    try:
        answer = caller.settle(reservation, **used)
    except grpc.RpcError as error:
        return error.code().name, 0
    return answer.outcome, answer.cost_nanos


def sample(requests: list[Request], count: int) -> list[Request]:
    return random.sample(requests, min(count, len(requests)))
