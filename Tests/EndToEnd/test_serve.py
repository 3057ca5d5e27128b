"""`tollgate serve` as its operator knows it: settings, first start, signals, exit codes."""

from __future__ import annotations

import datetime
import json
import re
import signal
import socket
import ssl
import stat

import grpc
import pytest
import requests
from support import http1, rpc
from support.admin import TIMEOUT, Admin
from support.certificates import Authority
from support.native import messages, services
from support.process import eventually, free_port
from support.tollgate import run


def assert_one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_port_zero_picks_a_free_port_and_says_which(tollgate):
    server = tollgate(rpc_listen="127.0.0.1:0", http_listen="127.0.0.1:0").start()
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", server.rpc)
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", server.http)
    assert requests.get(f"http://{server.http}/readyz", timeout=TIMEOUT).status_code == 200


def test_the_ready_line_is_all_that_standard_output_gets(tollgate):
    server = tollgate().start()
    server.admin.create()
    assert server.terminate() == 0
    assert_one_line(server.output)


def test_the_data_directory_is_its_owners_alone(tollgate):
    server = tollgate().start()
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


def first_key(output: str) -> str:
    [secret] = set(re.findall(r"tg_live_[0-9A-Za-z]{33}", output))
    return secret


def test_the_first_start_prints_an_administrators_key_and_the_second_none(tollgate):
    server = tollgate(environment={"TOLLGATE_ADMIN_KEY": ""}).start()
    secret = first_key(server.output)
    assert secret not in server.errors
    assert Admin(f"http://{server.http}", secret).create()
    assert server.terminate() == 0
    server.start()
    assert "tg_live_" not in server.output
    assert Admin(f"http://{server.http}", secret).create()


def test_the_operators_own_admin_key_is_not_printed(tollgate):
    server = tollgate().start()
    assert server.admin.create()
    assert server.admin_key not in server.output + server.errors
    assert "tg_live_" not in server.output


def test_another_admin_key_is_added_to_the_ones_there_are(tollgate):
    server = tollgate().start()
    old = server.admin_key
    assert server.terminate() == 0
    server.admin_key = "another-admin-key-of-mine"
    server.start()
    for secret in (old, server.admin_key):
        assert Admin(f"http://{server.http}", secret).call("GET", "/v1/keys").status_code == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--no-such-flag"],
        ["serve", "--rpc-listen"],
        ["serve", "--rpc-listen", "nonsense"],
        ["serve", "--rpc-listen", "127.0.0.1:99999"],
        ["serve", "--http-listen", "127.0.0.1"],
        ["serve", "--durability", "hope"],
        ["serve", "--threads", "0"],
        ["serve", "--threads", "many"],
        ["serve", "--log-format", "xml"],
        ["serve", "--log-level", "loud"],
        ["serve", "--trusted-hops", "-1"],
        ["serve", "--trust-request-headers", "perhaps"],
        ["serve", "--tls-cert", "certificate.pem"],
        ["serve", "--tls-client-ca", "authority.pem"],
        ["serve", "--http-tls-client-ca", "authority.pem"],
        ["serve", "--config", "no-such-file.yaml"],
        ["serve", "--data-dir", ""],
        ["serve", "extra"],
        ["no-such-command"],
    ],
    ids=" ".join,
)
def test_a_bad_flag_is_named_in_one_line_and_exit_code_2(tmp_path, arguments):
    ended = run(*arguments, directory=tmp_path)
    assert ended.returncode == 2, ended
    assert ended.stdout == ""
    assert_one_line(ended.stderr)
    assert not (tmp_path / "tollgate-data").exists()


@pytest.mark.parametrize("variable", ["TOLLGATE_RPC_LISTEN", "TOLLGATE_DURABILITY"])
def test_a_bad_variable_is_named(tmp_path, variable):
    ended = run("serve", environment={variable: "nonsense"}, directory=tmp_path)
    assert ended.returncode == 2
    assert variable in assert_one_line(ended.stderr)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("no_such_setting: 1\n", "no_such_setting"),
        ("durability: hope\n", "durability"),
        ("threads: [1, 2]\n", "threads"),
        ("threads: 1\nthreads: 2\n", "threads"),
        ("- a\n- list\n", "mapping"),
        ("{{{\n", "config.yaml"),
        ("rpc_listen: 127.0.0.1:0\nrpc-listen: 127.0.0.1:0\n", "rpc-listen"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, named):
    (tmp_path / "config.yaml").write_text(text)
    ended = run("serve", "--config", "config.yaml", directory=tmp_path)
    assert ended.returncode == 2
    assert named in assert_one_line(ended.stderr)


def test_flags_win_over_variables_and_variables_over_the_file(tollgate, tmp_path):
    ports = [free_port() for _ in range(5)]
    file = tmp_path / "config.yaml"
    file.write_text(
        f"rpc_listen: 127.0.0.1:{ports[0]}\nhttp-listen: 127.0.0.1:{ports[1]}\nthreads: 1\n"
        f"data_dir: {tmp_path / 'file-data'}\n"
    )
    by_file = run_until_ready(tollgate, tmp_path, "file", "--config", file)
    assert by_file == (f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}")
    environment = {"TOLLGATE_RPC_LISTEN": f"127.0.0.1:{ports[2]}"}
    by_variable = run_until_ready(
        tollgate, tmp_path, "variable", "--config", file, environment=environment
    )
    assert by_variable == (f"127.0.0.1:{ports[2]}", f"127.0.0.1:{ports[1]}")
    by_flag = run_until_ready(
        tollgate, tmp_path, "flag", "--config", file, "--rpc-listen", f"127.0.0.1:{ports[3]}",
        environment=environment,
    )  # fmt: skip
    assert by_flag == (f"127.0.0.1:{ports[3]}", f"127.0.0.1:{ports[1]}")
    assert (tmp_path / "file-data").is_dir()


def run_until_ready(tollgate, tmp_path, name, *flags, environment={}) -> tuple[str, str]:
    """Starts a server with these settings and no others; returns where it listens."""
    server = tollgate(*flags, directory=name, environment=environment)
    server.launch_only(with_defaults=False)
    match = server.until(
        lambda: re.search(r"^tollgate ready rpc=(\S+) http=(\S+)$", server.output, re.M), "ready"
    )
    assert server.terminate() == 0
    return match.groups()


@pytest.mark.parametrize("kind", ["a file", "inside a file", "no permission"])
def test_a_directory_that_cannot_be_is_a_failed_start(tmp_path, kind):
    file = tmp_path / "file"
    file.write_text("not a directory")
    target = {"a file": file, "inside a file": file / "data", "no permission": "/proc/tollgate"}
    ended = run(
        "serve", "--data-dir", target[kind], "--rpc-listen", "127.0.0.1:0", "--http-listen",
        "127.0.0.1:0", directory=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 1
    assert str(target[kind]) in assert_one_line(ended.stderr)


def test_a_data_directory_serves_one_process_at_a_time(tollgate, tmp_path):
    server = tollgate().start()
    ended = run(
        "serve", "--data-dir", server.data, "--rpc-listen", "127.0.0.1:0", "--http-listen",
        "127.0.0.1:0", directory=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 1
    assert str(server.data) in assert_one_line(ended.stderr)
    assert server.admin.create()


@pytest.mark.parametrize("listener", ["--rpc-listen", "--http-listen"])
def test_an_address_in_use_is_a_failed_start(tmp_path, listener):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        addresses = {"--rpc-listen": "127.0.0.1:0", "--http-listen": "127.0.0.1:0"}
        addresses[listener] = address
        flags = [word for pair in addresses.items() for word in pair]
        ended = run("serve", "--data-dir", tmp_path / "data", *flags, directory=tmp_path)
    assert ended.returncode == 1
    assert address in assert_one_line(ended.stderr)


@pytest.mark.parametrize("listener", ["rpc_listen", "http_listen"])
def test_the_first_key_is_shown_by_the_first_start_that_succeeds(tollgate, listener):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = tollgate(environment={"TOLLGATE_ADMIN_KEY": ""}, **{listener: address})
        server.launch_only()
        assert server.wait() == 1
        assert server.output == ""
    server.start()
    assert Admin(f"http://{server.http}", first_key(server.output)).create()


def test_a_number_below_zero_is_refused_as_the_value_that_it_is(tmp_path):
    ended = run("serve", "--threads", "-1", directory=tmp_path)
    assert ended.returncode == 2
    assert "must be a number from 1 to 1024" in assert_one_line(ended.stderr)
    ended = run("keys", "create", "--rpm", "-1", environment={"TOLLGATE_ADMIN_KEY": "any-admin-key"})
    assert ended.returncode == 2
    assert "'-1' is invalid for '--rpm" in assert_one_line(ended.stderr)


def test_a_unix_socket_in_use_is_a_failed_start(tollgate, tmp_path):
    address = f"unix:{tmp_path / 'tollgate.sock'}"
    server = tollgate(rpc_listen=address).start()
    ended = run(
        "serve", "--data-dir", tmp_path / "other", "--rpc-listen", address, "--http-listen",
        "127.0.0.1:0", directory=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 1
    with rpc.connect(server.rpc) as channel:
        request = messages.CheckRequest(key=server.admin.create().secret, model="gpt-4o")
        assert services.AuthorizationStub(channel).Check(request, timeout=rpc.TIMEOUT).allowed


def test_an_http_socket_in_use_is_a_failed_start_and_stays_whose_it_is(tollgate, tmp_path):
    path = tmp_path / "http.sock"
    tollgate(http_listen=f"unix:{path}").start()
    ended = run(
        "serve", "--data-dir", tmp_path / "other", "--rpc-listen", "127.0.0.1:0", "--http-listen",
        f"unix:{path}", directory=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 1
    assert f"http listener on unix:{path}: the address is in use" in ended.stderr
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT)
        client.connect(str(path))
        client.sendall(http1.request("GET", "/healthz"))
        assert client.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("listener", ["rpc_listen", "http_listen"])
def test_a_unix_socket_is_for_owner_and_group_and_goes_with_the_server(
    tollgate, tmp_path, listener
):
    path = tmp_path / "tollgate.sock"
    without_mask = ["sh", "-c", 'umask 0; exec "$@"', "sh"]
    server = tollgate(through=without_mask, **{listener: f"unix:{path}"}).start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    # A crash leaves the socket behind, which the next start replaces.
    server.restart()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert server.terminate() == 0
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_server_with_exit_code_0(tollgate, number):
    server = tollgate().start()
    server.send(number)
    assert server.wait() == 0


def test_idle_connections_do_not_keep_a_server_alive(tollgate):
    server = tollgate().start()
    with rpc.connect(server.rpc) as channel:
        request = messages.CheckRequest(key="k")
        services.AuthorizationStub(channel).Check(request, timeout=rpc.TIMEOUT)
        host, port = server.rpc.split(":")
        with socket.create_connection((host, int(port)), TIMEOUT):
            assert server.terminate() == 0


def test_a_client_that_does_not_read_keeps_no_server_from_ending(tollgate):
    server = tollgate().start()
    note = {"note": "x" * 3000}
    question = messages.CheckRequest(
        key=server.admin.create().secret, model="gpt-4o", metadata=note
    )
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        # More than all buffers on the way to the client take.
        answers = stub.CheckStream(iter([question] * 6000), timeout=rpc.TIMEOUT)
        assert sum(answer.allowed for answer in answers) == 6000
    host, port = server.http.split(":")
    with socket.socket() as client:
        client.settimeout(TIMEOUT)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, int(port)))
        bearer = {"authorization": f"Bearer {server.admin_key}"}
        client.sendall(http1.request("GET", "/v1/audit-logs?format=jsonl&limit=all", bearer))
        assert client.recv(12) == b"HTTP/1.1 200"
        assert server.terminate() == 0


def tls_serial(address: str, authority: Authority) -> int:
    """The serial number of the certificate that a TLS listener shows now."""
    context = ssl.create_default_context(cafile=str(authority.file))
    context.set_alpn_protocols(["h2"])
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), TIMEOUT) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.version() == "TLSv1.3"
            assert secure.selected_alpn_protocol() == "h2"
            certificate = secure.getpeercert()
    return int(certificate["serialNumber"], 16)


def test_a_hangup_reloads_the_certificate_without_an_interruption(tollgate, tmp_path):
    authority = Authority(tmp_path / "tls")
    used, first, second = (authority.issue(name) for name in ("used", "first", "second"))
    first.copy_over(used)
    server = tollgate("--tls-cert", used.certificate, "--tls-key", used.key).start()
    credentials = grpc.ssl_channel_credentials(authority.file.read_bytes())
    with rpc.connect(server.rpc, credentials) as channel:
        stub = services.AuthorizationStub(channel)
        request = messages.CheckRequest(key=server.admin.create().secret, model="gpt-4o")
        assert stub.Check(request, timeout=rpc.TIMEOUT).allowed
        assert tls_serial(server.rpc, authority) == first.serial
        second.copy_over(used)
        server.send(signal.SIGHUP)
        eventually(lambda: tls_serial(server.rpc, authority) == second.serial, "the new one")
        assert stub.Check(request, timeout=rpc.TIMEOUT).allowed


def test_a_bad_certificate_is_not_loaded_in_the_place_of_a_good_one(tollgate, tmp_path):
    authority = Authority(tmp_path / "tls")
    used, first, second = (authority.issue(name) for name in ("used", "first", "second"))
    first.copy_over(used)
    server = tollgate("--tls-cert", used.certificate, "--tls-key", used.key).start()
    # The certificate of one pair with the key of another.
    used.certificate.write_bytes(second.certificate.read_bytes())
    before = len(server.errors)
    server.send(signal.SIGHUP)
    server.until(lambda: len(server.errors) > before, "a line about the failed reload")
    assert tls_serial(server.rpc, authority) == first.serial


@pytest.mark.parametrize("problem", ["no file", "not a certificate", "the key of another"])
def test_tls_files_that_cannot_be_are_a_failed_start(tmp_path, problem):
    authority = Authority(tmp_path / "tls")
    pair, other = authority.issue("server"), authority.issue("other")
    if problem == "no file":
        pair.certificate.unlink()
    elif problem == "not a certificate":
        pair.certificate.write_text("nonsense")
    else:
        pair.key.write_bytes(other.key.read_bytes())
    ended = run(
        "serve", "--data-dir", tmp_path / "data", "--rpc-listen", "127.0.0.1:0", "--http-listen",
        "127.0.0.1:0", "--tls-cert", pair.certificate, "--tls-key", pair.key, directory=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 1
    line = assert_one_line(ended.stderr)
    assert str(pair.certificate) in line or str(pair.key) in line


def test_the_management_api_speaks_tls_when_told_to(tollgate, tmp_path):
    authority = Authority(tmp_path / "tls")
    pair = authority.issue("server")
    server = tollgate("--http-tls-cert", pair.certificate, "--http-tls-key", pair.key).start()
    admin = Admin(f"https://{server.http}", server.admin_key, verify=str(authority.file))
    assert admin.create()


def test_the_management_api_takes_only_clients_of_its_authority(tollgate, tmp_path):
    authority, other = Authority(tmp_path / "tls"), Authority(tmp_path / "tls", "other")
    pair, client, stranger = authority.issue("server"), authority.issue("client"), other.issue("stranger")
    trusted = tmp_path / "clients.pem"
    trusted.write_bytes(authority.file.read_bytes())
    server = tollgate(
        "--http-tls-cert", pair.certificate, "--http-tls-key", pair.key, "--http-tls-client-ca", trusted
    ).start()

    def status(shown):
        admin = Admin(
            f"https://{server.http}", server.admin_key, verify=str(authority.file),
            certificate=shown and (str(shown.certificate), str(shown.key)),
        )  # fmt: skip
        try:
            return admin.call("GET", "/v1/keys").status_code
        except (requests.exceptions.SSLError, requests.exceptions.ConnectionError):
            return None

    assert [status(shown) for shown in (client, stranger, None)] == [200, None, None]
    trusted.write_bytes(other.file.read_bytes())
    assert [status(shown) for shown in (client, stranger, None)] == [None, 200, None]
    trusted.write_text("no certificate")
    assert [status(shown) for shown in (client, stranger, None)] == [None, 200, None]
    assert "cannot be reloaded" in server.errors


def test_a_client_of_an_authority_that_was_taken_away_cannot_resume_its_session(tollgate, tmp_path):
    authority, other = Authority(tmp_path / "tls"), Authority(tmp_path / "tls", "other")
    pair, client = authority.issue("server"), authority.issue("client")
    trusted = tmp_path / "clients.pem"
    trusted.write_bytes(authority.file.read_bytes())
    server = tollgate(
        "--http-tls-cert", pair.certificate, "--http-tls-key", pair.key, "--http-tls-client-ca", trusted
    ).start()
    host, port = server.http.split(":")
    context = ssl.create_default_context(cafile=str(authority.file))
    context.load_cert_chain(client.certificate, client.key)
    # Here the client knows of its refusal when the handshake is over.
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def connect(session=None):
        plain = socket.create_connection((host, int(port)), TIMEOUT)
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as secure:
            secure.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            assert secure.recv(12) == b"HTTP/1.1 200"
            return secure.session

    session = connect()
    connect(session)
    trusted.write_bytes(other.file.read_bytes())
    with pytest.raises(OSError):
        connect(session)


def test_commands_show_a_certificate(tollgate, tmp_path):
    authority = Authority(tmp_path / "tls")
    pair, client = authority.issue("server"), authority.issue("client")
    flags = ["--http-tls-cert", pair.certificate, "--http-tls-key", pair.key]
    server = tollgate(*flags, "--http-tls-client-ca", authority.file).start()
    ask = ["keys", "list", "--url", f"https://{server.http}", "--ca-cert", authority.file]
    ended = server.command(*ask, "--client-cert", client.certificate, "--client-key", client.key)
    assert ended.returncode == 0, ended.stderr
    variables = {"TOLLGATE_CLIENT_CERT": str(client.certificate), "TOLLGATE_CLIENT_KEY": str(client.key)}
    assert server.command(*ask, environment=variables).returncode == 0
    ended = server.command(*ask)
    assert ended.returncode == 1 and "--client-cert" in assert_one_line(ended.stderr)
    ended = server.command(*ask, "--client-cert", client.certificate)
    assert ended.returncode == 2 and "--client-key" in assert_one_line(ended.stderr)
    ended = server.command(*ask, "--client-cert", client.certificate, "--client-key", pair.key)
    assert ended.returncode == 2 and str(pair.key) in assert_one_line(ended.stderr)


def test_the_pepper_can_come_from_the_environment(tollgate):
    server = tollgate(environment={"TOLLGATE_PEPPER": "ab" * 32}).start()
    key = server.admin.create()
    server.restart()
    assert server.admin.get(key)
    assert not [file for file in server.data.rglob("*") if "pepper" in file.name]


def test_log_lines_can_be_json(tollgate):
    server = tollgate("--log-format", "json").start()
    assert server.terminate() == 0
    lines = server.errors.splitlines()
    assert lines
    for line in lines:
        entry = json.loads(line)
        assert {"level", "message"} <= set(entry)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])
        datetime.datetime.fromisoformat(entry["time"])


def test_help_and_version_are_answers():
    for arguments in (["--help"], ["serve", "--help"], ["keys", "--help"], ["--version"]):
        ended = run(*arguments)
        assert ended.returncode == 0
        assert ended.stdout and not ended.stderr


def test_no_command_prints_the_commands():
    ended = run()
    assert "serve" in ended.stdout + ended.stderr
