"""What was answered is in the audit log, whatever happens to the process or its disk."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack

import grpc
import pytest
import requests
from support import rpc
from support.admin import TIMEOUT
from support.native import messages, services
from support.process import eventually
from support.traffic import Load, Witness


def assert_recorded(server, witnesses: list[Witness]) -> None:
    """Each answered decision is in the audit log once, as it was answered."""
    decisions = [each for witness in witnesses for each in witness.decisions]
    entries = server.admin.logs()
    count = Counter(entry["request_id"] for entry in entries)
    found = {entry["request_id"]: entry for entry in entries}
    missing = [each for each in decisions if each.request_id not in found]
    assert not missing, f"{len(missing)} of {len(decisions)} answered decisions are lost"
    for decision in decisions:
        entry = found[decision.request_id]
        assert count[decision.request_id] == 1
        assert (entry["status"] == "success") == decision.is_allowed
        assert (entry["reservation_id"] or "") == decision.reservation


@pytest.mark.parametrize("durability", ["process", "power"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_what_was_answered_is_recorded_after_the_end(tollgate, durability, end):
    server = tollgate("--durability", durability).start()
    allowed = server.admin.create().secret
    denied = server.admin.create(denied_models=["gpt-4o"]).secret
    witnesses: list[Witness] = []
    for _ in range(3):
        with ExitStack() as stack:
            present = [
                Witness(stack.enter_context(rpc.connect(server.rpc)), allowed, denied)
                for _ in range(4)
            ]
            witnesses += present
            loads = [stack.enter_context(Load(witness.ask, threads=1)) for witness in present]
            for load in loads:
                load.wait_for_more("answered", 100)
            server.send(end)
            server.wait()
        server.start()
        assert_recorded(server, witnesses)


def test_an_answer_under_power_durability_waits_for_no_second_request(tollgate):
    server = tollgate("--durability", "power").start()
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        request = messages.CheckRequest(key=key.secret, model="gpt-4o")
        for _ in range(20):
            assert stub.Check(request, timeout=rpc.TIMEOUT).allowed


def test_keys_and_their_changes_are_there_after_a_crash(tollgate):
    server = tollgate().start()
    admin = server.admin
    kept, disabled, revoked, changed = (admin.create(name=f"key {n}") for n in range(4))
    admin.disable(disabled)
    admin.revoke(revoked)
    admin.patch(changed, allowed_models=["claude-*"], metadata={"team": "search"})
    before = {key.id: admin.get(key) for key in (kept, disabled, revoked, changed)}
    server.restart()
    assert {key.id: server.admin.get(key) for key in (kept, disabled, revoked, changed)} == before
    reasons = [""] + ["key_disabled", "key_revoked", "model_not_allowed"]
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        for key, reason in zip((kept, disabled, revoked, changed), reasons, strict=True):
            request = messages.CheckRequest(key=key.secret, model="gpt-4o")
            assert stub.Check(request, timeout=rpc.TIMEOUT).reason == reason


def test_a_paused_server_goes_on_where_it_was(tollgate):
    server = tollgate().start()
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        request = messages.CheckRequest(key=key.secret, model="gpt-4o")
        assert stub.Check(request, timeout=rpc.TIMEOUT).allowed
        server.send(signal.SIGSTOP)
        waiting = stub.Check.future(request, timeout=rpc.TIMEOUT)
        with pytest.raises(grpc.RpcError) as caught:
            stub.Check(request, timeout=0.2)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        server.send(signal.SIGCONT)
        assert waiting.result().allowed
        assert stub.Check(request, timeout=rpc.TIMEOUT).allowed


class FileSizeLimit:
    """The log of the database cannot grow: every write to it fails, as with a broken disk."""

    def __init__(self, server) -> None:
        self._server = server

    def begin(self) -> None:
        self._set(max(file.stat().st_size for file in self._server.data.rglob("*.log")))

    def end(self) -> None:
        self._set(resource.RLIM_INFINITY)

    def _set(self, limit: int) -> None:
        limits = (limit, resource.RLIM_INFINITY)
        resource.prlimit(self._server.pid, resource.RLIMIT_FSIZE, limits)


class FullDisk:
    """A small file system of its own for the data, which something else fills up."""

    def __init__(self, server) -> None:
        self._folder = server.data
        self._ballast = server.data / "ballast"
        server.data.mkdir(mode=0o700, parents=True)
        options = "size=256m,mode=0700"
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tollgate-test", str(server.data)],
            capture_output=True, text=True,
        )  # fmt: skip
        if made.returncode != 0:
            pytest.skip(f"needs the right to mount a file system: {made.stderr.strip()}")

    def begin(self) -> None:
        with open(self._ballast, "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(b"\0" * size) == size:
                        pass
                except OSError:
                    continue

    def end(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", str(self._folder)], check=True)


@pytest.fixture(params=[FileSizeLimit, FullDisk], ids=["no writes", "a full disk"])
def failing_server(request, tollgate):
    """A server and the failure of its disk."""
    server = tollgate()
    failure = request.param(server)
    yield server.start(), failure
    server.kill()
    if isinstance(failure, FullDisk):
        failure.remove()


def refusals(stub, request, count: int) -> list[grpc.RpcError]:
    """Asks so many times at once, and returns what came back instead of a decision."""
    calls = [stub.Check.future(request, timeout=rpc.TIMEOUT) for _ in range(count)]
    return [error for call in calls if (error := call.exception()) is not None]


def test_without_a_journal_nothing_is_allowed(failing_server, envoy_before):
    server, failure = failing_server
    envoy = envoy_before(server.rpc)
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        # Large records, for the database has taken some room for its log beforehand.
        padding = {str(number): "x" * 900 for number in range(4)}
        request = messages.CheckRequest(key=key.secret, model="gpt-4o", metadata=padding)
        assert refusals(stub, request, 1) == []
        failure.begin()
        server.until(lambda: refusals(stub, request, 500), "checks are refused")
        errors = refusals(stub, request, 500)
        assert len(errors) == 500, "allowed without a record"
        assert {error.code() for error in errors} == {grpc.StatusCode.UNAVAILABLE}
        assert envoy.ask(key, model="gpt-4o").status == 503
        assert envoy.ask("sk-unknown", model="gpt-4o").status == 503
        assert status_of(server, "/readyz") == 503
        assert status_of(server, "/healthz") == 200
        assert server.admin.call("POST", "/v1/keys", json={"name": "n"}).status_code == 503
        assert server.admin.get(key)["status"] == "enabled", "reading goes on"
        failure.end()
        assert server.terminate() == 0
        server.start()
        server.until(lambda: not refusals(stub, request, 1), "allowed again")
    assert status_of(server, "/readyz") == 200


def status_of(server, path: str) -> int:
    return requests.get(f"http://{server.http}{path}", timeout=TIMEOUT).status_code


def test_a_key_cannot_be_made_where_it_cannot_be_kept(tollgate):
    server = tollgate().start()
    before = server.admin.create()
    FileSizeLimit(server).begin()
    answer = server.admin.call("POST", "/v1/keys", json={"name": "lost"})
    assert answer.status_code == 503
    assert "api_key" not in answer.json()
    assert server.admin.call("POST", f"/v1/keys/{before.id}/revoke").status_code == 503
    assert server.is_running
    server.restart()
    assert server.admin.keys(name="lost") == []
    assert server.admin.get(before)["status"] == "enabled"


@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST"])
def test_a_damaged_store_is_not_served(tollgate, name):
    server = tollgate().start()
    server.admin.create()
    assert server.terminate() == 0
    [file] = [file for file in server.data.rglob("*") if file.name.startswith(name)]
    file.write_bytes(b"\xff" * os.path.getsize(file))
    server.launch_only()
    assert server.wait() == 1
    assert "ready" not in server.output


def test_a_store_without_its_pepper_is_not_served(tollgate):
    server = tollgate().start()
    server.admin.create()
    assert server.terminate() == 0
    peppers = [file for file in server.data.rglob("*") if "pepper" in file.name]
    assert len(peppers) == 1
    assert peppers[0].stat().st_mode & 0o777 == 0o600
    peppers[0].unlink()
    server.launch_only()
    assert server.wait() == 1, "a new pepper would turn every key into an unknown one"
