"""What the commands print, word for word: the files in `Cases/commands`, each on a server of its own.

TOLLGATE_UPDATE_CASES=1 writes down what is printed now, to be read before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.transcript import Transcript

FILES = sorted((Path(__file__).parent / "Cases/commands").glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_commands_print_what_is_written_down(tollgate, tmp_path, file):
    server = tollgate().start()
    transcript = Transcript(
        lambda *arguments: server.command(*arguments, directory=tmp_path),
        {"rpc": server.rpc, "http": server.http, "admin": server.admin_key},
    )
    said = transcript.replay(file)
    if os.environ.get("TOLLGATE_UPDATE_CASES"):
        file.write_text(said)
    assert said == file.read_text()
