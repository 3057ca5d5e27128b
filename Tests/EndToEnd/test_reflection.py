"""Reflection: a client that knows nothing but the address learns enough to ask."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from support import rpc
from support.native import reflection, reflection_services

SERVICES = {
    "envoy.service.auth.v3.Authorization",
    "envoy.service.ext_proc.v3.ExternalProcessor",
    "envoy.service.accesslog.v3.AccessLogService",
    "envoy.service.ratelimit.v3.RateLimitService",
    "tollgate.v1.Authorization",
    "tollgate.v1.KeyManagement",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
}


@pytest.fixture
def pool(channel) -> DescriptorPool:
    """Descriptors as reflection serves them, and from nowhere else."""
    return DescriptorPool(ProtoReflectionDescriptorDatabase(channel))


@pytest.fixture
def ask(channel):
    """Sends questions on one stream of reflection v1 and returns the answers."""
    stub = reflection_services.ServerReflectionStub(channel)

    def ask(*questions: dict) -> list:
        requests = [reflection.ServerReflectionRequest(**each) for each in questions]
        return list(stub.ServerReflectionInfo(iter(requests), timeout=rpc.TIMEOUT))

    return ask


def test_every_service_is_listed(channel, ask):
    assert set(ProtoReflectionDescriptorDatabase(channel).get_services()) == SERVICES
    [answer] = ask({"list_services": ""})
    assert {each.name for each in answer.list_services_response.service} == SERVICES


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_service_can_be_read_with_all_its_messages(pool, service):
    descriptor = pool.FindServiceByName(service)
    assert descriptor.methods
    for method in descriptor.methods:
        GetMessageClass(method.input_type)().SerializeToString()
        GetMessageClass(method.output_type)().SerializeToString()


def test_a_client_made_of_reflection_alone_can_ask(channel, pool, issue):
    key = issue(allowed_models=["gpt-4o"])
    method = pool.FindServiceByName("tollgate.v1.Authorization").FindMethodByName("Check")
    request_type, response_type = GetMessageClass(method.input_type), GetMessageClass(
        method.output_type
    )
    call = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=request_type.SerializeToString,
        response_deserializer=response_type.FromString,
    )
    answer = call(request_type(key=key.secret, model="gpt-4o"), timeout=rpc.TIMEOUT)
    assert answer.allowed and answer.key_id == key.id
    answer = call(request_type(key=key.secret, model="gpt-5"), timeout=rpc.TIMEOUT)
    assert answer.reason == "model_not_allowed"


def test_texts_are_texts_for_clients(pool):
    message = pool.FindMessageTypeByName("tollgate.v1.CheckRequest")
    types = {field.name: field.type for field in message.fields}
    assert types["key"] == types["model"] == message.fields_by_name["key"].TYPE_STRING


@pytest.mark.parametrize(
    "symbol",
    [
        "tollgate.v1.Authorization",
        "tollgate.v1.Authorization.Check",
        "tollgate.v1.CheckRequest",
        "tollgate.v1.CheckRequest.key",
        "envoy.service.auth.v3.CheckRequest",
        "envoy.service.auth.v3.AttributeContext.HttpRequest",
        "grpc.health.v1.HealthCheckResponse.ServingStatus",
    ],
)
def test_a_symbol_leads_to_the_file_that_contains_it(ask, symbol):
    [answer] = ask({"file_containing_symbol": symbol})
    files = [
        FileDescriptorProto.FromString(file)
        for file in answer.file_descriptor_response.file_descriptor_proto
    ]
    assert any(symbol.startswith(file.package + ".") for file in files)


def test_a_question_without_an_answer_gets_an_error_and_the_stream_goes_on(ask):
    questions = [
        {"file_containing_symbol": "no.such.Symbol"},
        {"file_by_filename": "no/such.proto"},
        {"file_containing_extension": {"containing_type": "no.such.Type", "extension_number": 1}},
        {"list_services": ""},
    ]
    answers = ask(*questions)
    assert len(answers) == 4
    for answer in answers[:3]:
        assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert answers[3].list_services_response.service
    assert answers[0].original_request.file_containing_symbol == "no.such.Symbol"
