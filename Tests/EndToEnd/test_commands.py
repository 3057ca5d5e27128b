"""The commands that talk to a server: what they print, and how they end."""

from __future__ import annotations

import json
import uuid

import pytest
from support import rpc
from support.certificates import Authority
from support.native import messages, services
from support.process import free_port
from support.tollgate import run

DENIED = 3


def succeed(server, *arguments: str) -> str:
    """Runs a command that must work; returns what it printed."""
    ended = server.command(*arguments)
    assert ended.returncode == 0, ended
    return ended.stdout


def succeed_json(server, *arguments: str):
    return json.loads(succeed(server, *arguments, "--output", "json"))


def fail(server, *arguments: str, code: int = 1, **options) -> str:
    """Runs a command that must not work; returns the one line that says why."""
    ended = server.command(*arguments, **options)
    assert ended.returncode == code, ended
    assert ended.stdout == ""
    [line] = ended.stderr.strip().splitlines()
    return line


def test_the_life_of_a_key(server):
    name = f"life-{uuid.uuid4()}"
    made = succeed_json(
        server, "keys", "create", "--name", name, "--allowed-models", "gpt-4o",
        "--allowed-regions", "EU",
    )  # fmt: skip
    id, secret = made["id"], made["api_key"]
    check = ["--key", secret, "--model", "gpt-4o", "--rpc", server.rpc]

    found = succeed_json(server, "keys", "get", id)
    assert (found["name"], found["status"]) == (name, "enabled")
    assert (found["allowed_models"], found["allowed_regions"]) == (["gpt-4o"], ["EU"])
    assert [key["id"] for key in succeed_json(server, "keys", "list", "--name", name)["keys"]] == [id]

    assert succeed_json(server, "check", *check, "--region", "EU")["allowed"]
    ended = server.command("check", *check, "--region", "US", "--output", "json")
    assert ended.returncode == DENIED
    assert json.loads(ended.stdout)["reason"] == "region_not_allowed"

    succeed(server, "keys", "disable", id)
    ended = server.command("check", *check, "--region", "EU", "--output", "json")
    assert (ended.returncode, json.loads(ended.stdout)["reason"]) == (DENIED, "key_disabled")
    succeed(server, "keys", "enable", id)
    assert succeed_json(server, "check", *check, "--region", "EU")["allowed"]

    succeed(server, "keys", "revoke", id, "--yes")
    ended = server.command("check", *check, "--region", "EU", "--output", "json")
    assert (ended.returncode, json.loads(ended.stdout)["reason"]) == (DENIED, "key_revoked")
    assert succeed_json(server, "keys", "get", id)["status"] == "revoked"

    logs = succeed_json(server, "audit", "--key-id", id)["logs"]
    assert [entry["reason"] for entry in logs] == [
        "key_revoked", None, "key_disabled", "region_not_allowed", None,
    ]  # fmt: skip


def test_tables_are_for_people(server):
    name = f"table-{uuid.uuid4().hex[:8]}"
    made = succeed(server, "keys", "create", "--name", name)
    assert "tg_live_" in made
    secret = next(word for word in made.split() if word.startswith("tg_live_"))
    table = succeed(server, "keys", "list", "--name", name)
    assert name in table
    assert f"…{secret[-4:]}" in table
    assert secret not in table


def test_a_deletion_leaves_the_record(server):
    id = succeed_json(server, "keys", "create", "--name", "n")["id"]
    succeed(server, "keys", "delete", id, "--yes")
    assert succeed_json(server, "keys", "get", id)["status"] == "revoked"


@pytest.mark.parametrize("command", ["revoke", "delete"])
def test_what_cannot_be_undone_is_not_done_without_a_yes(server, command):
    id = succeed_json(server, "keys", "create", "--name", "n")["id"]
    ended = server.command("keys", command, id)
    assert ended.returncode != 0
    assert "--yes" in ended.stderr
    assert succeed_json(server, "keys", "get", id)["status"] == "enabled"


def test_an_error_of_the_server_is_one_line(server):
    assert "not" in fail(server, "keys", "get", "key_" + "0" * 26)
    assert "environment" in fail(server, "keys", "create", "--name", "n", "--environment", "A B")
    assert "status" in fail(server, "audit", "--status", "odd")


def test_a_wrong_administrator_is_told_so(server):
    wrong = {"TOLLGATE_ADMIN_KEY": "sk-canary-of-nobody"}
    line = fail(server, "keys", "list", environment=wrong)
    assert "sk-canary-of-nobody" not in line


def test_a_server_that_is_not_there_is_one_line(server):
    address = f"127.0.0.1:{free_port()}"
    line = fail(server, "keys", "list", environment={"TOLLGATE_URL": f"http://{address}"})
    assert address in line
    fail(server, "check", "--key", "k", "--model", "m", "--rpc", address)


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "no-such"],
        ["keys", "get"],
        ["keys", "create"],
        ["keys", "create", "--no-such-flag"],
        ["keys", "list", "--limit", "many"],
        ["audit", "--limit", "0"],
        ["check", "--tokens", "-1"],
        ["check", "--metadata", "no-value"],
        ["keys", "list", "--output", "xml"],
        ["keys", "list", "--org", ""],
        ["keys", "create", "--name", "n", "--denied-models", ""],
        ["keys", "list", "--url", "http://127.0.0.1:99999"],
        ["keys", "list", "--url", "http://127.0.0.1:0"],
        ["check", "--rpc", "127.0.0.1:99999"],
        ["check", "--rpc", "https://127.0.0.1:0"],
    ],
    ids=" ".join,
)
def test_bad_usage_is_exit_code_2(server, arguments):
    fail(server, *arguments, code=2)


def test_a_list_is_stored_without_the_spaces_in_it(server):
    made = succeed_json(
        server, "keys", "create", "--name", "n", "--denied-models", "x, gpt-4 ", "--allowed-ips", " 10.0.0.0/8",
    )  # fmt: skip
    assert made["denied_models"] == ["x", "gpt-4"]
    assert made["ip_allowlist"]["addresses"] == ["10.0.0.0/8"]
    fail(server, "keys", "update", made["id"], "--denied-models", "x,", code=2)
    assert succeed_json(server, "keys", "get", made["id"])["denied_models"] == ["x", "gpt-4"]
    made = succeed_json(server, "keys", "update", made["id"], "--denied-models", "none")
    assert "denied_models" not in made or not made["denied_models"]


def test_flags_win_over_variables(server):
    flags = ["--url", f"http://{server.http}", "--admin-key", server.admin_key]
    wrong = {"TOLLGATE_URL": "http://127.0.0.1:1", "TOLLGATE_ADMIN_KEY": "nobody"}
    assert run("keys", "list", *flags, environment=wrong).returncode == 0


def test_check_speaks_to_a_unix_socket(tollgate, tmp_path):
    server = tollgate(rpc_listen=f"unix:{tmp_path / 'tollgate.sock'}").start()
    secret = server.admin.create().secret
    ended = server.command("check", "--key", secret, "--model", "m", "--rpc", server.rpc)
    assert ended.returncode == 0, ended


def test_check_speaks_tls_as_all_commands_do(tollgate, tmp_path):
    authority = Authority(tmp_path / "tls")
    pair, client = authority.issue("server"), authority.issue("client")
    flags = ["--tls-cert", pair.certificate, "--tls-key", pair.key]
    server = tollgate(*flags, "--tls-client-ca", authority.file).start()
    secret = server.admin.create().secret
    for command in (["check"], ["policy", "explain"]):
        ask = [*command, "--key", secret, "--model", "m", "--rpc", f"https://{server.rpc}"]
        trust = ["--ca-cert", authority.file]
        shown = ["--client-cert", client.certificate, "--client-key", client.key]
        assert server.command(*ask, *trust, *shown).returncode == 0
        variables = {
            "TOLLGATE_CA_CERT": str(authority.file), "TOLLGATE_CLIENT_CERT": str(client.certificate),
            "TOLLGATE_CLIENT_KEY": str(client.key),
        }  # fmt: skip
        ended = server.command(*ask, environment=variables)
        assert ended.returncode == 0, ended
        assert "--ca-cert" in fail(server, *ask, *shown)
        assert "--client-cert" in fail(server, *ask, *trust)
        assert "--client-key" in fail(server, *ask, *trust, *shown[:2], code=2)
        assert "none.pem" in fail(server, *ask, "--ca-cert", tmp_path / "none.pem", code=2)
        plain = [*ask[:-1], server.rpc]
        assert f"https://{server.rpc}" in fail(server, *plain, *trust, *shown)


def test_a_check_without_a_key_is_an_answer(server):
    ended = server.command("check", "--model", "m", "--rpc", server.rpc, "--output", "json")
    assert ended.returncode == DENIED
    assert json.loads(ended.stdout)["reason"] == "missing_api_key"


def test_a_check_is_the_rpcs_own_answer(server, channel, issue):
    key = issue(denied_models=["o1"])
    ended = server.command(
        "check", "--key", key.secret, "--model", "o1", "--rpc", server.rpc, "--output", "json"
    )
    request = messages.CheckRequest(key=key.secret, model="o1")
    answer = services.AuthorizationStub(channel).Check(request, timeout=rpc.TIMEOUT)
    shown = json.loads(ended.stdout)
    assert (shown["reason"], shown["message"]) == (answer.reason, answer.message)
    assert shown["key_id"] == key.id
