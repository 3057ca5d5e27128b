"""Command lines and what the program says to them, as files that anyone can extend.

    # What follows is a comment.
    $ keys create --name prod
    id  <key 1>
    ! a line on standard error
    = 1

A line with `$` is a command line of `tollgate`; below it is what it printed, lines of standard error behind
`!`, and the exit code behind `=` unless it is 0. Whatever differs from run to run has a name: `<key 1>`
is the first id of a key, `<secret 1>` the first secret, `<time>` any time; a command line can use them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

#: What differs from run to run, by the name that it gets.
_kinds = {
    "key": re.compile(r"\bkey_[0-9a-z]{26}\b"),
    "webhook": re.compile(r"\bwh_[0-9a-z]{26}\b"),
    "event": re.compile(r"\bevt_[0-9a-z]{26}\b"),
    "signer": re.compile(r"\bwhsec_[0-9A-Za-z+/]{43}="),
    "secret": re.compile(r"\btg_[a-z]+_[0-9A-Za-z]{33}\b"),
    "time": re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z"),
    "span": re.compile(r"\b\d{3,} ms\b"),
    "mask": re.compile(r"\btg_[a-z]+_…[0-9A-Za-z]{4}"),
}


class Transcript:
    """Runs the command lines of a file and compares what comes back."""

    def __init__(self, run: Callable[..., CompletedProcess[str]], variables: dict[str, str]) -> None:
        self._run = run
        #: By what it was, the name of what differs.
        self._names: dict[str, str] = {value: f"<{name}>" for name, value in variables.items()}
        self._counts: dict[str, int] = {}

    def replay(self, file: Path) -> str:
        """The file as it would have to be."""
        lines = []
        for line in file.read_text().splitlines():
            if line.startswith("$ "):
                lines += [line, *self._answer(line[2:])]
            elif line.startswith("#"):
                lines += ["", line] if lines else [line]
        return "\n".join(lines) + "\n"

    def _answer(self, command: str) -> list[str]:
        for value, name in self._names.items():
            command = command.replace(name, value)
        ended = self._run(*shlex.split(command))
        lines = self._named(ended.stdout).splitlines()
        lines += ["! " + line for line in self._named(ended.stderr).splitlines()]
        if ended.returncode:
            lines.append(f"= {ended.returncode}")
        return lines

    def _named(self, text: str) -> str:
        for kind, pattern in _kinds.items():
            text = pattern.sub(lambda match, kind=kind: self._name(kind, match[0]), text)
        for value, name in self._names.items():
            text = text.replace(value, name)
        return text

    def _name(self, kind: str, value: str) -> str:
        if kind in {"time", "span", "mask"}:
            return f"<{kind}>"
        if value not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[value] = f"<{kind} {self._counts[kind]}>"
        return self._names[value]
