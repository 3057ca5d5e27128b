"""Backup and restore, of a server that runs and of one that does not."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import tarfile
import threading

import pytest

from support import disk, rpc
from support.caller import Caller
from support.local_http import Handler, LocalServer
from support.process import eventually
from support.tollgate import binary, clean_environment, run


def restore(backup, directory, *more):
    return run("restore", backup, "--data-dir", directory, *more)


def start_on(tollgate, data, name="restored", **options):
    """A server on a data directory that was restored."""
    server = tollgate(directory=name, **options)
    server.directory.mkdir(parents=True, exist_ok=True)
    shutil.copytree(data, server.data)
    return server.start()


def test_a_backup_under_load_is_exact_to_its_position(tollgate, tmp_path):
    server = tollgate().start()
    key = server.admin.create(token_limits={"daily": 1_000_000_000})
    stop, answered, settled = threading.Event(), [], []

    def load():
        with rpc.connect(server.rpc) as channel:
            caller = Caller(channel)
            while not stop.is_set():
                answered.append(caller.allow(key, tokens=100).reservation_id)
                if len(answered) % 3 == 0:
                    caller.settle(answered[-1], input_tokens=10, output_tokens=20)
                    settled.append(answered[-1])

    worker = threading.Thread(target=load)
    worker.start()
    try:
        eventually(lambda: len(answered) >= 200, "some requests were answered")
        first = (len(answered), len(settled))
        file = tmp_path / "live.tar"
        ended = server.command("backup", "--output", str(file), "--include-pepper", "--json")
        last = (len(answered) + 1, len(settled) + 1)
    finally:
        stop.set()
        worker.join()
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["includes_pepper"] is True and told["position"] > 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    ended = restore(file, tmp_path / "data", "--open-windows", "keep", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["position"] >= told["position"]
    copy = start_on(tollgate, tmp_path / "data", admin_key=server.admin_key)
    logs = copy.admin.logs(key_id=key.id)
    known = {entry["reservation_id"] for entry in logs}
    usage = copy.admin.usage(key)
    # A prefix of what was answered, nothing less than before and nothing more than after.
    assert first[0] <= len(known) <= last[0]
    assert known >= set(answered[: len(known) - 1])
    assert usage.total.requests == usage.used["day"].requests == len(known)
    ended_count = len(known) - usage.open_requests
    assert first[1] <= ended_count <= last[1]
    assert usage.held.tokens == 100 * usage.open_requests
    assert usage.total.tokens == 100 * usage.open_requests + 30 * ended_count
    # It goes on where the backup was made: what is open can be settled, once.
    with rpc.connect(copy.rpc) as channel:
        caller = Caller(channel)
        caller.applied(answered[0], input_tokens=1) if answered[0] not in settled else None
        assert caller.settle(settled[0], input_tokens=1).outcome == "duplicate"
    assert copy.terminate() == 0


def test_open_windows_start_anew_when_asked_to(tollgate, tmp_path):
    server = tollgate().start()
    key = server.admin.create(token_limits={"daily": 1000, "total": 5000})
    with rpc.connect(server.rpc) as channel:
        caller = Caller(channel)
        caller.applied(caller.allow(key, tokens=800), input_tokens=800)
        held = caller.allow(key, tokens=100)
        caller.deny(key, "token_quota_exceeded", tokens=900)
    file = tmp_path / "live.tar"
    assert server.command("backup", "--output", str(file), "--include-pepper").returncode == 0
    for windows, allowed in [("keep", False), ("reset", True)]:
        data = tmp_path / f"data-{windows}"
        assert restore(file, data, "--open-windows", windows).returncode == 0
        copy = start_on(tollgate, data, f"server-{windows}", admin_key=server.admin_key)
        with rpc.connect(copy.rpc) as channel:
            caller = Caller(channel)
            assert caller.check(key, tokens=900).allowed is allowed
            # What is held stays counted, and so does what was used in total.
            caller.deny(key, "token_quota_exceeded", tokens=101)
            caller.applied(held, input_tokens=40)
            usage = copy.admin.usage(key)
            assert usage.used["day"].tokens == (940 if allowed else 840)
            assert usage.total.tokens == 840 + (900 if allowed else 0)
        assert copy.terminate() == 0


def test_a_server_that_does_not_run_is_backed_up_from_its_directory(tollgate, tmp_path):
    server = tollgate().start()
    key = server.admin.create(name="kept")
    file = tmp_path / "offline.tar"
    refused = run("backup", "--data-dir", server.data, "--output", file)
    assert refused.returncode == 1 and "while it runs" in refused.stderr
    assert not file.exists()
    assert server.terminate() == 0
    ended = run("backup", "--data-dir", server.data, "--output", file)
    assert ended.returncode == 0, ended.stderr
    assert "pepper is not in it" in ended.stdout

    # The pepper is kept apart, and put in its place before or after.
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(server.data / "pepper", data / "pepper")
    ended = restore(file, data, "--open-windows", "keep")
    assert ended.returncode == 0, ended.stderr
    copy = start_on(tollgate, data, admin_key=server.admin_key)
    assert copy.admin.get(key)["name"] == "kept"


def test_every_tar_reads_a_backup_and_it_holds_no_secret_in_the_clear(tollgate, tmp_path):
    server = tollgate().start()
    key = server.admin.create(name="kept")
    file = tmp_path / "live.tar"
    assert server.command("backup", "--output", str(file)).returncode == 0
    with tarfile.open(file) as archive:
        names = archive.getnames()
    assert names[-1] == "manifest.txt" and "pepper" not in names
    assert all(name.startswith("db/") for name in names[:-1])
    content = file.read_bytes()
    assert key.secret.encode() not in content
    assert server.admin_key.encode() not in content
    assert (server.data / "pepper").read_bytes() not in content


@pytest.mark.parametrize("damage", ["cut", "flipped", "longer", "empty", "other"])
def test_a_backup_that_is_not_whole_is_refused_and_nothing_written(tollgate, tmp_path, damage):
    server = tollgate().start()
    file = tmp_path / "live.tar"
    assert server.command("backup", "--output", str(file)).returncode == 0
    content = bytearray(file.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "flipped":
        content[600] ^= 1
    elif damage == "longer":
        content += b"x"
    elif damage == "empty":
        content.clear()
    else:
        content[:] = b"This is something else.\n" * 1000
    file.write_bytes(content)
    ended = restore(file, tmp_path / "data", "--open-windows", "keep")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1 and str(file) in ended.stderr
    assert not (tmp_path / "data").exists()


def test_restoring_asks_about_open_windows(tollgate, tmp_path):
    server = tollgate().start()
    file = tmp_path / "live.tar"
    assert server.command("backup", "--output", str(file)).returncode == 0
    ended = restore(file, tmp_path / "data")
    assert ended.returncode == 2 and "--open-windows" in ended.stderr
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "something").touch()
    ended = restore(file, tmp_path / "data", "--open-windows", "keep")
    assert ended.returncode == 1 and "not empty" in ended.stderr
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["something"]


def test_a_person_is_asked_and_the_answer_counts(tollgate, tmp_path):
    server = tollgate().start()
    file = tmp_path / "live.tar"
    assert server.command("backup", "--output", str(file)).returncode == 0
    person, terminal = pty.openpty()
    asked = subprocess.Popen(
        [binary(), "restore", file, "--data-dir", tmp_path / "data", "--json"],
        stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(),
    )  # fmt: skip
    os.close(terminal)
    os.write(person, b"perhaps\nreset\n")
    output, errors = asked.communicate(timeout=60)
    os.close(person)
    assert asked.returncode == 0, errors
    assert json.loads(output)["open_windows"] == "reset"
    assert errors.count(b"[keep|reset]") == 2


@pytest.mark.parametrize("failing_server", [disk.FullDisk], indirect=True)
def test_a_full_disk_refuses_the_backup_and_nothing_else(failing_server, tmp_path):
    server, failure = failing_server
    key = server.admin.create()
    failure.begin()
    file = tmp_path / "live.tar"
    ended = server.command("backup", "--output", str(file))
    assert ended.returncode == 1 and len(ended.stderr.splitlines()) == 1
    assert not file.exists()
    assert server.is_running
    assert server.admin.get(key)["status"] == "enabled"
    failure.end()
    server.until(lambda: server.status_of("/readyz") == 200, "ready")
    ended = server.command("backup", "--output", str(file))
    assert ended.returncode == 0, ended.stderr
    assert not [path.name for path in server.data.iterdir() if path.name.startswith("checkpoint")]


def test_a_backup_that_nobody_reads_to_its_end_makes_room_for_the_next(tollgate, tmp_path):
    server = tollgate().start()

    def begun():
        answer = server.admin.call("POST", "/v1/backups", stream=True)
        if answer.status_code == 200:
            return answer
        # It takes a moment until the server knows that the last reader has gone.
        assert answer.status_code == 409 and answer.json()["error"]["code"] == "backup_running"
        return None

    for _ in range(3):
        answer = eventually(begun, "a backup begins")
        next(answer.iter_content(512))
        answer.close()
    eventually(
        lambda: server.command("backup", "--output", str(tmp_path / "t.tar")).returncode == 0,
        "another backup",
    )
    # What a process leaves that was killed meanwhile is removed by the next.
    for name in ["checkpoint", "checkpoint.tmp"]:
        (server.data / name).mkdir()
        (server.data / name / "000001.sst").write_bytes(b"left")
    server.restart()
    assert not [path.name for path in server.data.iterdir() if path.name.startswith("checkpoint")]


def test_a_backup_needs_an_administrator_of_everything(server, issue, tmp_path):
    file = tmp_path / "live.tar"
    weak = issue(permissions={"manage_keys": True})
    environment = {"TOLLGATE_ADMIN_KEY": weak.secret}
    ended = server.command("backup", "--output", str(file), environment=environment)
    assert ended.returncode == 1 and "all permissions" in ended.stderr
    assert list(tmp_path.iterdir()) == []
    file.touch()
    ended = server.command("backup", "--output", str(file))
    assert ended.returncode == 1 and "already" in ended.stderr
    assert server.admin.call("POST", "/v1/backups", json={"more": 1}).status_code == 400
    assert server.admin.call("GET", "/v1/backups").status_code == 405


def test_a_pepper_from_outside_is_in_no_backup(tollgate, tmp_path):
    server = tollgate(environment={"TOLLGATE_PEPPER": "5a" * 32}).start()
    file = tmp_path / "live.tar"
    ended = server.command("backup", "--output", str(file), "--include-pepper")
    assert ended.returncode == 1 and "pepper" in ended.stderr
    assert server.command("backup", "--output", str(file)).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_backup_that_is_interrupted_leaves_nothing(tmp_path, number):
    begun, over = threading.Event(), threading.Event()

    class Endless(Handler):
        def do_POST(self) -> None:
            self.read_body()

            def pieces():
                yield b"x" * 1000
                begun.set()
                over.wait(60)

            self.answer_in_chunks(200, pieces())

    server, file = LocalServer(Endless), tmp_path / "t.tar"
    process = subprocess.Popen(
        [binary(), "backup", "--output", file, "--url", f"http://127.0.0.1:{server.port}"],
        env=clean_environment({"TOLLGATE_ADMIN_KEY": "some-key"}),
    )
    try:
        eventually(lambda: (tmp_path / "t.tar.partial").exists() and begun.is_set(), "it has begun")
        process.send_signal(number)
        assert process.wait(timeout=60) == -number
        assert list(tmp_path.iterdir()) == []
    finally:
        process.kill()
        over.set()
        server.stop()
