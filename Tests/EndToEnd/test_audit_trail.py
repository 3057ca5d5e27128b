"""The audit trail beyond single pages: settled usage, exports, administrators, strangers, proof."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import socket
import time
import uuid
from decimal import Decimal

import pytest
import requests
from support import rpc
from support.admin import TIMEOUT
from support.caller import MODEL, PRICE, USD, Caller, question
from support.flood import flood
from support.process import eventually
from support.tollgate import run


def rows(server, **filters) -> list[dict]:
    """All rows, by the export of JSON lines."""
    answer = server.admin.call(
        "GET", "/v1/audit-logs", params={"format": "jsonl", "limit": "all", **filters}
    )
    assert answer.status_code == 200
    return [json.loads(line, parse_float=Decimal) for line in answer.text.splitlines()]


def test_settled_usage_is_in_the_row(tollgate):
    server = tollgate().start()
    key = server.admin.create(name="Production App")
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        settled = caller.allow(
            key, tokens=1000, request_id="settled", action="chat:completions", provider="openai",
            client_ip="203.0.113.42", user_agent="openai-python/1.3.0",
            metadata={"user_id": "user_123"},
        )  # fmt: skip
        cancelled = caller.allow(key, tokens=1000, request_id="cancelled")
        caller.allow(key, tokens=1000, request_id="open")
        cost = caller.applied(
            settled, input_tokens=150, output_tokens=200, cached_input_tokens=50, status=200,
            latency_ms=245, supplier="openai-eu", region="EU",
        )  # fmt: skip
        caller.applied(cancelled, cancelled=True)
    assert cost == PRICE.cost(150, 200, 50)
    found = {row["request_id"]: row for row in rows(server, key_id=key.id)}
    row = found["settled"]
    expected = {
        "api_key_id": key.id, "api_key_name": "Production App", "action": "chat:completions",
        "model": MODEL, "provider": "openai", "status": "success", "outcome": "settled",
        "latency_ms": 245, "upstream_status": 200, "input_tokens": 150, "output_tokens": 200,
        "metadata": {"user_id": "user_123"}, "ip_address": "203.0.113.42",
        "user_agent": "openai-python/1.3.0", "supplier": None, "region": None,
        "billed_model": MODEL, "billed_provider": "openai", "billed_supplier": "openai-eu",
        "billed_region": "EU",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["tokens"]["prompt"] == 150 and row["tokens"]["completion"] == 200
    assert row["tokens"]["total"] == 350
    assert row["cost_usd"] * USD == cost
    assert found["cancelled"]["outcome"] == "cancelled" and found["cancelled"]["cost_usd"] == 0
    assert found["open"]["outcome"] == "open" and found["open"]["cost_usd"] is None
    assert found["open"]["billed_model"] is None
    # A table has the same, in columns of their own.
    table = server.admin.call("GET", f"/v1/audit-logs?format=csv&key_id={key.id}").text
    [line] = [row for row in csv.DictReader(io.StringIO(table)) if row["request_id"] == "settled"]
    assert (line["billed_model"], line["billed_supplier"], line["supplier"]) == (MODEL, "openai-eu", "")
    # The other product's path tells the same.
    logs = server.admin.expect(200, "GET", f"/v1/manage/logs?key_id={key.id}&since=2024-01-15T00:00:00Z")
    assert {row["request_id"] for row in logs["logs"]} == set(found)
    # Also after the end of the process, whatever was sealed meanwhile.
    server.restart()
    assert {row["request_id"]: row for row in rows(server, key_id=key.id)} == found


def test_usage_is_the_sum_of_the_rows(tollgate):
    server = tollgate().start()
    keys = [server.admin.create(name=f"key {number}") for number in range(3)]
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        for number in range(60):
            model = ["gpt-4o", "gpt-4o-mini"][number % 2]
            answer = caller.allow(keys[number % 3], tokens=500 + number, model=model)
            if number % 4:
                caller.applied(answer, input_tokens=number * 7, output_tokens=number, status=200)
    usage = json.loads(
        server.admin.call("GET", "/v1/usage?group_by=key,model,day").text, parse_float=Decimal
    )
    expected: dict[tuple, list] = {}
    for row in rows(server):
        sums = expected.setdefault((row["timestamp"][:10], row["key_id"], row["model"]), [0, 0, 0])
        sums[0] += 1
        sums[1] += row["tokens"]["total"] or 0
        sums[2] += row["cost_usd"] or 0
    found = {
        (group["day"], group["key_id"], group["model"]): [
            group["requests"], group["tokens"], group["cost_usd"],
        ]
        for group in usage["groups"]
    }  # fmt: skip
    assert found == expected
    assert usage["total"]["cost_usd"] == sum(sums[2] for sums in expected.values())
    # A key without permissions sees its own usage, and no other's.
    own = requests.get(
        f"http://{server.http}/v1/usage", headers=keys[0].bearer, timeout=TIMEOUT
    ).json()
    assert own["total"]["requests"] == 20
    for path in ["/v1/audit-logs", f"/v1/usage?key_id={keys[1].id}", f"/v1/keys/{keys[1].id}/usage"]:
        answer = requests.get(f"http://{server.http}{path}", headers=keys[0].bearer, timeout=TIMEOUT)
        assert answer.status_code == 403, path
    answer = requests.get(
        f"http://{server.http}/v1/keys/{keys[0].id}/usage", headers=keys[0].bearer, timeout=TIMEOUT
    )
    assert answer.status_code == 200


def test_a_table_is_safe_to_open(tollgate):
    server = tollgate().start()
    key = server.admin.create(name='=HYPERLINK("http://evil")')
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        caller.check(key, user_agent='@SUM(1), "quoted"', metadata={"note": "a,b"})
        caller.check(key, user_agent="-1+1")
    text = server.admin.call("GET", f"/v1/audit-logs?format=csv&key_id={key.id}").text
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["user_agent"] for row in table] == ["'-1+1", "'@SUM(1), \"quoted\""]
    assert {row["api_key_name"] for row in table} == {"'=HYPERLINK(\"http://evil\")"}
    assert json.loads(table[1]["metadata"]) == {"note": "a,b"}
    assert text.count("\r\n") == 3 and text.replace("\r\n", "").count("\n") == 0


def test_a_flood_of_strangers_is_one_row_for_each_source_and_minute(tollgate):
    server = tollgate().start()
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        for number in range(300):
            caller.check(f"sk-canary-{number}", client_ip=f"192.0.2.{number % 3}")
        caller.allow(key)
    assert server.terminate() == 0
    server.start()
    strangers = rows(server, reason="invalid_api_key")
    assert sum(row["count"] for row in strangers) == 300
    assert {row["ip_address"] for row in strangers} == {f"192.0.2.{n}" for n in range(3)}
    # A minute may have ended meanwhile.
    assert len(strangers) <= 6
    assert all(row["key_id"] is None and row["first_seen"] <= row["last_seen"] for row in strangers)
    assert len(rows(server, key_id=key.id)) == 1


def test_a_directory_is_proved_and_an_edit_is_found(tollgate, tmp_path):
    file = tmp_path / "checkpoints.jsonl"
    server = tollgate("--audit-checkpoints", file).start()
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        for number in range(50):
            Caller(channel).check(key, request_id=f"request-{number:04}")
    verify = ["verify", "--data-dir", server.data]
    busy = run(*verify)
    assert busy.returncode == 1 and busy.stderr.startswith("tollgate: ")
    assert server.terminate() == 0
    sound = run(*verify, "--checkpoints", file, "--output", "json")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert json.loads(sound.stdout)["ok"] is True
    lines = file.read_text().splitlines()
    assert lines and all(json.loads(line)["signature"] for line in lines)
    # An older state of the directory is not what the checkpoints say.
    forged = json.loads(lines[-1])
    forged["position"] += 1000
    file.write_text(json.dumps(forged) + "\n")
    found = run(*verify, "--checkpoints", file)
    assert found.returncode == 1 and "is not signed" in found.stdout
    assert run("verify", "--data-dir", tmp_path / "nothing").returncode == 1


def test_a_checkpoint_that_could_only_be_begun_spoils_no_other(tollgate, tmp_path):
    file = tmp_path / "checkpoints.jsonl"
    # What others have written into it: more than any other file of the server has.
    with open(file, "wb") as log:
        log.truncate(96 << 20)
        log.seek(0, os.SEEK_END)
        log.write(b"\n")
    empty = file.stat().st_size
    server = tollgate("--audit-checkpoints", file).start()
    eventually(lambda: file.stat().st_size > empty, "the first checkpoint")
    whole = file.stat().st_size
    limits = (whole + 100, resource.RLIM_INFINITY)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
    server.admin.create()
    assert server.terminate() == 0
    assert "cannot write: took 100 of" in server.errors
    assert file.stat().st_size == whole
    server.start()
    server.admin.create()
    assert server.terminate() == 0
    assert file.stat().st_size > whole
    ended = run("verify", "--data-dir", server.data, "--checkpoints", file)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("kind", ["socket", "udp"])
def test_checkpoints_go_to_a_log_daemon_and_are_proof_from_there(tollgate, tmp_path, kind):
    with socket.socket(
        socket.AF_UNIX if kind == "socket" else socket.AF_INET, socket.SOCK_DGRAM
    ) as daemon:
        daemon.settimeout(TIMEOUT)
        path = f"/tmp/tollgate-{uuid.uuid4().hex}"
        daemon.bind(path if kind == "socket" else ("127.0.0.1", 0))
        place = path if kind == "socket" else f"//127.0.0.1:{daemon.getsockname()[1]}"
        server = tollgate("--audit-checkpoints", f"syslog:{place}").start()
        try:
            key = server.admin.create()
            with rpc.connect(server.rpc) as channel:
                Caller(channel).check(key)
            assert server.terminate() == 0
            # At the start, and at the end with what came meanwhile.
            messages = [daemon.recv(65536).decode() for _ in range(2)]
        finally:
            if kind == "socket":
                os.unlink(path)
    head = {
        "socket": r"<109>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d tollgate\[\d+\]: ",
        "udp": r"<109>1 \d{4}-\d\d-\d\dT\S+Z \S+ tollgate \d+ checkpoint - ",
    }[kind]
    assert all(re.match(head + r"\{\"time\":.*\}$", text) for text in messages), messages
    # As a daemon writes them into a file, among lines of others.
    log = tmp_path / "syslog"
    lines = [re.sub("^<109>", "", text) for text in messages]
    log.write_text("\n".join(["Jan  1 00:00:00 host cron[7]: a line", *lines, ""]))
    verify = ["verify", "--data-dir", server.data, "--output", "json"]
    sound = run(*verify, "--checkpoints", log)
    assert sound.returncode == 0, sound.stdout
    assert "checkpoints: 2 compared" in sound.stdout
    log.write_text(log.read_text().replace('"sealed":', '"sealed":1'))
    assert "is not signed" in run(*verify, "--checkpoints", log).stdout
    log.write_text("Jan  1 00:00:00 host cron[7]: a line\n")
    assert "has no checkpoint" in run(*verify, "--checkpoints", log).stdout


def test_a_log_daemon_that_is_missing_is_logged_once_and_stops_nobody(tollgate, tmp_path):
    server = tollgate("--audit-checkpoints", f"syslog:{tmp_path}/nobody").start()
    assert server.admin.call("GET", "/v1/keys").status_code == 200
    assert server.terminate() == 0
    assert server.errors.count("cannot connect") == 1
    for odd in ["syslog:relative", "syslog://", "syslog://host:0", "syslog://host:70000"]:
        ended = run("config", "check", "--audit-checkpoints", odd)
        assert ended.returncode == 2 and "--audit-checkpoints" in ended.stderr, odd


def test_commands_export_and_sum_up(tollgate, tmp_path):
    server = tollgate().start()
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        for number in range(25):
            Caller(channel).check(key, request_id=f"r{number}")
    file = tmp_path / "audit.csv"
    done = server.command("audit", "--format", "csv", "--output-file", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(file.read_text().splitlines()) == 26
    assert not (tmp_path / "audit.csv.part").exists()
    lines = server.command("audit", "--format", "jsonl", "--key-id", key.id, "--limit", "10")
    assert [json.loads(line)["request_id"] for line in lines.stdout.splitlines()] == [
        f"r{number}" for number in range(24, 14, -1)
    ]
    refused = server.command("audit", "--format", "csv", "--status", "odd")
    assert refused.returncode == 1 and "status" in refused.stderr
    usage = server.command("usage", "--group-by", "key,model")
    assert usage.returncode == 0
    assert key.id in usage.stdout and usage.stdout.splitlines()[-1].startswith("all")


def load(server, key, count: int) -> None:
    """So many decisions."""
    flood(
        server.rpc,
        question(key, tokens=100, user_agent="agent/1.0", metadata={"team": "search"}),
        count,
    )


def resident(server) -> int:
    """The server's memory, in bytes."""
    with open(f"/proc/{server.pid}/status") as status:
        [line] = [line for line in status if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


@pytest.mark.slow
def test_an_export_takes_no_memory(tollgate):
    count = 1_000_000
    server = tollgate().start()
    key = server.admin.create()
    load(server, key, count)
    # Sealing has its own memory; it is not what is measured.
    time.sleep(3)
    before = resident(server)
    most = found = 0
    with requests.get(
        f"http://{server.http}/v1/audit-logs?format=jsonl", stream=True, timeout=TIMEOUT,
        headers={"authorization": f"Bearer {server.admin_key}"},
    ) as answer:  # fmt: skip
        for piece in answer.iter_content(1 << 20):
            found += piece.count(b"\n")
            most = max(most, resident(server))
    assert found == count
    assert most - before <= 64 << 20, f"{(most - before) >> 20} MiB more"


def test_a_download_that_is_given_up_stops(tollgate):
    server = tollgate().start()
    key = server.admin.create()
    load(server, key, 20_000)
    for _ in range(5):
        with requests.get(
            f"http://{server.http}/v1/audit-logs?format=jsonl", stream=True, timeout=TIMEOUT,
            headers={"authorization": f"Bearer {server.admin_key}"},
        ) as answer:  # fmt: skip
            assert next(answer.iter_content(1 << 10))
    assert server.admin.call("GET", "/v1/audit-logs?limit=1").status_code == 200
    assert server.terminate() == 0
