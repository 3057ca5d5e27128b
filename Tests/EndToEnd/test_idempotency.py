"""Idempotency-Key on POST, asked over and over at the same time."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor


def test_a_key_that_is_asked_for_twenty_times_is_made_once(server, admin):
    name, token = f"test-{uuid.uuid4()}", str(uuid.uuid4())

    def ask(_):
        # A connection of its own for each, so that they come at the same time.
        return server.admin.call(
            "POST", "/v1/keys", json={"name": name}, headers={"idempotency-key": token}
        )

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert made
    assert {answer.text for answer in made} == {made[0].text}
    for answer in answers:
        if answer.status_code != 201:
            assert answer.status_code == 409
            assert answer.json()["error"]["code"] == "idempotency_key_in_use"
    assert [key["id"] for key in admin.keys(name=name)] == [made[0].json()["id"]]


def test_a_restart_forgets_answers(tollgate):
    server = tollgate().start()
    headers = {"idempotency-key": "one"}
    first = server.admin.expect(201, "POST", "/v1/keys", json={"name": "a"}, headers=headers)
    again = server.admin.expect(201, "POST", "/v1/keys", json={"name": "a"}, headers=headers)
    assert again == first
    server.restart()
    later = server.admin.expect(201, "POST", "/v1/keys", json={"name": "a"}, headers=headers)
    assert later["id"] != first["id"]
