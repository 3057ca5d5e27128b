"""Requests that other products document for their keys, sent as they stand."""

from __future__ import annotations

import uuid

import pytest
from support.admin import Key


def test_a_scoped_key_of_a_management_api(admin, caller):
    made = admin.expect(
        201,
        "POST",
        "/v1/manage/keys",
        json={
            "name": "prod-eu-finance",
            "allowed_models": ["gpt-4o", "claude-sonnet-4-5"],
            "allowed_regions": ["EU"],
            "budget_limit": 500.00,
            "budget_period": "monthly",
            "rate_limit_rpm": 200,
        },
    )
    key = Key(made["id"], made["api_key"])
    caller.allow(key, model="gpt-4o", region="EU")
    caller.deny(key, "model_not_allowed", model="gemini-2.5-pro", region="EU")
    caller.deny(key, "region_not_allowed", model="gpt-4o", region="US")
    found = admin.expect(200, "GET", f"/v1/manage/keys/{key.id}")
    assert (found["budget_limit"], found["budget_period"]) == (500, "monthly")
    assert found["rate_limit_rpm"] == 200
    admin.expect(200, "PATCH", f"/v1/manage/keys/{key.id}", json={"rate_limit_rpm": 1})
    caller.deny(key, "rate_limited", model="gpt-4o", region="EU")
    admin.expect(200, "DELETE", f"/v1/manage/keys/{key.id}")
    caller.deny(key, "key_revoked", model="gpt-4o", region="EU")
    assert key.id in {entry["id"] for entry in admin.listing("/v1/manage/keys", "keys")}


def test_an_application_key_and_its_update(admin, caller):
    made = admin.expect(
        201,
        "POST",
        "/v1/api-keys",
        json={
            "name": "New Application Key",
            "description": "Key for mobile app",
            "permissions": {
                "models": ["gpt-4o-mini", "claude-3-haiku"],
                "actions": ["chat:completions"],
            },
            "rate_limits": {"per_minute": 100},
            "budget_limits": {"monthly": 1000.00},
            "expires_at": "2999-12-31T23:59:59Z",
        },
    )
    key = Key(made["id"], made["api_key"])
    caller.allow(key, model="gpt-4o-mini")
    caller.deny(key, "model_not_allowed", model="gpt-4o")
    caller.deny(key, "action_not_allowed", model="gpt-4o-mini", action="embeddings:create")
    patch = {"rate_limits": {"per_minute": 200}, "budget_limits": {"monthly": 2000.00}}
    found = admin.expect(200, "PATCH", f"/v1/api-keys/{key.id}", json=patch)
    assert found["rate_limits"]["per_minute"] == 200
    assert found["budget_limits"]["monthly"] == 2000
    for entry in admin.listing("/v1/api-keys", "keys"):
        assert entry["name"] and entry["status"]
    admin.expect(200, "DELETE", f"/v1/api-keys/{key.id}")
    caller.deny(key, "key_revoked", model="gpt-4o-mini")


def test_a_temporary_key(admin, caller):
    made = admin.expect(
        201,
        "POST",
        "/v1/api-keys/temporary",
        json={
            "expires_in": 3600,
            "permissions": {"models": ["gpt-4o"], "max_requests": 2},
            "metadata": {"purpose": "demo_session", "user_id": "demo_user_123"},
        },
    )
    key = Key(made["id"], made["api_key"])
    assert made["expires_at"] is not None
    assert made["metadata"]["purpose"] == "demo_session"
    caller.allow(key, model="gpt-4o")
    caller.allow(key, model="gpt-4o")
    caller.deny(key, "request_quota_exceeded", model="gpt-4o")


@pytest.mark.parametrize("path", ["/v1/api-keys", "/v1/keys"])
def test_keys_of_an_organization_a_team_and_a_user(admin, caller, path):
    mark = uuid.uuid4().hex
    organization = admin.create_group("organizations", id=f"org_{mark}")
    team = admin.create_group("teams", id=f"team_{mark}", organization_id=organization)
    user = admin.create_group(
        "users", id=f"user_{mark}", organization_id=organization, team_id=team
    )
    bodies = [
        {
            "key_type": "organization",
            "organization_id": organization,
            "permissions": {
                "manage_keys": True,
                "view_all_usage": True,
                "manage_billing": True,
            },
        },
        {
            "key_type": "team",
            "organization_id": organization,
            "team_id": team,
            "permissions": {
                "models": ["gpt-4o", "claude-3-5-sonnet-20241022"],
                "monthly_budget": 5000.0,
            },
        },
        {
            "key_type": "user",
            "organization_id": organization,
            "team_id": team,
            "user_id": user,
            "permissions": {
                "models": ["gpt-3.5-turbo"],
                "daily_budget": 50.0,
                "rate_limit_per_minute": 20,
            },
        },
    ]
    for body in bodies:
        named = body if path == "/v1/api-keys" else {"name": body["key_type"], **body}
        made = admin.expect(201, "POST", path, json=named)
        assert made["key_type"] == body["key_type"]
        key = Key(made["id"], made["api_key"])
        for model in body["permissions"].get("models", ["o3"])[:1]:
            caller.allow(key, model=model)
        if "models" in body["permissions"]:
            caller.deny(key, "model_not_allowed", model="o3")


def test_alerts_allowlists_and_webhooks_are_taken_as_documented(admin, issue):
    key = issue(
        ip_allowlist={"enabled": True, "addresses": ["203.0.113.0/24", "198.51.100.42"]},
        rate_limits={"per_minute": 60, "burst": 10},
        budget_limits={"daily": 100.0, "monthly": 2000.0, "total": 10000.0, "currency": "USD"},
        budget_alerts={"thresholds": [50, 75, 90], "notify_email": "admin@company.com"},
        token_limits={"daily": 1000000, "monthly": 25000000, "per_request_max": 100000},
        alerts={
            "budget_threshold": [50, 75, 90],
            "rate_limit_percentage": 80,
            "failed_auth_threshold": 10,
            "unusual_patterns": True,
        },
        webhooks={
            "enabled": True,
            "url": "https://yourapp.com/webhooks/visca",
            "events": [
                "key.created",
                "key.revoked",
                "key.limit_exceeded",
                "key.budget_threshold",
                "key.suspicious_activity",
            ],
            "secret": "whsec_canary_of_the_test",
        },
    )
    found = admin.get(key)
    assert found["budget_alerts"]["notify_email"] == "admin@company.com"
    assert found["alerts"]["rate_limit_percentage"] == 80
    assert found["webhooks"]["url"] == "https://yourapp.com/webhooks/visca"
    assert "whsec_canary_of_the_test" not in str(found)
