"""The commands that make, rotate, take over and change keys: files, questions, errors, exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import time
import uuid

import pytest
import requests
from support.admin import Key
from support.local_http import Handler, LocalServer
from support.process import eventually, free_port
from support.tollgate import binary, clean_environment

DENIED = 3


def succeed_json(server, *arguments: str, **options):
    ended = server.command(*arguments, "--output", "json", **options)
    assert ended.returncode == 0, ended
    return json.loads(ended.stdout)


def fail(server, *arguments: str, code: int, **options) -> str:
    """Runs a command that must do nothing; returns the one line that says why."""
    ended = server.command(*arguments, **options)
    assert (ended.returncode, ended.stdout) == (code, ""), ended
    [line] = ended.stderr.strip().splitlines()
    return line


def at_a_terminal(server, *arguments: str, says: str = "") -> tuple[int, str, str]:
    """Runs a command in front of a person: the exit code, what is printed, and what they see."""
    person, terminal = pty.openpty()
    environment = {"TOLLGATE_URL": f"http://{server.http}", "TOLLGATE_ADMIN_KEY": server.admin_key}
    process = subprocess.Popen(
        [binary(), *arguments], stdin=terminal, stdout=subprocess.PIPE, stderr=terminal,
        env=clean_environment(environment), text=True,
    )  # fmt: skip
    os.close(terminal)
    if says:
        os.write(person, says.encode())
    output, _ = process.communicate(timeout=60)
    seen = b""
    try:
        while part := os.read(person, 65536):
            seen += part
    except OSError:
        pass  # The other side is closed, and all of it was read.
    os.close(person)
    return process.returncode, output, seen.decode()


def names(*suffixes: str) -> list[str]:
    start = uuid.uuid4().hex
    return [f"{start}-{suffix}" for suffix in suffixes]


def found(server, name: str) -> list[dict]:
    return server.admin.keys(name=name)


# Rotation.


def test_a_rotation_shows_the_new_secret_and_the_old_one_works_on(server, issue, caller):
    key = issue()
    made = succeed_json(server, "keys", "rotate", key.id, "--grace", "15m")
    new = Key(made["id"], made["api_key"])
    assert new.id == key.id and new.secret != key.secret
    caller.allow(key)
    caller.allow(new)
    made = succeed_json(server, "keys", "rotate", key.id, "--grace", "none")
    assert made["previous_key_valid_until"] is None
    caller.deny(key, "invalid_api_key")
    caller.deny(new, "invalid_api_key")
    caller.allow(Key(key.id, made["api_key"]))


def test_a_rotation_is_on_record_with_its_fields(server, issue):
    key = issue()
    succeed_json(server, "keys", "rotate", key.id)
    logs = succeed_json(server, "audit", "--type", "management", "--limit", "20")["logs"]
    [entry] = [log for log in logs if log["action"] == "key.rotated" and log["target"] == key.id]
    assert entry["fields"] == ["api_key", "previous_key_valid_until"]


def test_people_are_told_to_keep_the_secret(server, issue):
    key = issue()
    ended = server.command("keys", "rotate", key.id)
    assert ended.returncode == 0
    assert "tg_live_" in ended.stdout and "keep the api_key" in ended.stderr


@pytest.mark.parametrize("grace", ["soon", "-5m", "1w", ""])
def test_a_grace_that_is_none_is_bad_usage(server, issue, caller, grace):
    key = issue()
    fail(server, "keys", "rotate", key.id, f"--grace={grace}", code=2)
    caller.allow(key)


def test_what_cannot_be_rotated_says_why(server, issue):
    assert "no such key" in fail(server, "keys", "rotate", "key_" + "0" * 26, code=1)
    key = issue()
    assert "grace" in fail(server, "keys", "rotate", key.id, "--grace", "31d", code=1)
    server.admin.revoke(key)
    assert "revoked" in fail(server, "keys", "rotate", key.id, code=1)


# Keys that end by themselves.


def test_a_temporary_key_ends(server, caller):
    session = f"session-{uuid.uuid4()}"
    made = succeed_json(
        server, "keys", "temporary", "--expires-in", "2s", "--session-id", session,
        "--allowed-models", "gpt-4o",
    )  # fmt: skip
    key = Key(made["id"], made["api_key"])
    assert (made["key_type"], made["session_id"]) == ("temporary", session)
    eventually(lambda: not caller.check(key, model="gpt-4o").allowed, "the key expires")
    assert caller.check(key, model="gpt-4o").reason == "key_expired"
    assert succeed_json(server, "keys", "get", key.id)["status"] == "expired"


def test_a_temporary_key_needs_an_end(server):
    assert "--expires-in" in fail(server, "keys", "temporary", "--name", "endless", code=2)


# Import.


@pytest.mark.parametrize("form", ["document", "list", "lines", "standard input"])
def test_every_form_of_a_file_is_taken(server, caller, tmp_path, form):
    [first, second] = names("plain", "hashed")
    secrets = [f"sk-{name}" for name in (first, second)]
    keys = [
        {"name": first, "api_key": secrets[0], "allowed_models": ["gpt-4o"]},
        {"name": second, "sha256": hashlib.sha256(secrets[1].encode()).hexdigest()},
    ]
    text = {
        "document": json.dumps({"keys": keys}, indent=2),
        "list": json.dumps(keys),
        "lines": "\n".join(map(json.dumps, keys)) + "\n\n",
        "standard input": json.dumps(keys),
    }[form]
    file = tmp_path / "keys.json"
    file.write_text(text)
    source, options = (
        ("-", {"text": text}) if form == "standard input" else (str(file), {})
    )
    answer = succeed_json(server, "keys", "import", source, **options)
    assert (answer["succeeded"], answer["failed"]) == (2, 0)
    for secret, result in zip(secrets, answer["results"], strict=True):
        caller.allow(Key(result["id"], secret), model="gpt-4o")
        assert secret not in json.dumps(answer)
    caller.deny(Key("", secrets[0]), "model_not_allowed", model="o1")


def test_keys_that_are_refused_are_named_and_the_others_imported(server, tmp_path):
    [first, second, third] = names("a", "b", "c")
    file = tmp_path / "keys.json"
    file.write_text(
        json.dumps(
            [
                {"name": first, "api_key": f"sk-{first}"},
                {"name": second, "api_key": f"sk-{first}"},
                {"name": third, "api_key": f"sk-{third}", "allowed_model": []},
            ]
        )
    )
    ended = server.command("keys", "import", str(file))
    assert ended.returncode == 1, ended
    assert ended.stdout.splitlines()[-1] == "1 done, 2 failed"
    assert "another key's" in ended.stdout and "allowed_model" in ended.stdout
    assert f"sk-{first}" not in ended.stdout + ended.stderr
    assert [len(found(server, name)) for name in (first, second, third)] == [1, 0, 0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"keys": [\n  {"name": "a",}\n]}', ":2:"),
        ('{"name": "a", "api_key": "sk-canary-1"}\n{"name": "b" "api_key": "sk-canary-2"}', ":2:"),
        ("", "empty"),
        ("[]", "no keys"),
        ('"keys"', "a string"),
    ],
)
def test_a_file_that_is_none_imports_nothing(server, tmp_path, text, place):
    file = tmp_path / "keys.json"
    file.write_text(text)
    line = fail(server, "keys", "import", str(file), code=1)
    assert place in line and "canary" not in line


def test_a_file_that_is_not_there_is_one_line(server, tmp_path):
    missing = str(tmp_path / "missing.json")
    assert missing in fail(server, "keys", "import", missing, code=1)


def test_an_import_that_ends_in_the_middle_says_how_far_it_came(server, tmp_path):
    start = uuid.uuid4().hex
    keys = [{"name": f"{start}-{n}", "api_key": f"sk-{start}-{n}"} for n in range(250)]
    # Those behind the first 200 are more than the server takes at once.
    for key in keys[200:]:
        key["metadata"] = {"filling": "x" * (1 << 15)}
    file = tmp_path / "keys.json"
    keys[7]["sha256"] = "both"
    file.write_text(json.dumps(keys))
    ended = server.command("keys", "import", str(file), "--output", "json")
    assert ended.returncode == 1, ended
    answer = json.loads(ended.stdout)
    assert (answer["succeeded"], answer["failed"]) == (199, 1)
    assert [result["index"] for result in answer["results"] if not result["ok"]] == [7]
    assert (answer["unknown"], answer["untouched"]) == ([], list(range(200, 250)))
    assert "first 200 keys" in ended.stderr
    assert len(server.admin.keys(q=start)) == 199


def test_a_long_import_shows_how_far_it_is(server, tmp_path):
    start = uuid.uuid4().hex
    file = tmp_path / "keys.jsonl"
    with file.open("w") as lines:
        for number in range(450):
            key = {"name": f"{start}-{number}", "api_key": f"sk-{start}-{number}"}
            lines.write(json.dumps(key) + "\n")
    code, output, seen = at_a_terminal(server, "keys", "import", str(file))
    assert code == 0
    assert output.splitlines()[-1] == "450 done, 0 failed"
    assert "import [" in seen and "of 450)" in seen
    # The line is gone in the end, and nothing of it is in what is printed.
    assert seen.endswith("\r\x1b[K") and "\x1b" not in output
    assert len(server.admin.keys(q=start)) == 450


# Many keys at once.


def test_many_keys_are_changed_at_once(server, issue, caller):
    keys = [issue() for _ in range(3)]
    answer = succeed_json(server, "keys", "bulk", "disable", *[key.id for key in keys], "--yes")
    assert (answer["succeeded"], answer["failed"]) == (3, 0)
    for key in keys:
        caller.deny(key, "key_disabled")
    ids = "\n".join(key.id for key in keys) + "\n\n"
    answer = succeed_json(server, "keys", "bulk", "enable", "-", "--yes", text=ids)
    assert answer["succeeded"] == 3
    for key in keys:
        caller.allow(key)


def test_a_key_that_fails_keeps_no_other_from_it(server, issue, caller):
    key = issue()
    ended = server.command(
        "keys", "bulk", "revoke", "key_" + "0" * 26, key.id, "--yes", "--output", "json"
    )
    assert ended.returncode == 1, ended
    answer = json.loads(ended.stdout)
    assert [result["ok"] for result in answer["results"]] == [False, True]
    caller.deny(key, "key_revoked")


def test_many_keys_are_rotated_at_once_and_their_secrets_shown(server, issue, caller):
    keys = [issue() for _ in range(3)]
    ids = [key.id for key in keys]
    answer = succeed_json(server, "keys", "bulk", "rotate", *ids, "--grace", "15m", "--yes")
    assert (answer["succeeded"], answer["failed"]) == (3, 0)
    assert [result["id"] for result in answer["results"]] == ids
    rotated = [Key(result["id"], result["api_key"]) for result in answer["results"]]
    assert len({key.secret for key in keys + rotated}) == 6
    for key in keys + rotated:
        caller.allow(key)
    ended = server.command("keys", "bulk", "rotate", *ids, "--grace", "none", "--yes")
    assert ended.returncode == 0, ended
    heading, *lines, summary = ended.stdout.splitlines()
    assert heading.split()[:4] == ["ID", "STATUS", "API", "KEY"]
    assert summary == "3 done, 0 failed"
    assert "keep the api_keys" in ended.stderr
    for line, key in zip(lines, rotated, strict=True):
        [id, status, secret, *_] = line.split()
        assert (id, status) == (key.id, "enabled")
        caller.deny(key, "invalid_api_key")
        caller.allow(Key(id, secret))


def test_a_rotation_of_many_leaves_out_those_that_cannot_be(server, issue, caller):
    key, revoked = issue(), issue()
    server.admin.revoke(revoked)
    ids = ["key_" + "0" * 26, key.id, "nobody", revoked.id]
    ended = server.command(
        "keys", "bulk", "rotate", *ids, "--grace", "none", "--yes", "--output", "json"
    )
    assert ended.returncode == 1, ended
    answer = json.loads(ended.stdout)
    assert (answer["succeeded"], answer["failed"]) == (1, 3)
    assert [result["id"] for result in answer["results"]] == ids
    assert [result.get("error", {}).get("code") for result in answer["results"]] == [
        "key_not_found", None, "key_not_found", "key_revoked",
    ]  # fmt: skip
    assert [("api_key" in result) for result in answer["results"]] == [False, True, False, False]
    caller.deny(key, "invalid_api_key")
    caller.allow(Key(key.id, answer["results"][1]["api_key"]))


def test_secrets_that_were_made_are_shown_though_the_rest_fails(server, issue, caller):
    key = issue()
    first = [key.id, *(f"nobody-{number}" for number in range(499))]
    # More than the server takes at once.
    ids = "\n".join([*first, "x" * (1 << 21)])
    ended = server.command(
        "keys", "bulk", "rotate", "-", "--grace", "none", "--yes", "--output", "json", text=ids
    )
    assert ended.returncode == 1, ended
    answer = json.loads(ended.stdout)
    assert (answer["succeeded"], answer["failed"]) == (1, 499)
    assert (answer["unknown"], answer["untouched"]) == ([], ["x" * (1 << 21)])
    assert "first 500 keys" in ended.stderr
    caller.allow(Key(key.id, answer["results"][0]["api_key"]))


class Lossy:
    """A proxy before a server that loses every answer but the first: the server has done its part."""

    def __init__(self, server) -> None:
        self.calls = calls = []

        class Lost(Handler):
            def do_POST(self) -> None:
                body = self.read_body()
                calls.append(body)
                headers = {name: self.headers[name] for name in ("authorization", "content-type")}
                url = f"http://{server.http}{self.path}"
                answer = requests.request(self.command, url, data=body, headers=headers, timeout=60)
                if len(calls) == 1:
                    self.answer(answer.status_code, answer.content)
                else:
                    self.close_connection = True

            do_PUT = do_POST

        self._server = LocalServer(Lost)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.stop = self._server.stop


@pytest.fixture
def lossy(server):
    proxy = Lossy(server)
    yield proxy
    proxy.stop()


def test_secrets_that_were_made_are_shown_though_the_connection_is_lost(server, lossy, caller):
    start = uuid.uuid4().hex
    fields = [{"name": f"{start}-{number}", "api_key": f"sk-{start}-{number}"} for number in range(700)]
    made = server.admin.expect(200, "POST", "/v1/keys/import", json={"keys": fields})
    ids = [result["id"] for result in made["results"]]
    arguments = ["keys", "bulk", "rotate", "-", "--grace", "none", "--yes", "--url", lossy.url]
    ended = server.command(*arguments, "--output", "json", text="\n".join([*ids, "nobody"]))
    assert ended.returncode == 1, ended
    assert len(lossy.calls) == 2
    answer = json.loads(ended.stdout)
    secrets = {result["id"]: result["api_key"] for result in answer["results"]}
    assert list(secrets) == ids[:500]
    assert (answer["succeeded"], answer["failed"]) == (500, 0)
    assert (answer["unknown"], answer["untouched"]) == ([*ids[500:], "nobody"], [])
    [line] = ended.stderr.splitlines()
    assert "not known what became of 201 keys" in line
    for id in (ids[0], ids[499]):
        caller.allow(Key(id, secrets[id]))
    # They were rotated, and nobody has their secrets: that is why they are named.
    caller.deny(Key(ids[500], f"sk-{start}-500"), "invalid_api_key")


def test_people_see_which_keys_have_an_unknown_fate(server, issue, lossy):
    keys = [issue(), issue()]
    lossy.calls.append(b"the first answer was yesterday's")
    ids = [key.id for key in keys]
    ended = server.command("keys", "bulk", "disable", *ids, "--yes", "--url", lossy.url)
    assert ended.returncode == 1, ended
    heading, *lines, summary = ended.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ids
    assert all("unknown: there was no answer" in line for line in lines)
    assert summary == "0 done, 0 failed, 2 unknown"


def test_a_server_that_was_never_reached_has_done_nothing(server, issue):
    url = f"http://127.0.0.1:{free_port()}"
    assert "cannot reach" in fail(
        server, "keys", "bulk", "disable", issue().id, "--yes", "--url", url, code=1
    )


def models(start: str, count: int) -> list[dict]:
    return [
        {"id": f"{start}-{number}", "provider": "p", "input_price": 1, "output_price": 1}
        for number in range(count)
    ]


def test_an_import_of_models_says_how_far_it_came_and_where_it_ended(tollgate, tmp_path):
    server = tollgate().start()
    wrong = models("refused", 600)
    wrong[507]["input_price"] = -1
    file = tmp_path / "models.json"
    file.write_text(json.dumps({"models": wrong}))
    ended = server.command("models", "import", str(file), "--output", "json")
    assert ended.returncode == 1, ended
    assert json.loads(ended.stdout)["imported"] == 500
    [line] = ended.stderr.splitlines()
    assert "first 500 models were imported" in line and "models[507].input_price" in line
    file.write_text(json.dumps({"models": wrong[500:]}))
    assert "models[7].input_price" in fail(server, "models", "import", str(file), code=1)
    proxy = Lossy(server)
    file.write_text(json.dumps({"models": models("lost", 600)}))
    ended = server.command("models", "import", str(file), "--url", proxy.url)
    proxy.stop()
    assert ended.returncode == 1, ended
    assert ended.stdout.startswith("500 models imported")
    assert "not known whether the next 100 were" in ended.stderr


def test_a_key_that_is_named_twice_is_not_touched(server, issue, caller):
    key = issue()
    ids = "\n".join([key.id, *(f"nobody-{number}" for number in range(500)), key.id])
    line = fail(server, "keys", "bulk", "rotate", "-", "--grace", "none", "--yes", code=2, text=ids)
    assert "named twice" in line
    caller.allow(key)


@pytest.mark.parametrize("grace", ["soon", "-5m"])
def test_a_grace_of_many_that_is_none_is_bad_usage(server, issue, caller, grace):
    key = issue()
    fail(server, "keys", "bulk", "rotate", key.id, f"--grace={grace}", "--yes", code=2)
    assert "rotate only" in fail(
        server, "keys", "bulk", "disable", key.id, "--grace", "1h", "--yes", code=2
    )
    caller.allow(key)


def test_nothing_is_done_to_many_keys_without_a_yes(server, issue, caller):
    key = issue()
    assert "--yes" in fail(server, "keys", "bulk", "delete", key.id, code=2)
    assert "no ids" in fail(server, "keys", "bulk", "delete", "-", "--yes", code=2, text="\n")
    code, output, seen = at_a_terminal(server, "keys", "bulk", "delete", key.id, says="no\n")
    assert (code, output) == (1, "")
    assert "Delete 1 key for good? [y/N]" in seen and "nothing was changed" in seen
    caller.allow(key)
    code, output, _ = at_a_terminal(server, "keys", "bulk", "delete", key.id, says="y\n")
    assert (code, output.splitlines()[-1]) == (0, "1 done, 0 failed")
    caller.deny(key, "key_revoked")


# Simulations.


def test_a_simulation_tells_what_the_key_would_be_told(server, issue, caller):
    key = issue(denied_models=["o1"], token_limits={"total": 1000})
    allowed = ["keys", "simulate", key.id, "--model", "gpt-4o"]
    answer = succeed_json(server, *allowed, "--tokens", "900")
    assert (answer["allowed"], answer["reserved_tokens"]) == (True, 900)
    ended = server.command(*allowed, "--tokens", "1001", "--output", "json")
    shown = json.loads(ended.stdout)
    said = caller.deny(key, "token_quota_exceeded", model="gpt-4o", tokens=1001)
    assert ended.returncode == DENIED
    assert (shown["reason"], shown["message"]) == (said.reason, said.message)
    assert (shown["http_status"], shown["affordable_tokens"]) == (said.http_status, 1000)
    ended = server.command("keys", "simulate", key.id, "--model", "o1")
    assert ended.returncode == DENIED
    assert ended.stdout.startswith("would be denied: ") and "model: denies" in ended.stdout
    fail(server, "keys", "simulate", key.id, "--at", "2001-01-01T00:00:00Z", code=1)
    fail(server, "keys", "simulate", "key_" + "0" * 26, code=1)


# Lists in order.


def test_keys_are_listed_by_their_last_use(server, issue, caller):
    group = uuid.uuid4().hex
    keys = [issue(group=group) for _ in range(3)]
    for key in (keys[2], keys[0]):
        caller.allow(key)
        time.sleep(0.01)
    listing = ["keys", "list", "--group", group, "--sort", "-last_used_at"]
    shown = succeed_json(server, *listing)["keys"]
    assert [key["id"] for key in shown] == [keys[place].id for place in (0, 2, 1)]
    assert [key["last_used_at"] is None for key in shown] == [False, False, True]
    table = server.command(*listing).stdout.splitlines()
    assert table[0].endswith("LAST USED") and shown[0]["last_used_at"] in table[1]
    assert "sort" in fail(server, "keys", "list", "--sort", "secret", code=1)
