"""What was answered is in the audit log, whatever happens to the process or its disk."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import ExitStack

import grpc
import pytest
from support import rpc
from support.disk import FileSizeLimit
from support.native import messages, services
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


def refusals(stub, request, count: int) -> list[grpc.RpcError]:
    """Asks so many times at once, and returns what came back instead of a decision."""
    calls = [stub.Check.future(request, timeout=rpc.TIMEOUT) for _ in range(count)]
    return [error for call in calls if (error := call.exception()) is not None]


@pytest.mark.parametrize("failing_server", [FileSizeLimit], indirect=True)
def test_readiness_follows_changes_that_cannot_be_written(failing_server):
    server, failure = failing_server
    fields = {"name": "n"}
    assert server.admin.call("POST", "/v1/keys", json=fields).status_code == 201
    assert server.status_of("/readyz") == 200
    failure.begin()
    server.until(
        lambda: server.admin.call("POST", "/v1/keys", json=fields).status_code == 503,
        "a new key is refused",
    )
    assert server.status_of("/readyz") == 503
    failure.end()
    # By itself, although nobody asks for anything.
    server.until(lambda: server.status_of("/readyz") == 200, "ready again")
    assert server.admin.create(name="afterwards").secret


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
        assert server.status_of("/readyz") == 503
        assert server.status_of("/healthz") == 200
        assert server.admin.call("POST", "/v1/keys", json={"name": "n"}).status_code == 503
        assert server.admin.get(key)["status"] == "enabled", "reading goes on"
        failure.end()
        # By itself, without a restart.
        server.until(lambda: not refusals(stub, request, 1), "allowed again")
        server.until(lambda: server.status_of("/readyz") == 200, "ready again")
        assert refusals(stub, request, 100) == []
        assert server.admin.create(name="afterwards").secret
        assert server.terminate() == 0
        server.start()
        server.until(lambda: not refusals(stub, request, 1), "allowed after a restart")
    assert server.status_of("/readyz") == 200


def test_a_key_cannot_be_made_where_it_cannot_be_kept(tollgate):
    server = tollgate().start()
    before = server.admin.create()
    disk = FileSizeLimit(server)
    disk.begin()
    answer = server.admin.call("POST", "/v1/keys", json={"name": "lost"})
    assert answer.status_code == 503
    assert "api_key" not in answer.json()
    assert server.admin.call("POST", f"/v1/keys/{before.id}/revoke").status_code == 503
    assert server.is_running
    disk.end()
    # Nobody asks for decisions meanwhile: the next change finds the disk working again.
    assert server.admin.create(name="found").secret
    server.restart()
    assert len(server.admin.keys(name="found")) == 1
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
