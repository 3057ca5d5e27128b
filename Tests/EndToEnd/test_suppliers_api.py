"""Suppliers: their credentials go in and are nowhere to be found."""

from __future__ import annotations

CREDENTIAL = "sk-canary-5f2a91-credential"
SUPPLIER = {
    "name": "openai-eu", "provider": "openai", "region": "EU",
    "base_url": "https://eu.api.openai.com/v1", "models": ["gpt-*"],
    "credential": {"type": "bearer", "value": CREDENTIAL},
}  # fmt: skip


def test_suppliers_survive_a_restart_and_their_credentials_are_in_no_file(tollgate):
    server = tollgate("--log-level", "trace").start()
    admin = server.admin
    shown = admin.expect(200, "PUT", "/v1/suppliers", json={"suppliers": [SUPPLIER]})
    server.restart()
    again = server.admin.expect(200, "GET", "/v1/suppliers")
    assert again["suppliers"] == shown["suppliers"]
    assert again["suppliers"][0]["has_credential"] is True
    assert server.terminate() == 0
    files = [path for path in server.directory.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert CREDENTIAL.encode() not in path.read_bytes(), path
    assert CREDENTIAL not in server.output
    assert CREDENTIAL not in str(shown) + str(again)


def test_the_command_line_sets_suppliers_without_showing_credentials(server, tmp_path):
    file = tmp_path / "credential"
    file.write_text(CREDENTIAL + "\n")
    made = server.command(
        "suppliers", "set", "by-command", "--provider", "openai",
        "--base-url", "https://api.openai.com/v1", "--credential-file", str(file),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    changed = server.command(
        "suppliers", "set", "by-command", "--region", "US", "--credential-file", "-",
        "--credential-type", "header", "--credential-header", "api-key", text="other\n",
    )  # fmt: skip
    assert changed.returncode == 0, changed.stderr
    listed = server.command("suppliers", "list", "--provider", "openai")
    assert "by-command" in listed.stdout
    assert "header" in listed.stdout
    for output in (made, changed, listed):
        assert CREDENTIAL not in output.stdout + output.stderr
    refused = server.command("suppliers", "delete", "by-command")
    assert refused.returncode == 2, "nobody can be asked"
    gone = server.command("suppliers", "delete", "by-command", "--yes")
    assert (gone.returncode, gone.stdout) == (0, "by-command removed\n")
    assert server.admin.call("GET", "/v1/suppliers/by-command").status_code == 404
    nothing = server.command("suppliers", "set", "by-command")
    assert nothing.returncode == 2
