"""The commands about groups, limits, usage and models."""

from __future__ import annotations

import json
import uuid

from test_commands import DENIED, fail, succeed, succeed_json


def test_the_life_of_an_organization(server):
    id = f"o-{uuid.uuid4()}"
    made = succeed_json(
        server, "orgs", "create", "--id", id, "--name", "Customer", "--budget-monthly", "100.50",
        "--timezone", "Europe/Berlin",
    )  # fmt: skip
    assert (made["id"], made["budget_limits"]["monthly"]) == (id, 100.5)
    team = succeed_json(server, "teams", "create", "--name", "T", "--org", id, "--rpm", "50")
    user = succeed_json(server, "users", "create", "--name", "U", "--org", id, "--team", team["id"])
    assert id in succeed(server, "orgs", "list", "-q", id)
    assert team["id"] in succeed(server, "teams", "list", "--org", id)
    assert user["id"] in succeed(server, "users", "list", "--team", team["id"])

    key = succeed_json(server, "keys", "create", "--name", "k", "--user", user["id"])
    found = succeed_json(server, "keys", "list", "--org", id)["keys"]
    assert [key["id"] for key in found] == [key["id"]]

    changed = succeed_json(server, "teams", "update", team["id"], "--rpm", "none", "--rph", "5")
    assert changed["rate_limits"] == {"per_hour": 5, "strict": False}
    credited = succeed_json(server, "orgs", "credit", id, "2.5")
    assert credited["remaining"]["balance"] == 2.5
    assert "deleted" in succeed(server, "orgs", "delete", id, "--yes")
    assert "deleted" in fail(server, "orgs", "update", id, "--name", "x")


def test_limits_come_from_options_and_files(server, tmp_path):
    limits = tmp_path / "limits.json"
    limits.write_text(json.dumps({"rate_limits": {"per_minute": 1}, "token_limits": {"daily": 2}}))
    policy = tmp_path / "policy.json"
    statement = {"effect": "Deny", "actions": ["*"], "resources": ["model:o1*"]}
    policy.write_text(json.dumps({"version": "2024-01-01", "statements": [statement]}))
    key = succeed_json(
        server, "keys", "create", "--name", "k", "--limits-file", str(limits), "--rpm", "9",
        "--policy-file", str(policy), "--budget-daily", "0.000000001",
    )  # fmt: skip
    assert key["rate_limits"] == {"per_minute": 9, "strict": False}
    assert key["token_limits"] == {"daily": 2}
    assert key["policy"]["statements"] == [statement]
    assert key["budget_limits"]["daily"] == 0.000000001
    key = succeed_json(server, "keys", "update", key["id"], "--budget-daily", "none")
    assert key["budget_limits"] == {}
    assert "limits.json" in fail(server, "keys", "create", "--name", "k", "--limits-file",
                                 str(tmp_path / "no" / "limits.json"))  # fmt: skip


def test_usage_is_told_and_nothing_that_is_explained_counts(server):
    key = succeed_json(server, "keys", "create", "--name", "k", "--requests-total", "1")
    ask = ["--key", key["api_key"], "--model", "gpt-4o", "--tokens", "100", "--rpc", server.rpc]
    for _ in range(3):
        told = succeed(server, "policy", "explain", *ask)
        assert told.splitlines()[0] == "allowed"
        assert "request_limits.total: 1 of 1 left" in told
    succeed(server, "check", *ask)
    ended = server.command("policy", "explain", *ask)
    assert ended.returncode == DENIED
    assert "request_quota_exceeded" in ended.stdout
    usage = succeed_json(server, "usage", "--key", key["id"])
    assert usage["total"] == {"requests": 1, "tokens": 100, "cost_usd": 0.001}
    table = succeed(server, "usage", "--key", key["id"])
    assert "request_limits.total" in table and "held" in table


def test_prices_are_imported_from_both_kinds_of_files(tollgate, tmp_path):
    server = tollgate().start()
    prices = tmp_path / "model_prices_and_context_window.json"
    prices.write_text(
        """{"sample_spec": {"input_cost_per_token": 0, "output_cost_per_token": 0},
        "vendor/exact": {"litellm_provider": "v", "input_cost_per_token": 2.5e-06,
                         "output_cost_per_token": 1.00000000000e-05, "max_output_tokens": 99,
                         "cache_read_input_token_cost": 1.25e-07, "mode": "chat"},
        "picture": {"litellm_provider": "v", "input_cost_per_pixel": 1e-08}}"""
    )
    assert "1 without prices" in succeed(server, "models", "import", str(prices))
    [model] = succeed_json(server, "models", "list", "-q", "exact")["models"]
    assert model == {
        "id": "vendor/exact", "provider": "v", "aliases": [], "input_price": 2.5,
        "output_price": 10, "cached_input_price": 0.125, "max_output_tokens": 99,
    }  # fmt: skip
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"models": [{"id": f"m{n}", "provider": "o"} for n in range(1234)]}))
    assert "would" not in succeed(server, "models", "import", str(own), "--dry-run")
    assert succeed_json(server, "models", "list", "--provider", "o")["models"] == []
    assert "1234 models imported" in succeed(server, "models", "import", str(own))
    listed = succeed_json(server, "models", "list", "--provider", "o", "--limit", "5000")
    assert len(listed["models"]) == 1234
    assert "holds no models" in fail(server, "models", "import", str(prices), "--provider", "x")
