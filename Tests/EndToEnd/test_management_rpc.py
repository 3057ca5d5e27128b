"""`tollgate.v1.KeyManagement`, by stubs made from the published proto files."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf import wrappers_pb2 as wrappers
from support import rpc
from support.certificates import Authority
from support.native import management as m
from support.native import management_services
from support.native import messages, services
from support.receiver import Receiver

Code = grpc.StatusCode


class Manager:
    """A stub that shows a key: `manager.GetKey(id="…")`."""

    def __init__(self, channel: grpc.Channel, *metadata: tuple[str, str]) -> None:
        self._stub = management_services.KeyManagementStub(channel)
        self._metadata = metadata

    def __getattr__(self, name: str):
        def call(**fields):
            request = getattr(m, f"{name}Request")(**fields)
            method = getattr(self._stub, name)
            return method(request, metadata=self._metadata, timeout=rpc.TIMEOUT)

        return call

    def refusal(self, name: str, **fields) -> tuple[Code, str]:
        """The status and the message of a call that must be refused."""
        with pytest.raises(grpc.RpcError) as error:
            getattr(self, name)(**fields)
        return error.value.code(), error.value.details()


@pytest.fixture
def manager(channel, server) -> Manager:
    return Manager(channel, ("authorization", f"Bearer {server.admin_key}"))


def unique() -> str:
    return f"test-{uuid.uuid4()}"


def whole(value: int) -> wrappers.Int64Value:
    return wrappers.Int64Value(value=value)


def decimal(value: str) -> m.Decimal:
    return m.Decimal(value=value)


def test_what_a_key_would_be_told_and_when_it_was_used(manager, channel):
    key = manager.CreateKey(
        key=m.Key(name=unique(), token_limits=m.TokenLimits(total=whole(1000)))
    )
    asked = {"id": key.id, "model": "gpt-4o", "tokens": 1001}
    answer = manager.SimulateKey(**asked)
    assert (answer.allowed, answer.reason) == (False, "token_quota_exceeded")
    assert (answer.limit.name, answer.limit.remaining.value) == ("token_limits.total", "1000")
    assert (answer.key_id, answer.http_status, answer.affordable_tokens) == (key.id, 402, 1000)
    assert len(answer.limits) == 1 and answer.explanation
    answer = manager.SimulateKey(**asked | {"tokens": 1000, "input_tokens": 1000})
    assert answer.allowed and answer.reason == ""
    assert answer.reserved_cost_usd.value == "0.0025"
    assert manager.GetKey(id=key.id).last_used_at == ""
    request = messages.CheckRequest(key=key.api_key, model="gpt-4o", tokens=10)
    assert services.AuthorizationStub(channel).Check(request, timeout=rpc.TIMEOUT).allowed
    used = manager.GetKey(id=key.id).last_used_at
    assert used.endswith("Z")
    assert manager.ListKeys(sort="-last_used_at", name=key.name).keys[0].last_used_at == used
    code, message = manager.refusal("SimulateKey", id=key.id, at="2001-01-01T00:00:00Z")
    assert code is Code.INVALID_ARGUMENT and "at" in message


def test_a_key_lives_by_rpc_as_it_does_by_rest(manager, admin, channel):
    name = unique()
    made = manager.CreateKey(
        key=m.Key(
            name=name,
            allowed_models=["gpt-4o*"],
            rate_limits=m.RateLimits(per_minute=whole(7), strict=wrappers.BoolValue(value=True)),
            budget_limits=m.BudgetLimits(daily=decimal("12.50")),
            metadata={"team": "search"},
            policy=m.PolicyDocument(
                statements=[
                    m.PolicyStatement(effect="Allow", actions=["*"], resources=["*"]),
                ]
            ),
        )
    )
    assert made.api_key.startswith("tg_live_")
    check = services.AuthorizationStub(channel).Check
    question = messages.CheckRequest(key=made.api_key, model="gpt-4o", tokens=10)
    assert check(question, timeout=rpc.TIMEOUT).allowed
    rest = admin.expect(200, "GET", f"/v1/keys/{made.id}")
    assert rest["rate_limits"] == {"per_minute": 7, "strict": True}
    assert rest["budget_limits"]["daily"] == 12.5
    assert rest["metadata"] == {"team": "search"}
    assert rest["policy"]["statements"][0]["effect"] == "Allow"

    read = manager.GetKey(id=made.id)
    assert read.api_key == ""
    assert read.name == name
    assert read.budget_limits.daily.value == "12.5"
    assert read.usage.total.requests == 1
    assert 0 < read.remaining.rate_limits.per_minute.value < 7
    assert read.version == 1

    changed = manager.UpdateKey(
        id=made.id,
        version=1,
        key=m.Key(description="new", rate_limits=m.RateLimits(concurrent=whole(3))),
        clear=["budget_limits.daily", "metadata.team", "allowed_models"],
    )
    assert (changed.description, changed.version) == ("new", 2)
    assert not changed.HasField("budget_limits") or not changed.budget_limits.HasField("daily")
    assert list(changed.allowed_models) == []
    assert dict(changed.metadata) == {}
    assert changed.rate_limits.per_minute.value == 7

    assert manager.DisableKey(id=made.id).status == "disabled"
    assert check(question, timeout=rpc.TIMEOUT).reason == "key_disabled"
    assert manager.EnableKey(id=made.id).status == "enabled"
    assert [key.id for key in manager.ListKeys(name=name).keys] == [made.id]
    report = manager.GetKeyUsage(id=made.id)
    assert (report.key_id, report.total.requests) == (made.id, 1)
    assert manager.RevokeKey(id=made.id).status == "revoked"
    assert manager.DeleteKey(id=made.id).status == "revoked"
    assert check(question, timeout=rpc.TIMEOUT).reason == "key_revoked"


def test_lists_come_in_pages_and_in_order(manager):
    group = unique()
    for letter in "cab":
        manager.CreateKey(key=m.Key(name=letter, group=group))
    names, cursor = [], ""
    while True:
        page = manager.ListKeys(group=group, limit=2, cursor=cursor, sort="name")
        names += [key.name for key in page.keys]
        cursor = page.next_cursor
        if not cursor:
            break
    assert names == ["a", "b", "c"]
    down = manager.ListKeys(group=group, sort="-name").keys
    assert [key.name for key in down] == ["c", "b", "a"]
    oldest = manager.ListKeys(group=group, sort="created_at").keys
    assert [key.name for key in oldest] == ["c", "a", "b"]


def test_a_thousand_keys_fit_one_answer(manager):
    group = unique()
    fields = {"group": group, "description": "d" * 2000}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: manager.CreateKey(key=m.Key(name=f"{i}", **fields)), range(400)))
    assert len(manager.ListKeys(group=group, limit=1000).keys) == 400


def test_groups_credits_and_their_usage(manager):
    org, team, user = unique(), unique(), unique()
    made = manager.CreateOrganization(
        organization=m.Organization(id=org, budget_limits=m.BudgetLimits(monthly=decimal("5")))
    )
    assert (made.id, made.status) == (org, "enabled")
    manager.CreateTeam(team=m.Team(id=team, organization_id=org))
    manager.CreateUser(user=m.User(id=user, organization_id=org, team_id=team))
    assert [t.id for t in manager.ListTeams(organization_id=org).teams] == [team]
    assert [u.id for u in manager.ListUsers(team_id=team).users] == [user]
    assert org in [o.id for o in manager.ListOrganizations(q=org).organizations]
    paid = manager.PayCredits(id=org, amount=decimal("2.000000001"))
    assert paid.credits.value == "2.000000001"
    assert manager.GetOrganization(id=org).remaining.balance.value == "2.000000001"
    renamed = manager.UpdateTeam(id=team, team=m.Team(name="renamed"))
    assert renamed.name == "renamed"
    assert manager.UpdateUser(id=user, clear=["team_id"]).team_id == ""
    assert manager.GetTeam(id=team).organization_id == org
    assert manager.GetUser(id=user).organization_id == org
    assert manager.UpdateOrganization(id=org, clear=["budget_limits"]).status == "enabled"
    assert manager.GetOrganizationUsage(id=org).organization_id == org
    assert manager.GetTeamUsage(id=team).team_id == team
    assert manager.GetUserUsage(id=user).user_id == user
    key = manager.CreateKey(key=m.Key(name="a", user_id=user))
    assert (key.organization_id, key.team_id) == (org, "")
    assert manager.UpdateKey(id=key.id, clear=["organization_id"]).user_id == ""
    assert manager.UpdateKey(id=key.id, key=m.Key(team_id=team)).organization_id == org
    for kind, id in (("User", user), ("Team", team), ("Organization", org)):
        assert getattr(manager, f"Delete{kind}")(id=id).status == "deleted"


def test_models_suppliers_and_the_audit_log(manager, issue, channel):
    model, supplier = unique(), unique()
    put = manager.PutModels(
        models=[
            m.Model(
                id=model,
                provider="self",
                input_price=decimal("0.25"),
                output_price=decimal("1"),
                max_output_tokens=whole(0),
                suppliers=[m.ModelSupplier(name=supplier, region="EU")],
            )
        ]
    )
    assert put.models[0].input_price.value == "0.25"
    assert manager.GetModel(id=model.upper()).id == model
    assert [x.id for x in manager.ListModels(q=model).models] == [model]
    made = manager.PutSuppliers(
        suppliers=[
            m.Supplier(
                name=supplier,
                provider="self",
                base_url="https://host.test/v1",
                credential=m.Credential(type="bearer", value="sk-canary"),
            )
        ]
    ).suppliers[0]
    assert made.has_credential
    assert not made.HasField("credential")
    off = manager.UpdateSupplier(
        id=supplier, version=1, supplier=m.Supplier(enabled=wrappers.BoolValue(value=False))
    )
    assert not off.enabled.value
    assert manager.UpdateSupplier(id=supplier, clear=["credential"]).has_credential is False
    assert manager.GetSupplier(id=supplier).name == supplier
    assert supplier in [x.name for x in manager.ListSuppliers(provider="self").suppliers]
    assert manager.DeleteSupplier(id=supplier).status == "removed"
    assert manager.DeleteModel(id=model).status == "removed"
    key = issue()
    services.AuthorizationStub(channel).Check(
        messages.CheckRequest(key=key.secret, model="gpt-4o", tokens=7, metadata={"a": "b"}),
        timeout=rpc.TIMEOUT,
    )
    entry = manager.ListAuditLogs(key_id=key.id).logs[0]
    assert (entry.model, entry.status, entry.tokens.requested) == ("gpt-4o", "success", 7)
    assert dict(entry.metadata) == {"a": "b"}


def test_webhooks_and_alerts(tollgate):
    server = tollgate("--webhook-allow-private").start()
    receiver = Receiver()
    try:
        with rpc.connect(server.rpc) as channel:
            manager = Manager(channel, ("authorization", f"Bearer {server.admin_key}"))
            made = manager.CreateWebhook(
                webhook=m.Webhook(url=receiver.url, events=["key.limit_exceeded"])
            )
            assert made.enabled.value and made.version == 1
            attempt = manager.TestWebhook(id=made.id)
            assert (attempt.outcome, attempt.status.value, attempt.attempt) == ("delivered", 204, 1)
            assert receiver.arrivals[0].is_signed_with(made.secret)
            assert manager.ListDeliveries(id=made.id).deliveries == [attempt]
            assert manager.GetWebhook(id=made.id).secret == ""
            renewed = manager.UpdateWebhook(id=made.id, version=1, clear=["secret"])
            assert renewed.secret not in ("", made.secret) and renewed.version == 2
            assert [x.id for x in manager.ListWebhooks().webhooks] == [made.id]
            key = manager.CreateKey(
                key=m.Key(name=unique(), request_limits=m.RequestLimits(total=whole(1)))
            )
            stub = services.AuthorizationStub(channel)
            for _ in range(3):
                question = messages.CheckRequest(key=key.api_key, model="gpt-4o", tokens=7)
                stub.Check(question, timeout=rpc.TIMEOUT)
            [arrival] = receiver.wait("key.limit_exceeded")
            assert arrival.is_signed_with(renewed.secret)
            [alert] = manager.ListAlerts(key_id=key.id, type="key.limit_exceeded").alerts
            assert alert.id == arrival.id and alert.data.key_name == key.name
            assert alert.data.limit.name == "request_limits.total"
            assert alert.data.reason == "request_quota_exceeded"
            assert alert.data.denied_requests == arrival.data["denied_requests"]
            assert manager.DeleteWebhook(id=made.id).status == "removed"
            assert manager.refusal("GetWebhook", id=made.id)[0] == Code.NOT_FOUND
    finally:
        receiver.stop()


def test_every_field_of_a_key_and_of_a_group_can_be_said_and_read(manager):
    org = unique()
    notices = {
        "budget_alerts": m.BudgetAlerts(thresholds=[whole(80), whole(95)], notify_email="a@b.test"),
        "alerts": m.Alerts(rate_limit_percentage=whole(90)),
        "content_rules": [m.ContentRule(name="ssn", pattern="x", action="alert")],
        "anomaly": m.Anomaly(
            enabled=wrappers.BoolValue(value=False),
            action="block",
            factor=wrappers.Int64Value(value=10),
        ),
    }
    restrictions = {
        "allowed_models": ["gpt-4o*"],
        "denied_regions": ["US"],
        "ip_allowlist": m.IPAllowlist(
            enabled=wrappers.BoolValue(value=True), addresses=["10.0.0.0/8"]
        ),
    }
    group = manager.CreateOrganization(organization=m.Organization(id=org, **restrictions))
    assert list(group.allowed_models) == ["gpt-4o*"]
    assert list(group.ip_allowlist.addresses) == ["10.0.0.0/8"]
    changed = manager.UpdateOrganization(id=org, clear=["ip_allowlist", "denied_regions"])
    assert not changed.ip_allowlist.enabled.value
    assert list(changed.denied_regions) == []
    made = manager.CreateKey(
        key=m.Key(
            name="a",
            organization_id=org,
            webhooks=m.Webhooks(url="https://a.test", events=["key.created"], secret="s3cr3t"),
            permissions=m.Permissions(models=["gpt-4o"], daily_budget=decimal("2.5")),
            **notices,
            **restrictions | {"allowed_models": []},
        )
    )
    assert [made.budget_alerts, made.content_rules[0], made.anomaly] == [
        notices["budget_alerts"],
        notices["content_rules"][0],
        notices["anomaly"],
    ]
    assert made.alerts.rate_limit_percentage.value == 90
    assert not made.alerts.HasField("failed_auth_threshold")
    assert (made.webhooks.url, made.webhooks.secret, made.webhooks.has_secret) == (
        "https://a.test",
        "",
        True,
    )
    assert list(made.allowed_models) == ["gpt-4o"]
    assert made.budget_limits.daily.value == "2.5"
    assert made.access == "custom"


def test_secrets_change_and_sessions_end(manager, channel):
    def works(secret: str) -> bool:
        question = messages.CheckRequest(key=secret, model="gpt-4o", tokens=1)
        return services.AuthorizationStub(channel).Check(question, timeout=rpc.TIMEOUT).allowed

    made = manager.CreateKey(key=m.Key(name="a"))
    rotated = manager.RotateKey(id=made.id, grace="1h")
    assert rotated.previous_key_valid_until
    assert works(made.api_key) and works(rotated.api_key)
    assert manager.RotateKey(id=made.id, grace="0s").previous_key_valid_until == ""
    assert not works(rotated.api_key)
    session = unique()
    brief = manager.CreateTemporaryKey(key=m.Key(expires_in=60, session_id=session))
    assert (brief.key_type, brief.session_id, works(brief.api_key)) == ("temporary", session, True)
    ended = manager.DeleteSession(id=session)
    assert (ended.session_id, ended.revoked_keys) == (session, 1)
    assert not works(brief.api_key)


def test_many_keys_at_once(manager):
    secret = f"sk-{unique()}"
    keys = [m.Key(name="a", api_key=secret), m.Key(name="b", api_key=secret), m.Key(name="c")]
    taken = manager.ImportKeys(keys=keys)
    assert (taken.imported, taken.failed) == (1, 2)
    assert [result.error.code for result in taken.results] == ["", "duplicate_key", "invalid_field"]
    assert [result.index for result in taken.results] == [0, 1, 2]
    assert taken.results[2].error.field.startswith("keys[2]")
    own = taken.results[0].id
    done = manager.BulkKeys(action="rotate", ids=[own, "nobody"], grace="1h")
    assert (done.succeeded, done.failed) == (1, 1)
    assert done.results[0].ok and done.results[0].api_key
    assert (done.results[1].http_status, done.results[1].error.code) == (404, "key_not_found")
    assert manager.BulkKeys(action="revoke", ids=[own]).results[0].status == "revoked"


def test_usage_is_summed_up_as_it_is_asked_for(manager, issue, channel):
    key = issue()
    services.AuthorizationStub(channel).Check(
        messages.CheckRequest(key=key.secret, model="gpt-4o", tokens=7), timeout=rpc.TIMEOUT
    )
    found = manager.GetUsage(group_by=["key", "model"], key_id=key.id)
    assert found.total.requests == 1
    assert [(g.key_id, g.model, g.requests) for g in found.groups] == [(key.id, "gpt-4o", 1)]
    own = Manager(channel, ("x-api-key", key.secret))
    assert own.GetUsage().total.requests == 1
    assert own.GetKeyUsage(id=key.id).total.requests == 1
    assert own.refusal("GetUsage", key_id=issue().id)[0] is Code.PERMISSION_DENIED
    assert own.refusal("GetKeyUsage", id=issue().id)[0] is Code.PERMISSION_DENIED


def test_actions_can_be_read_with_what_has_changed(manager):
    made = manager.CreateKey(key=m.Key(name="a"))
    manager.UpdateKey(id=made.id, key=m.Key(description="b"))
    rows = manager.ListAuditLogs(type="management", limit=20).logs
    row = next(row for row in rows if row.target == made.id)
    assert (row.type, row.action) == ("management", "key.updated")
    assert list(row.fields) == ["description"]


def test_a_key_works_only_from_its_addresses(manager, channel):
    def reader(network: str) -> Manager:
        key = manager.CreateKey(
            key=m.Key(
                name="a",
                permissions=m.Permissions(view_all_usage=wrappers.BoolValue(value=True)),
                ip_allowlist=m.IPAllowlist(
                    enabled=wrappers.BoolValue(value=True), addresses=[network]
                ),
            )
        )
        return Manager(channel, ("x-api-key", key.api_key))

    assert reader("127.0.0.0/8").ListModels(limit=1).models
    assert reader("10.0.0.0/8").refusal("ListModels")[0] is Code.PERMISSION_DENIED


def test_a_request_with_an_idempotency_key_is_carried_out_once_by_either_face(manager, admin):
    token, name = str(uuid.uuid4()), unique()
    first = manager.CreateKey(key=m.Key(name=name), idempotency_key=token)
    again = manager.CreateKey(key=m.Key(name=name), idempotency_key=token)
    assert again == first
    code, details = manager.refusal(
        "CreateKey", key=m.Key(name=name + "x"), idempotency_key=token
    )
    assert (code, "idempotency_key_reused" in details) == (Code.INVALID_ARGUMENT, True)


@pytest.mark.parametrize(
    ("name", "fields", "code", "word"),
    [
        ("GetKey", {}, Code.INVALID_ARGUMENT, "id is missing"),
        ("GetKey", {"id": "nobody"}, Code.NOT_FOUND, "key_not_found"),
        ("GetTeam", {"id": "no/body?"}, Code.NOT_FOUND, "team_not_found"),
        ("CreateKey", {}, Code.INVALID_ARGUMENT, "name"),
        ("CreateKey", {"key": m.Key(name="a", id="x")}, Code.INVALID_ARGUMENT, "no field id"),
        ("CreateKey", {"key": m.Key(name="a", usage=m.Usage())}, Code.INVALID_ARGUMENT, "usage"),
        ("CreateKey", {"key": m.Key(name="a", status="on")}, Code.INVALID_ARGUMENT, "status"),
        ("CreateKey", {"key": m.Key(name="a", expires_at="x")}, Code.INVALID_ARGUMENT, "expires"),
        ("ListKeys", {"limit": 5000}, Code.INVALID_ARGUMENT, "limit"),
        ("ListKeys", {"cursor": "&limit=1"}, Code.INVALID_ARGUMENT, "cursor"),
        ("PayCredits", {"id": "x", "amount": decimal("nan")}, Code.INVALID_ARGUMENT, "number"),
        ("PayCredits", {"id": "x", "amount": decimal("1")}, Code.NOT_FOUND, "organization"),
        ("GetModel", {"id": "nothing"}, Code.NOT_FOUND, "model_not_found"),
    ],
)
def test_what_is_refused_says_why(manager, name, fields, code, word):
    status, details = manager.refusal(name, **fields)
    assert (status, word in details) == (code, True), details


def test_conflicts_and_versions_have_their_codes(manager):
    org = unique()
    manager.CreateOrganization(organization=m.Organization(id=org))
    taken = manager.refusal("CreateOrganization", organization=m.Organization(id=org))
    assert taken[0] is Code.ALREADY_EXISTS
    key = manager.CreateKey(key=m.Key(name="a"))
    stale = manager.refusal("UpdateKey", id=key.id, version=9, key=m.Key(name="b"))
    assert stale[0] is Code.ABORTED
    manager.RevokeKey(id=key.id)
    assert manager.refusal("EnableKey", id=key.id)[0] is Code.FAILED_PRECONDITION
    both = manager.refusal(
        "UpdateKey", id=key.id, key=m.Key(description="x"), clear=["description"]
    )
    assert both[0] is Code.INVALID_ARGUMENT


def test_callers_have_the_permissions_of_their_keys(channel, server, issue):
    assert Manager(channel).refusal("ListKeys")[0] is Code.UNAUTHENTICATED
    stranger = Manager(channel, ("x-api-key", "sk-unknown"))
    assert stranger.refusal("ListKeys")[0] is Code.UNAUTHENTICATED
    plain = Manager(channel, ("x-api-key", issue().secret))
    assert plain.refusal("ListKeys")[0] is Code.PERMISSION_DENIED
    auditor = issue(permissions={"view_all_usage": True})
    seeing = Manager(channel, ("authorization", f"Bearer {auditor.secret}"))
    assert seeing.ListModels(limit=1).models
    assert seeing.refusal("PutModels")[0] is Code.PERMISSION_DENIED
    two = Manager(
        channel, ("authorization", f"Bearer {server.admin_key}"), ("x-api-key", auditor.secret)
    )
    code, details = two.refusal("ListModels")
    assert (code, "ambiguous_credentials" in details) == (Code.UNAUTHENTICATED, True)
    repeated = Manager(
        channel,
        ("authorization", f"Bearer {server.admin_key}"),
        ("authorization", f"Bearer {auditor.secret}"),
    )
    assert repeated.refusal("ListModels")[0] is Code.UNAUTHENTICATED


@pytest.mark.parametrize("message", [b"\xff", b"\x0a\x05a", b"\x0b", b"\x0a\x01\xff", b"\x7a\x00"])
def test_bytes_that_are_no_request_are_refused(channel, server, message):
    call = rpc.raw_call(channel, "/tollgate.v1.KeyManagement/GetKey")
    with pytest.raises(grpc.RpcError) as error:
        call(
            message,
            metadata=[("authorization", f"Bearer {server.admin_key}")],
            timeout=rpc.TIMEOUT,
        )
    assert error.value.code() is Code.INVALID_ARGUMENT


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path / "certificates")


def test_a_certificate_stands_for_a_key(tollgate, authority) -> None:
    own, client, other = (authority.issue(name) for name in ("server", "admin", "other"))
    flags = ["--tls-cert", own.certificate, "--tls-key", own.key, "--tls-client-ca", authority.file]
    server = tollgate(*flags).start()
    key = server.admin.create(permissions={"manage_keys": True})
    server.terminate()
    # The same data with the key, which has to be there before it can be named.
    identity = f"spiffe://tollgate.test/admin={key.id}"
    server._flags = (*flags, "--management-identity", identity)
    server.start()

    def connect(pair) -> Iterator[grpc.Channel]:
        return rpc.connect(
            server.rpc.replace("127.0.0.1", "localhost"),
            grpc.ssl_channel_credentials(
                authority.file.read_bytes(),
                pair.key.read_bytes(),
                pair.certificate.read_bytes(),
            ),
        )

    with connect(client) as channel:
        assert Manager(channel).CreateKey(key=m.Key(name="a")).created_by == key.id
        assert Manager(channel).refusal("ListAlerts")[0] is Code.PERMISSION_DENIED
        stranger = Manager(channel, ("x-api-key", "sk-unknown"))
        assert stranger.refusal("ListKeys")[0] is Code.UNAUTHENTICATED, "a key that is shown counts"
        server.admin.disable(key)
        assert Manager(channel).refusal("ListKeys")[0] is Code.UNAUTHENTICATED
    with connect(other) as channel:
        assert Manager(channel).refusal("ListKeys")[0] is Code.UNAUTHENTICATED
