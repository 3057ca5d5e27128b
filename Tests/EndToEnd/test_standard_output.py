"""What is printed reaches somebody, or the program says that it has not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.admin import Admin
from support.process import eventually, free_port
from support.tollgate import binary, clean_environment


@dataclass(frozen=True)
class Output:
    """A standard output of the test's choice; None is a closed one."""

    end: int | None

    def open(self, *arguments: str | Path, **options) -> subprocess.Popen:
        """Starts the program with it."""
        if self.end is None:
            closing = ["sh", "-c", 'exec "$0" "$@" >&-']
            return subprocess.Popen([*closing, binary(), *arguments], **options)
        return subprocess.Popen([binary(), *arguments], stdout=self.end, **options)


def command(server, output: Output, *arguments: str) -> subprocess.Popen[str]:
    environment = {"TOLLGATE_URL": f"http://{server.http}", "TOLLGATE_ADMIN_KEY": server.admin_key}
    return output.open(
        *arguments, stderr=subprocess.PIPE, text=True, env=clean_environment(environment)
    )


def said(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """How a command has ended, and its lines on standard error."""
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors.splitlines()


@pytest.fixture(params=["full", "closed", "gone"])
def lost(request):
    """A standard output that takes nothing."""
    if request.param == "closed":
        yield Output(None)
        return
    if request.param == "full":
        end = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, end = os.pipe()
        os.close(reader)
    yield Output(end)
    os.close(end)


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize("action", ["create", "rotate", "list", "bulk"])
def test_a_result_that_nobody_has_seen_is_a_failure(server, issue, lost, action, output):
    arguments = {
        "create": ["keys", "create", "--name", "unseen"],
        "rotate": ["keys", "rotate", issue().id],
        "list": ["keys", "list"],
        "bulk": ["keys", "bulk", "disable", issue().id, "--yes"],
    }[action]
    code, errors = said(command(server, lost, *arguments, "--output", output))
    assert code == 1
    [line] = errors
    assert line.startswith("tollgate: standard output cannot be written: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"], ["--version"], ["completions", "bash"], ["config", "print"], ["config", "check"],
        ["audit"], ["audit", "--format", "csv"], ["usage"], ["check", "--model", "m"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_command_says_so(server, issue, lost, arguments):
    issue()
    if arguments[0] == "check":
        arguments = [*arguments, "--rpc", server.rpc]
    code, errors = said(command(server, lost, *arguments))
    assert code == 1
    [line] = errors
    assert line.startswith("tollgate: standard output cannot be written")


def test_what_follows_ends_with_its_reader(server, issue):
    issue()
    process = command(server, Output(subprocess.PIPE), "audit", "--follow", "--type", "management")
    assert process.stdout.readline().startswith("TIME")
    process.stdout.close()
    # Nothing happens that would have to be written.
    process.wait(timeout=60)
    assert (process.returncode, process.stderr.read()) == (0, "")
    process.stderr.close()


def test_what_follows_says_that_the_disk_is_full(server, issue):
    issue()
    with open("/dev/full", "w") as full:
        code, errors = said(command(server, Output(full.fileno()), "audit", "--follow"))
    assert (code, len(errors)) == (1, 1)


class Starts:
    """Starts of a server on one directory."""

    def __init__(self, directory) -> None:
        self.directory = directory
        self.http = f"127.0.0.1:{free_port()}"
        self.log = directory / "log"

    def start(self, output: Output = Output(subprocess.PIPE)) -> subprocess.Popen:
        arguments = ["--data-dir", self.directory / "data", "--http-listen", self.http]
        arguments += ["--rpc-listen", f"127.0.0.1:{free_port()}"]
        with self.log.open("wb") as errors:
            return output.open("serve", *arguments, stderr=errors, env=clean_environment())

    @property
    def lines(self) -> list[str]:
        """What was logged that is no matter of course."""
        return [line for line in self.log.read_text().splitlines() if " info " not in line]

    def is_serving(self) -> bool:
        try:
            return Admin(f"http://{self.http}", None).call("GET", "/readyz").status_code == 200
        except OSError:
            return False


def first_key(process: subprocess.Popen) -> str:
    return re.fullmatch(rb"tollgate admin-key (\S+)\n", process.stdout.readline())[1].decode()


def stop(process: subprocess.Popen) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=60)


def test_an_administrator_whose_key_nobody_has_seen_is_none(tmp_path, lost):
    starts = Starts(tmp_path)
    process = starts.start(lost)
    assert process.wait(timeout=60) == 1
    [line] = starts.lines
    assert line.startswith("tollgate: ") and "first administrator" in line
    assert "tg_live_" not in starts.log.read_text()
    # So the next start makes one, and shows it.
    process = starts.start()
    secret = first_key(process)
    eventually(starts.is_serving, "the server is ready")
    assert Admin(f"http://{starts.http}", secret).create()
    process.stdout.close()
    assert stop(process) == 0


def test_a_server_serves_whether_or_not_anybody_hears_that_it_is_ready(tmp_path, lost):
    starts = Starts(tmp_path)
    process = starts.start()
    secret = first_key(process)
    eventually(starts.is_serving, "the server is ready")
    process.stdout.close()
    assert stop(process) == 0
    process = starts.start(lost)
    eventually(starts.is_serving, "the server is ready")
    assert Admin(f"http://{starts.http}", secret).create()
    assert stop(process) == 0
    [warning] = starts.lines
    assert " warning " in warning and "ready" in warning


def test_a_reader_of_the_first_line_alone_does_not_end_the_server(tmp_path):
    starts = Starts(tmp_path)
    reader, writer = os.pipe()
    process = starts.start(Output(writer))
    os.close(writer)
    with os.fdopen(reader, "rb") as output:
        assert output.readline().startswith(b"tollgate admin-key ")
    eventually(starts.is_serving, "the server is ready")
    assert stop(process) == 0
