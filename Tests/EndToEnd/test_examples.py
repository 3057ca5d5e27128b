"""The examples that operators install are what they say."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from support.tollgate import REPOSITORY, binary

UNIT = REPOSITORY / "examples/systemd/tollgate.service"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze"
)


@pytest.fixture
def unit(tmp_path):
    """The unit as installed, with the program where it is here."""
    file = tmp_path / "tollgate.service"
    file.write_text(UNIT.read_text().replace("/usr/local/bin/tollgate", str(binary())))
    return file


@needs_systemd
def test_the_unit_has_nothing_that_systemd_does_not_know(unit):
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@needs_systemd
def test_the_unit_is_exposed_to_little(unit):
    ended = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", str(unit)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_commands_of_the_unit_are_ones_that_the_program_knows(unit):
    commands = re.findall(r"^Exec(?:StartPre|Start)=(\S+) (.+)$", unit.read_text(), re.MULTILINE)
    assert len(commands) == 2
    for program, arguments in commands:
        words = arguments.split()
        verbs = [word for word in words[: words.index("--config")]]
        ended = subprocess.run([program, *verbs, "--help"], capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        for option in (word for word in words if word.startswith("--")):
            assert option in ended.stdout or option == "--data-dir", option
