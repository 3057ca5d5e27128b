"""The snippets of docs/clients.md: the one in Python is run, all are held against the messages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from grpc_tools import protoc
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clients.md").read_text()
PROTO = (ROOT / "proto/tollgate/v1/authorization.proto").read_text()


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(directory: Path, server, key) -> subprocess.CompletedProcess:
    """The page's Python program, with stubs generated the way that the page says."""
    command = re.search(r"python -m grpc_tools\.protoc (.*)", PAGE)[1].split()
    arguments = [str(ROOT / "proto") if word == "proto" else word for word in command]
    here = os.getcwd()
    try:
        os.chdir(directory)
        assert protoc.main(["protoc", *arguments]) == 0
    finally:
        os.chdir(here)
    [program] = snippets("python")
    environment = {"TOLLGATE_RPC": server.rpc, "API_KEY": key.secret, "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=directory, env=environment, timeout=60,
        capture_output=True, text=True,
    )  # fmt: skip


def test_the_python_program_checks_and_settles(server, admin, tmp_path):
    key = admin.create(allowed_models=["gpt-4o-mini"], allowed_regions=["EU"])
    done = run(tmp_path, server, key)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello.\n", "")
    [row] = admin.expect(200, "GET", f"/v1/audit-logs?key_id={key.id}")["logs"]
    assert row["outcome"] == "settled" and row["upstream_status"] == 200
    assert (row["input_tokens"], row["output_tokens"]) == (9, 3)


def test_the_python_program_passes_a_denial_on(server, admin, tmp_path):
    key = admin.create(denied_models=["gpt-4o-mini"])
    done = run(tmp_path, server, key)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("PermissionError: 403 model_not_allowed: ")
    assert key.secret not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "language, spelled",
    [
        ("python", "{}"),
        ("go", "{camel}"),
        ("java", "{camel}"),
        ("rust", "{}"),
        ("js", "{}"),
    ],
)
def test_snippets_use_fields_that_exist(language, spelled):
    text = "\n".join(snippets(language))
    fields = set(re.findall(r"^  \S+ (\w+) = \d+;", PROTO, re.MULTILINE))
    wanted = ["key", "region", "tokens", "input_tokens", "allowed", "reservation_id", "cancelled"]
    assert set(wanted) <= fields
    for field in wanted:
        camel = "".join(word.title() for word in field.split("_"))
        assert re.search(rf"{spelled.format(field, camel=camel)}\b", text), field
