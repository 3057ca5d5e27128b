"""What the server counts: its names and their rules, the manual, the dashboard and the alerts."""

from __future__ import annotations

import json
import re
import signal
import socket

import pytest

from support.certificates import Authority
from support.metrics import Family, families, value
from support.process import eventually
from support.tollgate import REPOSITORY

UNITS_THAT_ARE_NOT_BASE = {
    "ms", "milliseconds", "microseconds", "nanoseconds", "nanos", "minutes", "hours", "days",
    "kilobytes", "megabytes", "kb", "mb", "percent",
}  # fmt: skip


@pytest.fixture(scope="module")
def metrics(_shared_server) -> dict[str, Family]:
    """The families after a little of everything was asked."""
    server = _shared_server
    key = server.admin.create()
    server.command("check", "--key", key.secret, "--model", "gpt-4o", "--rpc", server.rpc)
    server.command("check", "--key", "nobody", "--model", "gpt-4o", "--rpc", server.rpc)
    server.admin.call("GET", "/v1/made/up")
    return families(server)


def test_names_and_kinds_keep_the_rules_of_prometheus(metrics):
    for name, family in metrics.items():
        assert re.fullmatch(r"(tollgate|process)_[a-z0-9_]*[a-z0-9]", name), name
        assert family.kind in {"counter", "gauge", "histogram"}, name
        assert (family.kind == "counter") == name.endswith("_total"), name
        assert not UNITS_THAT_ARE_NOT_BASE & set(name.split("_")), name
        assert not name.endswith(("_count", "_sum", "_bucket")), name
        assert family.help.endswith("."), f"{name}: {family.help}"
        assert family.samples or name == "tollgate_admin_requests_total", name


def test_no_series_is_there_twice_and_labels_are_few(metrics):
    for name, family in metrics.items():
        series = [(sample, tuple(sorted(labels.items()))) for sample, labels, _ in family.samples]
        assert len(series) == len(set(series)), name
        assert len(series) < 1000, name
        for _, labels, _ in family.samples:
            for label, value in labels.items():
                assert re.fullmatch(r"[a-z_]+", label), (name, label)
                assert len(value) <= 64, (name, value)


def test_histograms_grow_to_their_count(metrics):
    timed = [name for name, family in metrics.items() if family.kind == "histogram"]
    assert {
        "tollgate_decision_duration_seconds",
        "tollgate_journal_append_duration_seconds",
        "tollgate_journal_sync_duration_seconds",
    } <= set(timed)
    for name in timed:
        samples = metrics[name].samples
        buckets = [(labels["le"], value) for sample, labels, value in samples if "le" in labels]
        bounds = [float(bound) for bound, _ in buckets]
        counts = [value for _, value in buckets]
        assert bounds == sorted(bounds) and bounds[-1] == float("inf"), name
        assert counts == sorted(counts), name
        total = {sample: value for sample, labels, value in samples if not labels}
        assert total[f"{name}_count"] == counts[-1] > 0, name
        assert total[f"{name}_sum"] > 0, name


def test_no_request_makes_up_a_label(metrics):
    samples = metrics["tollgate_admin_requests_total"].samples
    operations = {labels["operation"] for _, labels, _ in samples}
    assert "POST /v1/keys" in operations and "unknown" in operations
    assert not any("made" in operation for operation in operations)


def test_what_was_asked_is_counted(server, issue):
    def count(reason: str) -> float:
        return value(server, "tollgate_decisions_total", reason=reason)

    key = issue(denied_models=["o1"])
    allowed, denied = count("allowed"), count("model_not_allowed")
    for model in ["o1", "o1", "gpt-4o"]:
        server.command("check", "--key", key.secret, "--model", model, "--rpc", server.rpc)
    assert (count("allowed"), count("model_not_allowed")) == (allowed + 1, denied + 2)


def test_tls_handshakes_that_fail_are_counted(tollgate, tmp_path):
    pair = Authority(tmp_path / "tls").issue("server")
    server = tollgate("--tls-cert", pair.certificate, "--tls-key", pair.key).start()
    host, port = server.rpc.rsplit(":", 1)
    for _ in range(3):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
            while connection.recv(4096):
                pass
    name = "tollgate_rpc_tls_handshake_failures_total"
    eventually(lambda: value(server, name) == 3, "three failures are counted")


def test_reloads_are_counted_by_their_success(tollgate, tmp_path):
    models = tmp_path / "models.json"
    models.write_text('{"models":[]}')
    server = tollgate("--models", models).start()
    name = "tollgate_reloads_total"

    def counts() -> tuple[float, float]:
        return tuple(
            value(server, name, subject="models", result=result) for result in ["success", "failure"]
        )

    assert counts() == (0, 0)
    server.send(signal.SIGHUP)
    eventually(lambda: counts() == (1, 0), "a success is counted")
    models.write_text("{")
    server.send(signal.SIGHUP)
    eventually(lambda: counts() == (1, 1), "a failure is counted")


def test_the_manual_names_every_metric_and_no_other(metrics):
    manual = (REPOSITORY / "docs/operations.md").read_text()
    rows = re.findall(r"^\| `((?:tollgate|process)_[a-z0-9_]+)` \| (\w+) \|", manual, re.MULTILINE)
    assert dict(rows) == {name: family.kind for name, family in metrics.items()}
    assert len(rows) == len(set(rows))


def names_in(expressions: list[str]) -> set[str]:
    """The metrics that queries ask for, those of a histogram by its own name."""
    names = set()
    for expression in expressions:
        for name in re.findall(r"\b(?:tollgate|process)_[a-z0-9_]+", expression):
            names.add(re.sub(r"(_seconds)_(bucket|sum|count)$", r"\1", name))
    return names


def test_the_dashboard_asks_for_what_there_is(metrics):
    dashboard = json.loads((REPOSITORY / "examples/grafana/tollgate.json").read_text())
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    assert len(expressions) > 20
    assert names_in(expressions) <= set(metrics)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


def test_the_alerts_ask_for_what_there_is_and_the_manual_explains_each(metrics):
    text = (REPOSITORY / "examples/prometheus/alerts.yml").read_text()
    rules = text.split("      - alert: ")[1:]
    assert len(rules) > 5
    manual = (REPOSITORY / "docs/operations.md").read_text()
    for rule in rules:
        name = rule.splitlines()[0]
        expression = re.search(r"^ +expr: (.+)$", rule, re.MULTILINE)
        assert expression and names_in([expression[1]]), name
        assert names_in([expression[1]]) <= set(metrics), name
        assert re.search(r"^ +severity: (warning|critical)$", rule, re.MULTILINE), name
        assert "summary: " in rule and "description: " in rule, name
        assert f"`{name}`" in manual, name
