"""Cursors: each list goes on by its own, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest
from support import rpc
from support.native import messages, services
from support.process import eventually
from support.tollgate import Tollgate

#: Every list, in an order that the store has and in one that it has not, and where its rows are.
LISTS = {
    "/v1/keys": "keys",
    "/v1/keys?sort=name": "keys",
    "/v1/manage/keys": "keys",
    "/v1/api-keys": "keys",
    "/v1/organizations": "organizations",
    "/v1/organizations?sort=-created_at": "organizations",
    "/v1/teams": "teams",
    "/v1/users": "users",
    "/v1/models": "models",
    "/v1/models?sort=-output_price": "models",
    "/v1/suppliers": "suppliers",
    "/v1/suppliers?sort=provider": "suppliers",
    "/v1/audit-logs": "logs",
    "/v1/audit-logs?sort=timestamp": "logs",
    "/v1/manage/logs": "logs",
    "/v1/webhooks": "webhooks",
    "/v1/webhooks/{one}/deliveries": "deliveries",
    "/v1/webhooks/{other}/deliveries": "deliveries",
    "/v1/alerts": "alerts",
}

#: What nobody gave out.
FORGED = [
    "x", ".", "..", "...", "0", "-1", "key_00000000000000000000000000", "log_1_0", "18446744073709551615",
    "18446744073709551616", ".61.0", ".61.cbf29ce484222325", "n1.61.0", "t61.61.0", "n.61.0", "t6.61.0",
    "n99999999999999999999.61.0", ".zz.0", ".ff.0", "name.t61.key_00000000000000000000000000",
    "%00", "%FF", "\x00", "\n", "é", "😀", "+", "' OR 1=1 --", "../..", "9" * 4097, "." * 8000, "61" * 4000,
]  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tollgate, dict[str, str]]]:
    """A server with more than one row in each list, and the paths of the lists."""
    server = Tollgate(tmp_path_factory.mktemp("cursors"), "--webhook-allow-private").start()
    admin = server.admin
    try:
        ids = {}
        for word in ("one", "other"):
            # Nobody listens there: an attempt that fails is an attempt.
            made = admin.expect(201, "POST", "/v1/webhooks", json={
                "url": "http://127.0.0.1:9/", "events": ["key.revoked"],
            })  # fmt: skip
            ids[f"{{{word}}}"] = made["id"]
            for _ in range(2):
                admin.expect(200, "POST", f"/v1/webhooks/{made['id']}/test")
        for name in ("a", "b"):
            organization = admin.create_group("organizations", id=name)
            admin.create_group("teams", id=name, organization_id=organization)
            admin.create_group("users", id=name, organization_id=organization)
            admin.expect(200, "PUT", "/v1/suppliers", json={"suppliers": [
                {"name": name, "provider": name, "base_url": f"https://{name}.example"},
            ]})  # fmt: skip
            key = admin.create(name=name, request_limits={"total": 1})
            with rpc.connect(server.rpc) as channel:
                for _ in range(2):
                    question = messages.CheckRequest(key=key.secret, model="gpt-4o")
                    services.AuthorizationStub(channel).Check(question, timeout=rpc.TIMEOUT)
        eventually(lambda: len(admin.listing("/v1/alerts", "alerts")) >= 2, "two alerts")
        paths = {}
        for path in LISTS:
            filled_in = path
            for word, id in ids.items():
                filled_in = filled_in.replace(word, id)
            paths[path] = filled_in
        yield server, paths
    finally:
        server.kill()


def page(server: Tollgate, path: str, **parameters):
    return server.admin.call("GET", path, params=parameters)


def is_refused(answer) -> bool:
    if answer.status_code != 400:
        return False
    error = answer.json()["error"]
    return (error["code"], error["field"]) == ("invalid_parameter", "cursor")


def cursors(server: Tollgate, paths: dict[str, str]) -> dict[str, str]:
    """The cursor behind the first row of each list."""
    found = {}
    for path, filled_in in paths.items():
        answer = page(server, filled_in, limit=1)
        assert answer.status_code == 200, answer.text
        found[path] = answer.json()["next_cursor"]
        assert found[path], f"{path} has but one row"
    return found


def test_the_table_has_every_list(filled):
    server, _ = filled
    document = server.admin.expect(200, "GET", "/openapi.json")
    lists = {
        path
        for path, methods in document["paths"].items()
        if any(each["name"] == "cursor" for each in methods.get("get", {}).get("parameters", []))
    }
    tested = {path.split("?")[0].replace("{one}", "{id}").replace("{other}", "{id}") for path in LISTS}
    assert lists == tested


@pytest.mark.parametrize("path", LISTS)
def test_each_list_goes_on_by_its_own(filled, path):
    server, paths = filled
    first = page(server, paths[path], limit=1).json()
    second = page(server, paths[path], limit=1, cursor=first["next_cursor"])
    assert second.status_code == 200, second.text
    rows = first[LISTS[path]] + second.json()[LISTS[path]]
    assert rows == page(server, paths[path], limit=2).json()[LISTS[path]]
    assert len(rows) == 2


def test_no_list_goes_on_by_anothers(filled):
    server, paths = filled
    given = cursors(server, paths)
    wrong = [
        f"{path} took the cursor of {other}"
        for path, other in permutations(LISTS, 2)
        if not is_refused(page(server, paths[path], limit=1, cursor=given[other]))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", LISTS)
def test_what_was_not_given_out_is_refused(filled, path):
    server, paths = filled
    cursor = page(server, paths[path], limit=1).json()["next_cursor"]
    changed = [cursor[:length] for length in range(1, len(cursor))]
    changed += [cursor + "0", "0" + cursor, cursor.upper(), cursor * 2, cursor[::-1]]
    for place, letter in enumerate(cursor):
        changed.append(cursor[:place] + ("1" if letter == "0" else "0") + cursor[place + 1 :])
    wrong = [
        f"{forged!r} was taken"
        for forged in FORGED + [each for each in changed if each != cursor]
        if not is_refused(page(server, paths[path], cursor=forged))
    ]
    assert not wrong, "\n".join(wrong)
    assert page(server, paths[path], cursor=cursor).status_code == 200


def test_a_list_that_shows_more_meanwhile_still_takes_its_cursor(filled):
    """A cursor outlives the row it is behind, and the server that gave it out."""
    server, paths = filled
    group = server.admin.create_group("organizations", id="0-first")
    cursor = page(server, "/v1/organizations", limit=1).json()["next_cursor"]
    server.admin.expect(200, "DELETE", f"/v1/organizations/{group}")
    server.restart()
    rows = page(server, "/v1/organizations", limit=1, cursor=cursor).json()["organizations"]
    assert [row["id"] for row in rows] == ["a"]
