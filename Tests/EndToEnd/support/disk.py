"""Disks that fail, and that do again what they should."""

from __future__ import annotations

import resource
import subprocess

import pytest

from .tollgate import Tollgate


class FileSizeLimit:
    """The log of the database cannot grow: every write to it fails, as with a broken disk."""

    def __init__(self, server: Tollgate) -> None:
        self._server = server

    def begin(self) -> None:
        self._set(max(file.stat().st_size for file in self._server.data.rglob("*.log")))

    def end(self) -> None:
        self._set(resource.RLIM_INFINITY)

    def _set(self, limit: int) -> None:
        limits = (limit, resource.RLIM_INFINITY)
        resource.prlimit(self._server.pid, resource.RLIMIT_FSIZE, limits)


class FullDisk:
    """A small file system of its own for the data, which something else fills up."""

    def __init__(self, server: Tollgate) -> None:
        self._folder = server.data
        self._ballast = server.data / "ballast"
        server.data.mkdir(mode=0o700, parents=True)
        options = "size=256m,mode=0700"
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tollgate-test", str(server.data)],
            capture_output=True, text=True,
        )  # fmt: skip
        if made.returncode != 0:
            pytest.skip(f"needs the right to mount a file system: {made.stderr.strip()}")

    def begin(self) -> None:
        with open(self._ballast, "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(b"\0" * size) == size:
                        pass
                except OSError:
                    continue

    def end(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", str(self._folder)], check=True)


FAILURES = {"no writes": FileSizeLimit, "a full disk": FullDisk}
