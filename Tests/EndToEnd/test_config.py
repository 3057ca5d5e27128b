"""`tollgate config` and `tollgate completions`: what a server would be started with, and shells."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from support.certificates import Authority
from support.tollgate import binary, run


def test_print_says_where_each_setting_comes_from_and_masks_secrets(tmp_path):
    file = tmp_path / "tollgate.yaml"
    file.write_text("threads: 3\nlog-format: json\ndurability: power\n")
    environment = {
        "TOLLGATE_THREADS": "4", "TOLLGATE_ADMIN_KEY": "canary-admin-key",
        "TOLLGATE_PEPPER": "5a" * 32,
    }  # fmt: skip
    arguments = ["config", "print", "--config", file, "--log-format", "text", "--output", "json"]
    ended = run(*arguments, environment=environment)
    assert ended.returncode == 0, ended.stderr
    assert "canary" not in ended.stdout and "5a5a" not in ended.stdout
    settings = {row["name"]: (row["value"], row["source"]) for row in json.loads(ended.stdout)["settings"]}
    assert settings["threads"] == ("4", "TOLLGATE_THREADS")
    assert settings["log-format"] == ("text", "--log-format")
    assert settings["durability"] == ("power", f"{file}: durability")
    assert settings["rpc-listen"] == ("127.0.0.1:7411", "default")
    assert settings["admin-key"] == ("********", "TOLLGATE_ADMIN_KEY")
    assert settings["tls-cert"] == (None, "default")
    table = run("config", "print", "--config", file, environment=environment).stdout
    assert table.splitlines()[0].split() == ["SETTING", "VALUE", "SOURCE"]


def test_check_names_every_problem_and_exits_with_2(tmp_path):
    file = tmp_path / "tollgate.yaml"
    file.write_text("thread: 3\nlog-format: xml\nbudget-status: 500\n")
    ended = run(
        "config", "check", "--config", file, "--tls-cert", tmp_path / "none.pem",
        environment={"TOLLGATE_THREADS": "many", "TOLLGATE_ADMIN_KEY": "canary-admin-key"},
    )  # fmt: skip
    assert ended.returncode == 2 and ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 5, lines
    for word in ["'thread'", "TOLLGATE_THREADS", "log-format", "budget-status", "--tls-cert"]:
        assert any(word in line for line in lines), word
    assert "canary" not in ended.stderr


@pytest.mark.parametrize(
    ("flag", "text"), [("--pepper", "canary"), ("--admin-key", "canary"), ("--admin-key", "canary key")]
)
def test_check_refuses_the_secrets_that_serve_refuses(tmp_path, flag, text):
    checked = run("config", "check", flag, text)
    served = run("serve", "--data-dir", tmp_path / "data", flag, text)
    assert (checked.returncode, served.returncode) == (2, 2)
    [line] = checked.stderr.splitlines()
    assert served.stderr.splitlines() == [line]
    assert line.startswith(f"tollgate: {flag}: ") and "canary" not in line
    assert not (tmp_path / "data").exists()


def test_print_says_what_is_wrong_as_well(tmp_path):
    ended = run("config", "print", "--config", tmp_path / "none.yaml")
    assert ended.returncode == 2 and "none.yaml" in ended.stderr
    ended = run("config", "print", "--threads", "many")
    assert ended.returncode == 2 and "--threads" in ended.stderr
    assert "many" in ended.stdout


def test_check_looks_into_files(tmp_path):
    (tmp_path / "a.pem").write_text("no certificate")
    ended = run("config", "check", "--tls-cert", tmp_path / "a.pem", "--tls-key", tmp_path / "a.pem")
    assert ended.returncode == 2 and "a.pem" in ended.stderr
    (tmp_path / "b.pem").write_text("no certificate either")
    http = ["--http-tls-cert", tmp_path / "b.pem", "--http-tls-key", tmp_path / "b.pem"]
    ended = run("config", "check", *http)
    assert ended.returncode == 2 and "b.pem" in ended.stderr
    pair = Authority(tmp_path / "tls").issue("server")
    http = ["--http-tls-cert", pair.certificate, "--http-tls-key", pair.key, "--http-tls-client-ca"]
    ended = run("config", "check", *http, tmp_path / "b.pem")
    assert ended.returncode == 2 and "b.pem" in ended.stderr
    assert run("config", "check", *http, pair.certificate).returncode == 0
    ended = run("config", "check", "--models", tmp_path / "none.json")
    assert ended.returncode == 2 and "none.json" in ended.stderr


def test_check_is_content_with_what_serves():
    ended = run("config", "check", "--threads", "1", "--trust-request-headers")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_name_the_commands_and_are_scripts_of_their_shell(tmp_path, shell):
    ended = run("completions", shell)
    assert ended.returncode == 0, ended.stderr
    for word in ["keys", "rotate", "backup", "data-dir"]:
        assert word in ended.stdout
    script = tmp_path / "script"
    script.write_text(ended.stdout)
    if shutil.which(shell):
        subprocess.run([shell, "-n", script], check=True)


def test_bash_completes_a_command(tmp_path):
    script = tmp_path / "script"
    script.write_text(run("completions", "bash").stdout)
    program = f"""
        source {script}
        COMP_WORDS=(tollgate keys ro); COMP_CWORD=2; COMP_LINE="tollgate keys ro"; COMP_POINT=16
        PATH={binary().parent}:$PATH
        complete -p tollgate >/dev/null && _tollgate tollgate ro keys && printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ended = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60)
    assert "rotate" in ended.stdout.split(), ended.stderr


def test_completions_of_an_unknown_shell_are_refused():
    assert run("completions", "csh").returncode == 2
