"""`grpc.health.v1.Health`, /healthz and /readyz: what probes and balancers are told."""

from __future__ import annotations

import signal

import grpc
import pytest
import requests
from grpc_health.v1 import health_pb2 as messages
from grpc_health.v1.health_pb2_grpc import HealthStub
from support import rpc
from support.admin import TIMEOUT
from support.metrics import value
from support.native import messages as native
from support.native import services

SERVING = messages.HealthCheckResponse.SERVING
SERVICES = [
    "",
    "envoy.service.auth.v3.Authorization",
    "envoy.service.ext_proc.v3.ExternalProcessor",
    "envoy.service.accesslog.v3.AccessLogService",
    "envoy.service.ratelimit.v3.RateLimitService",
    "tollgate.v1.Authorization",
    "tollgate.v1.KeyManagement",
]


@pytest.mark.parametrize("service", SERVICES)
def test_a_server_that_is_ready_serves_each_service(channel, service):
    request = messages.HealthCheckRequest(service=service)
    assert HealthStub(channel).Check(request, timeout=rpc.TIMEOUT).status == SERVING


def test_an_unknown_service_is_not_found(channel):
    with pytest.raises(grpc.RpcError) as caught:
        HealthStub(channel).Check(
            messages.HealthCheckRequest(service="no.such.Service"), timeout=rpc.TIMEOUT
        )
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_the_list_names_every_service(channel):
    answer = HealthStub(channel).List(messages.HealthListRequest(), timeout=rpc.TIMEOUT)
    assert set(SERVICES) <= set(answer.statuses)
    assert {each.status for each in answer.statuses.values()} == {SERVING}


@pytest.mark.parametrize("service", SERVICES)
def test_a_watch_begins_with_what_is_so_now(channel, service):
    watch = HealthStub(channel).Watch(
        messages.HealthCheckRequest(service=service), timeout=rpc.TIMEOUT
    )
    assert next(watch).status == SERVING
    watch.cancel()


def test_watching_an_unknown_service_says_so_and_goes_on(channel):
    watch = HealthStub(channel).Watch(
        messages.HealthCheckRequest(service="no.such.Service"), timeout=rpc.TIMEOUT
    )
    assert next(watch).status == messages.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_watchers_hear_of_the_end_before_it_comes(tollgate):
    server = tollgate().start()
    with rpc.connect(server.rpc) as channel:
        watches = [
            HealthStub(channel).Watch(
                messages.HealthCheckRequest(service=service), timeout=rpc.TIMEOUT
            )
            for service in SERVICES
        ]
        assert [next(watch).status for watch in watches] == [SERVING] * len(SERVICES)
        server.send(signal.SIGTERM)
        for watch in watches:
            assert next(watch).status == messages.HealthCheckResponse.NOT_SERVING
            with pytest.raises(grpc.RpcError) as caught:
                next(watch)
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert server.wait() == 0


def test_a_server_asked_to_end_still_answers_what_it_has_taken_on(tollgate):
    server = tollgate().start()
    key = server.admin.create()
    with rpc.connect(server.rpc) as channel:
        stub = services.AuthorizationStub(channel)
        request = native.CheckRequest(key=key.secret, model="gpt-4o")
        assert stub.Check(request, timeout=rpc.TIMEOUT).allowed
        calls = [stub.Check.future(request, timeout=rpc.TIMEOUT) for _ in range(500)]
        server.send(signal.SIGTERM)
        for call in calls:
            error = call.exception()
            if error is None:
                assert call.result().allowed
            else:
                assert error.code() == grpc.StatusCode.UNAVAILABLE
        assert server.wait() == 0


def test_both_probes_are_green_and_need_no_key(server):
    for path in ("/healthz", "/readyz"):
        answer = requests.get(f"http://{server.http}{path}", timeout=TIMEOUT)
        assert answer.status_code == 200


def test_the_metrics_count_decisions_by_reason(server, channel, admin, issue):
    def denied() -> float:
        return value(server, "tollgate_decisions_total", reason="region_not_allowed")

    key = issue(allowed_regions=["EU"])
    before = denied()
    stub = services.AuthorizationStub(channel)
    for _ in range(3):
        stub.Check(native.CheckRequest(key=key.secret, region="US"), timeout=rpc.TIMEOUT)
    assert denied() == before + 3
