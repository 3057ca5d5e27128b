"""How Envoy reaches Tollgate: over a Unix socket, TLS, mutual TLS, and over restarts."""

from __future__ import annotations

import os
import signal
import stat

import pytest
from support.certificates import Authority
from support.envoy import TLS
from support.process import eventually
from support.traffic import Load


def test_a_unix_socket_serves_envoy(tollgate, envoy_before, tmp_path):
    socket = tmp_path / "tollgate.sock"
    server = tollgate(rpc_listen=f"unix:{socket}").start()
    assert server.rpc == f"unix:{socket}"
    assert stat.S_IMODE(os.stat(socket).st_mode) & 0o007 == 0, "strangers may not ask"
    envoy = envoy_before(server.rpc)
    assert envoy.ask(server.admin.create(), model="gpt-4o").status == 200
    assert envoy.ask("sk-unknown", model="gpt-4o").status == 401


def test_a_unix_socket_survives_a_crash(tollgate, envoy_before, tmp_path):
    server = tollgate(rpc_listen=f"unix:{tmp_path / 'tollgate.sock'}").start()
    envoy = envoy_before(server.rpc)
    key = server.admin.create()
    assert envoy.ask(key, model="gpt-4o").status == 200
    server.restart()
    eventually(lambda: envoy.ask(key, model="gpt-4o").status == 200, "served again")


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path / "tls")


def tls_flags(pair, client_ca=None):
    flags = ["--tls-cert", pair.certificate, "--tls-key", pair.key]
    return flags + (["--tls-client-ca", client_ca] if client_ca else [])


def test_tls_serves_envoy(tollgate, envoy_before, authority):
    server = tollgate(*tls_flags(authority.issue("server"))).start()
    envoy = envoy_before(server.rpc, tls=TLS(authority.file))
    assert envoy.ask(server.admin.create(), model="gpt-4o").status == 200
    assert envoy.ask("sk-unknown", model="gpt-4o").status == 401


def test_mutual_tls_serves_only_clients_that_the_authority_signed(
    tollgate, envoy_before, authority, tmp_path
):
    server = tollgate(*tls_flags(authority.issue("server"), authority.file)).start()
    key = server.admin.create()
    stranger = Authority(tmp_path / "other", "stranger").issue("client")
    clients = {"known": authority.issue("client"), "none": None, "stranger": stranger}
    status = {}
    for name, client in clients.items():
        envoy = envoy_before(server.rpc, tls=TLS(authority.file, client), directory=name)
        status[name] = envoy.ask(key, model="gpt-4o").status
        envoy.kill()
    assert status == {"known": 200, "none": 503, "stranger": 503}


def test_envoy_without_tls_gets_nothing_from_a_server_with_tls(tollgate, envoy_before, authority):
    server = tollgate(*tls_flags(authority.issue("server"))).start()
    envoy = envoy_before(server.rpc)
    assert envoy.ask(server.admin.create(), model="gpt-4o").status == 503
    assert server.is_running


def always_right(envoy, good, bad):
    """One request with a good and one with a bad key; either is answered right, or not at all."""

    def step() -> str:
        allowed = envoy.ask(good, model="gpt-4o")
        denied = envoy.ask(bad, model="gpt-4o")
        assert allowed.status in (200, 503), allowed
        assert denied.status in (403, 503), denied
        assert denied.upstream is None
        if denied.status == 403:
            assert denied.reason == "model_not_allowed"
        return "answered" if (allowed.status, denied.status) == (200, 403) else "unavailable"

    return step


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_restart_under_load_gives_no_wrong_answer(tollgate, envoy_before, end):
    server = tollgate().start()
    envoy = envoy_before(server.rpc)
    good = server.admin.create(allowed_models=["gpt-4o"])
    bad = server.admin.create(denied_models=["gpt-4o"])
    with Load(always_right(envoy, good, bad)) as load:
        for _ in range(3):
            load.wait_for_more("answered", 50)
            server.send(end)
            code = server.wait()
            assert code == (0 if end == signal.SIGTERM else -end)
            load.wait_for_more("unavailable", 10)
            server.start()
        load.wait_for_more("answered", 50)


def test_a_revocation_holds_over_a_crash(tollgate, envoy_before):
    server = tollgate().start()
    envoy = envoy_before(server.rpc)
    key = server.admin.create()
    assert envoy.ask(key, model="gpt-4o").status == 200
    server.admin.revoke(key)
    server.restart()
    reply = eventually(
        lambda: (reply := envoy.ask(key, model="gpt-4o")).status != 503 and reply, "served again"
    )
    assert (reply.status, reply.reason) == (401, "key_revoked")
