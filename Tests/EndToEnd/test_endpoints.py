"""Every endpoint and what it answers to whom: the table `Cases/endpoints.json`, row by row.

A row has who asks, the method, the path and perhaps headers and a body, and what must come of it: the
status, and of a refusal the code and the field. Rows stand in order and may need those before them.
`{key}` and `{spent}` are keys, `{webhook}` is a webhook, `{unique}` is a word that no other test uses. A body that is a text is
sent as it is.
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest
from support.admin import Admin

ROWS = json.loads((Path(__file__).parent / "Cases/endpoints.json").read_text())


@pytest.fixture
def callers(server, admin, issue) -> dict[str, Admin]:
    """Who asks, by the names of the table."""
    secrets = {
        "admin": server.admin_key,
        "auditor": issue(permissions={"view_all_usage": True}).secret,
        "manager": issue(permissions={"manage_keys": True}).secret,
        "plain": issue().secret,
        "nobody": None,
        "stranger": "sk-not-a-key-of-this-server",
    }
    return {name: Admin(f"http://{server.http}", secret) for name, secret in secrets.items()}


def test_every_row_of_the_table(callers, issue):
    # An address that nobody may send to: the test of it answers without leaving the machine.
    webhook = callers["admin"].expect(
        201, "POST", "/v1/webhooks", json={"url": "http://127.0.0.1:9/", "enabled": False}
    )
    words = {
        "key": issue().id, "spent": issue().id, "webhook": webhook["id"],
        "unique": uuid.uuid4().hex[:12],
    }  # fmt: skip

    def fill(text: str) -> str:
        for word, value in words.items():
            text = text.replace(f"{{{word}}}", value)
        return text

    wrong = []
    for row in ROWS:
        headers = dict(row.get("headers", {}))
        body = row.get("body")
        if body is not None:
            body = fill(body if isinstance(body, str) else json.dumps(body)).encode()
            headers.setdefault("content-type", "application/json")
        answer = callers[row["who"]].call(
            row["method"], fill(row["path"]), data=body, headers=headers
        )
        error = answer.json()["error"] if answer.status_code >= 400 else {}
        found = (answer.status_code, error.get("code"), error.get("field"))
        if found != (row["status"], row.get("code"), row.get("field")):
            wrong.append(f"{row}\n    answered {found}")
        if answer.status_code == 405:
            assert row["method"] not in answer.headers["allow"].split(", ")
    assert not wrong, "\n".join(wrong)


def test_the_table_has_every_operation(admin):
    document = admin.expect(200, "GET", "/openapi.json")
    wanted = {
        (method.upper(), path, status)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for status in (("success", "401", "403") if operation.get("security") != [] else ("open",))
    }
    assert {path for _, path, status in wanted if status == "open"} == {
        "/healthz", "/readyz", "/metrics",
    }  # fmt: skip

    def is_at(row: dict, path: str) -> bool:
        pattern = re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path))
        return re.fullmatch(pattern, row["path"].split("?")[0]) is not None

    missing = set()
    for method, path, status in wanted:
        rows = [row for row in ROWS if row["method"] == method and is_at(row, path)]
        statuses = {"success" if row["status"] < 300 else str(row["status"]) for row in rows}
        # What needs no key is there for those who have none, and refused to nobody.
        if not statuses & {"401", "403"}:
            if any(row["who"] == "nobody" and row["status"] < 300 for row in rows):
                statuses.add("open")
        if status not in statuses:
            missing.add(f"{method} {path}: {status}")
    assert not missing, sorted(missing)
