"""The server's metrics, read as Prometheus would, and more strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import requests

from .admin import TIMEOUT
from .tollgate import Tollgate

_sample = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
_label = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')


@dataclass
class Family:
    kind: str
    help: str
    samples: list[tuple[str, dict[str, str], float]] = field(default_factory=list)


def families(server: Tollgate) -> dict[str, Family]:
    """All that the server counts, by its names."""
    answer = requests.get(f"http://{server.http}/metrics", timeout=TIMEOUT)
    assert answer.status_code == 200
    return parse(answer.text)


def value(server: Tollgate, name: str, **labels: str) -> float:
    """What the series of this name have come to that have these labels, and any others beside."""
    found = [
        number
        for _, each, number in families(server)[name].samples
        if labels.items() <= each.items()
    ]
    assert found, f"no series {name} has {labels}"
    return sum(found)


def parse(text: str) -> dict[str, Family]:
    """Reads the exposition format strictly: HELP, TYPE, then the samples of that family alone."""
    found: dict[str, Family] = {}
    help_name = help_text = name = None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            help_name, help_text = line[7:].split(" ", 1)
            continue
        if line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == help_name, f"{name} has no HELP before its TYPE"
            assert name not in found, f"{name} is there twice"
            found[name] = Family(kind, help_text)
            continue
        match = _sample.match(line)
        assert match, f"not a sample: {line}"
        sample, labels, number = match.groups()
        assert name is not None
        suffixes = ["_bucket", "_sum", "_count"] if found[name].kind == "histogram" else [""]
        assert sample in [name + suffix for suffix in suffixes], f"{sample} stands under {name}"
        pairs = _label.findall(labels or "")
        assert "".join(f'{k}="{v}",' for k, v in pairs)[:-1] == (labels or ""), line
        found[name].samples.append((sample, dict(pairs), float(number)))
    return found
