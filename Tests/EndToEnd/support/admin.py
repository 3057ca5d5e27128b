"""A client of the management API."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import requests

from .process import eventually
from .usage import Amounts, Usage

TIMEOUT = 30


@dataclass(frozen=True)
class Key:
    """A key as its creator knows it: its name for good, and the secret that is shown once."""

    id: str
    secret: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"}


class Admin:
    """Requests of one administrator, on a connection that is kept."""

    def __init__(
        self,
        url: str,
        secret: str | None,
        verify: str | bool = True,
        certificate: tuple[str, str] | None = None,
    ) -> None:
        self.url = url
        self._session = requests.Session()
        # The surroundings' proxies and passwords have no part in this.
        self._session.trust_env = False
        self._session.verify = verify
        self._session.cert = certificate
        if secret is not None:
            self._session.headers["authorization"] = f"Bearer {secret}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request, whatever its answer."""
        return self._session.request(method, self.url + path, timeout=TIMEOUT, **options)

    def expect(self, status: int, method: str, path: str, **options: Any) -> Any:
        """One request that must be answered with this status; returns the answer's JSON."""
        answer = self.call(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def create(self, **fields: Any) -> Key:
        """Creates a key, by default one that may do anything under a name that nobody else has."""
        fields.setdefault("name", f"test-{uuid.uuid4()}")
        made = self.expect(201, "POST", "/v1/keys", json=fields)
        return Key(made["id"], made["api_key"])

    def get(self, key: Key) -> dict[str, Any]:
        return self.expect(200, "GET", f"/v1/keys/{key.id}")

    def patch(self, key: Key, **fields: Any) -> dict[str, Any]:
        return self.expect(200, "PATCH", f"/v1/keys/{key.id}", json=fields)

    def create_group(self, kind: str, **fields: Any) -> str:
        """Creates one of the `organizations`, `teams` or `users`; returns its id."""
        fields.setdefault("name", f"test-{uuid.uuid4()}")
        return self.expect(201, "POST", f"/v1/{kind}", json=fields)["id"]

    def patch_group(self, kind: str, id: str, **fields: Any) -> dict[str, Any]:
        return self.expect(200, "PATCH", f"/v1/{kind}/{id}", json=fields)

    def usage(self, subject: Key | str, kind: str = "keys") -> Usage:
        """What was counted for a key, or for a group of a kind."""
        id = subject.id if isinstance(subject, Key) else subject
        answer = self.call("GET", f"/v1/{kind}/{id}/usage")
        assert answer.status_code == 200, answer.text
        return Usage.read(answer.text)

    def settled(self, key: Key) -> Amounts:
        """What was counted for a key, once nothing is held for it any more."""
        eventually(lambda: self.usage(key).open_requests == 0, "the holds end")
        return self.usage(key).total

    def disable(self, key: Key) -> None:
        self.expect(200, "POST", f"/v1/keys/{key.id}/disable")

    def enable(self, key: Key) -> None:
        self.expect(200, "POST", f"/v1/keys/{key.id}/enable")

    def revoke(self, key: Key) -> None:
        self.expect(200, "POST", f"/v1/keys/{key.id}/revoke")

    def listing(self, path: str, member: str, **filters: Any) -> list[dict[str, Any]]:
        """All entries of a list, page by page; a page that repeats would never end, so it fails."""
        entries: list[dict[str, Any]] = []
        cursors: set[str] = set()
        parameters = {"limit": 1000, **filters}
        while True:
            page = self.expect(200, "GET", path, params=parameters)
            entries += page[member]
            cursor = page["next_cursor"]
            if cursor is None:
                return entries
            assert cursor not in cursors, f"{path}: cursor {cursor} came twice"
            cursors.add(cursor)
            parameters["cursor"] = cursor

    def keys(self, **filters: Any) -> list[dict[str, Any]]:
        return self.listing("/v1/keys", "keys", **filters)

    def logs(self, **filters: Any) -> list[dict[str, Any]]:
        return self.listing("/v1/audit-logs", "logs", **filters)
