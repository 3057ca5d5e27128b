"""Keys and groups whose limits are reached again and again: there is a little more each round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from support.admin import Admin, Key
from support.caller import USD


@dataclass
class Subject:
    """A key, user, team or organisation with one limit, or none."""

    name: str
    kind: str
    id: str
    #: The path of the limit, as denials name it.
    limit: str = ""
    #: The limit as it is now, in requests, tokens or nano-USD.
    amount: int = 0
    #: What is added to it in each round; 0 for a limit that comes back by itself.
    step: int = 0

    @property
    def level(self) -> str:
        return self.kind.removesuffix("s")

    def fields(self) -> dict[str, Any]:
        """The limit as the management API takes it."""
        block, name = self.limit.split(".")
        return {block: {name: self.amount / USD if block == "budget_limits" else self.amount}}


@dataclass
class Member:
    """A key, and the subjects on which its requests count."""

    key: Key
    subjects: list[Subject]
    #: How many of its requests are reported.
    settled: float = 0.5


#: The seconds in which a strict rate lets no more pass than it says.
PERIODS = {"rate_limits.per_second": 1.0, "rate_limits.per_minute": 60.0}


@dataclass
class World:
    """All of them."""

    admin: Admin
    subjects: list[Subject] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    @classmethod
    def create(cls, admin: Admin) -> World:
        world = cls(admin)
        world._add_key("budget", "budget_limits.total", USD // 2)
        world._add_key("quota", "token_limits.total", 50_000)
        world._add_key("requests", "request_limits.total", 40)
        for period, amount in (("second", 40), ("minute", 120)):
            strict = {f"per_{period}": amount, "strict": True}
            world._add_rate(f"per_{period}", amount, rate_limits=strict)
        world._add_rate("concurrent", 8, settled=1, rate_limits={"concurrent": 8})
        world._add_organization()
        return world

    def _add_key(self, name: str, limit: str, step: int) -> None:
        subject = Subject(name, "keys", "", limit, 0, step)
        key = self.admin.create(name=name, **subject.fields())
        subject.id = key.id
        self.subjects.append(subject)
        self.members.append(Member(key, [subject]))

    def _add_rate(self, name: str, amount: int, settled: float = 0.5, **fields: Any) -> None:
        key = self.admin.create(name=name, **fields)
        subject = Subject(name, "keys", key.id, f"rate_limits.{name}", amount)
        self.subjects.append(subject)
        self.members.append(Member(key, [subject], settled))

    def _add_organization(self) -> None:
        """Six keys of two users in two teams, each level limited otherwise.

        One team and one user have little, the others much: so each level denies in its turn, the
        organisation last.
        """
        organization = self._add_group("organizations", "budget_limits.total", USD)
        inside = {"organization_id": organization.id}
        teams = [
            self._add_group("teams", "token_limits.total", step, **inside)
            for step in (20_000, 2_000_000)
        ]
        users = [
            self._add_group("users", "request_limits.total", step, **inside)
            for step in (15, 2_000)
        ]
        for number in range(6):
            team, user = teams[number % 2], users[number // 3]
            key = self.admin.create(**inside, team_id=team.id, user_id=user.id)
            own = Subject(f"member {number}", "keys", key.id)
            self.subjects.append(own)
            self.members.append(Member(key, [own, user, team, organization]))

    def _add_group(self, kind: str, limit: str, step: int, **place: str) -> Subject:
        subject = Subject(f"{kind} {len(self.subjects)}", kind, "", limit, 0, step)
        subject.id = self.admin.create_group(kind, **place, **subject.fields())
        self.subjects.append(subject)
        return subject

    def raise_limits(self, admin: Admin) -> None:
        """Gives everybody a little more to spend."""
        self.admin = admin
        for subject in self.subjects:
            if subject.step:
                subject.amount += subject.step
                path = f"/v1/{subject.kind}/{subject.id}"
                admin.expect(200, "PATCH", path, json=subject.fields())
