"""What Tollgate reads out of a request that Envoy shows it, and whom it believes."""

from __future__ import annotations

import json

import pytest
from support.envoy import Listener

MESSAGES = [{"role": "user", "content": "Hello"}]
LONG = [{"role": "user", "content": "word " * 500}]

#: Every way in which a proxy may be set up to show a request.
LISTENERS = ["plain", "text", "raw-headers", "scoped", "short"]


@pytest.mark.parametrize("listener", LISTENERS)
def test_every_form_of_a_request_is_understood(envoy, issue, listener):
    key = issue(allowed_models=["gpt-4o"])
    assert envoy.ask(key, listener=listener, model="gpt-4o", messages=MESSAGES).status == 200
    reply = envoy.ask(key, listener=listener, model="gpt-5", messages=MESSAGES)
    assert (reply.status, reply.reason) == (403, "model_not_allowed")


def test_a_body_that_was_cut_off_still_names_its_model(envoy, issue):
    key = issue(allowed_models=["gpt-4o"])
    reply = envoy.ask(key, listener="short", model="gpt-4o", messages=LONG)
    assert reply.status == 200
    assert json.loads(reply.upstream.body)["messages"] == LONG, "the upstream gets all of it"
    reply = envoy.ask(key, listener="short", model="gpt-5", messages=LONG)
    assert (reply.status, reply.reason) == (403, "model_not_allowed")


def test_a_model_behind_the_cut_is_not_known_and_so_not_allowed(envoy, issue):
    reply = envoy.ask(issue(allowed_models=["gpt-4o"]), listener="short", messages=LONG, model="gpt-4o")
    assert (reply.status, reply.reason) == (403, "model_not_allowed")
    assert envoy.ask(issue(), listener="short", messages=LONG, model="gpt-4o").status == 200


def test_envoy_itself_refuses_a_long_body_where_it_may_not_cut(envoy, issue):
    reply = envoy.ask(issue(), listener="whole", model="gpt-4o", messages=LONG)
    assert reply.status == 413
    assert reply.upstream is None


def test_a_long_body_passes_whole(envoy, issue):
    messages = [{"role": "user", "content": "x" * 1_000_000}]
    reply = envoy.ask(issue(allowed_models=["gpt-4o"]), model="gpt-4o", messages=messages)
    assert reply.status == 200
    assert json.loads(reply.upstream.body)["messages"] == messages


def test_a_streamed_answer_is_an_action_of_its_own(envoy, issue):
    key = issue(denied_actions=["chat:stream"])
    assert envoy.ask(key, model="gpt-4o", messages=MESSAGES).status == 200
    assert envoy.ask(key, model="gpt-4o", messages=MESSAGES, stream=False).status == 200
    reply = envoy.ask(key, model="gpt-4o", messages=MESSAGES, stream=True)
    assert (reply.status, reply.reason) == (403, "action_not_allowed")


def test_a_streamed_answer_arrives_whole(envoy, issue):
    key = issue(allowed_actions=["chat:stream"])
    reply = envoy.ask(key, model="gpt-4o", messages=MESSAGES, stream=True)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("path", "model", "action"),
    [
        ("/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", "chat:completions"),
        ("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", "gemini-2.5-pro",
         "chat:stream"),
        ("/v1beta/models/text-embedding-004:embedContent", "text-embedding-004",
         "embeddings:create"),
        ("/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21", "my-gpt",
         "chat:completions"),
        ("/openai/deployments/my-embedder/embeddings", "my-embedder", "embeddings:create"),
        ("/model/anthropic.claude-3-haiku-20240307-v1:0/invoke",
         "anthropic.claude-3-haiku-20240307-v1:0", "chat:completions"),
        ("/model/meta.llama3-8b/converse-stream", "meta.llama3-8b", "chat:stream"),
    ],
)  # fmt: skip
def test_the_path_names_model_and_action_where_the_body_does_not(
    envoy, admin, issue, path, model, action
):
    key = issue(allowed_models=[model], allowed_actions=[action])
    assert envoy.ask(key, path=path, contents=[{"parts": [{"text": "Hello"}]}]).status == 200
    [entry] = admin.logs(key_id=key.id)
    assert (entry["model"], entry["action"]) == (model, action)
    other = issue(denied_models=[model])
    reply = envoy.ask(other, path=path, contents=[])
    assert (reply.status, reply.reason) == (403, "model_not_allowed")


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/v1/chat/completions", "chat:completions"),
        ("/v1/embeddings", "embeddings:create"),
        ("/v1/responses", "responses:create"),
        ("/v1/messages", "messages:create"),
        ("/v1/images/generations", "images:create"),
        ("/v1/audio/speech", "audio:create"),
    ],
)
def test_the_path_says_what_is_asked_for(envoy, admin, issue, path, action):
    key = issue(allowed_actions=[action])
    assert envoy.ask(key, path=path, model="gpt-4o").status == 200
    [entry] = admin.logs(key_id=key.id)
    assert entry["action"] == action
    reply = envoy.ask(issue(denied_actions=[action]), path=path, model="gpt-4o")
    assert (reply.status, reply.reason) == (403, "action_not_allowed")


def test_models_may_be_listed_without_naming_one(envoy, issue):
    key = issue(allowed_models=["gpt-4o"])
    assert envoy.ask(key, method="GET", path="/v1/models").status == 200
    reply = envoy.ask(issue(denied_actions=["models:list"]), method="GET", path="/v1/models")
    assert (reply.status, reply.reason) == (403, "action_not_allowed")


FORGED = {
    "x-tollgate-model": "gpt-4o",
    "x-tollgate-region": "EU",
    "x-tollgate-provider": "openai",
    "x-tollgate-supplier": "openai-eu",
    "x-tollgate-action": "chat:completions",
}


@pytest.mark.parametrize(
    ("restriction", "request_body", "reason"),
    [
        ({"allowed_models": ["gpt-4o"]}, {"model": "gpt-5"}, "model_not_allowed"),
        ({"allowed_models": ["gpt-4o"]}, {}, "model_not_allowed"),
        ({"allowed_regions": ["EU"]}, {"model": "gpt-5"}, "region_not_allowed"),
        ({"allowed_providers": ["openai"]}, {"model": "a-model-of-nobody"}, "provider_not_allowed"),
        ({"allowed_suppliers": ["openai-eu"]}, {"model": "gpt-5"}, "supplier_not_allowed"),
        (
            {"allowed_actions": ["chat:completions"]},
            {"model": "gpt-5", "stream": True},
            "action_not_allowed",
        ),
    ],
)
def test_what_a_client_claims_in_headers_does_not_count(
    envoy, issue, restriction, request_body, reason
):
    reply = envoy.ask(issue(**restriction), headers=FORGED, **request_body)
    assert (reply.status, reply.reason) == (403, reason)


def test_what_the_operator_says_wins_over_the_client(envoy, admin, issue):
    key = issue()
    headers = {f"x-tollgate-{name}": "forged" for name in ("region", "provider", "supplier")}
    body = {"model": "gpt-4o", "region": "forged", "provider": "forged", "supplier": "forged"}
    assert envoy.ask(key, listener="scoped", headers=headers, **body).status == 200
    [entry] = admin.logs(key_id=key.id)
    assert (entry["region"], entry["provider"], entry["supplier"]) == ("EU", "openai", "openai-eu")


def test_what_the_operator_says_wins_over_body_and_path(envoy, admin, issue):
    key = issue()
    reply = envoy.ask(key, listener="fixed", model="forged", stream=True)
    assert reply.status == 200
    [entry] = admin.logs(key_id=key.id)
    assert (entry["model"], entry["action"]) == ("gpt-4o", "embeddings:create")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b'{"model": 7}',
        b'{"model": null}',
        b'{"model": "gpt-4o',
        b'{"model": "gpt\\u0000-4o"}',
        b'{"model": "gpt-4o\xff"}',
        b'{"model": "' + b"m" * 5000 + b'"}',
        b'{"model": "gpt-5", "model"',
        b"{" * 5000,
        b"[" * 50_000,
        b'{"a":' * 10_000 + b"1",
        b"\x00" * 1000,
        b"\xff\xfe" * 1000,
        b"\x1f\x8b\x08\x00" + b"\x00" * 100,
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("listener", ["plain", "text", "short"])
def test_a_body_without_a_readable_model_never_passes_a_model_restriction(
    envoy, issue, body, listener
):
    key = issue(allowed_models=["gpt-4o"])
    reply = envoy.ask(key, listener=listener, body=body)
    assert reply.status in (403, 503)
    assert reply.upstream is None


def test_the_last_of_two_models_is_the_one_that_counts(envoy, issue):
    key = issue(allowed_models=["gpt-4o"])
    assert envoy.ask(key, body=b'{"model": "gpt-5", "model": "gpt-4o"}').status == 200
    assert envoy.ask(key, body=b'{"model": "gpt-4o", "model": "gpt-5"}').status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/gemini%3AgenerateContent",
        "/v1beta/models/gemini:generate%43ontent",
        "/v1%2Fchat%2Fcompletions",
        "/v1/chat/completion%73",
        "/v1/models/../chat/completions",
    ],
)
def test_no_way_of_writing_a_path_gets_past_an_action_restriction(envoy, issue, path):
    for restriction in ({"denied_actions": ["chat:*"]}, {"allowed_actions": ["models:list"]}):
        assert envoy.ask(issue(**restriction), path=path, model="gemini").status == 403


@pytest.mark.parametrize(
    "body", [b'{"model": "gpt-4o", "Model": "gpt-5"}', b'{"model": "gpt-4o"}{"model": "gpt-5"}']
)
def test_a_body_that_others_may_read_otherwise_names_no_model_for_sure(envoy, issue, body):
    reply = envoy.ask(issue(allowed_models=["gpt-4o"]), body=body)
    assert (reply.status, reply.reason) == (403, "model_not_allowed")


PATHS_THAT_NAME_A_MODEL = [
    "/v1beta/models/{}:generateContent",
    "/openai/deployments/{}/chat/completions?api-version=2024-10-21",
    "/model/{}/invoke",
]


@pytest.mark.parametrize("path", PATHS_THAT_NAME_A_MODEL)
def test_a_model_in_the_body_does_not_hide_the_one_in_the_path(envoy, issue, path):
    path = path.format("dear")
    assert envoy.ask(issue(allowed_models=["dear", "cheap"]), path=path, model="cheap").status == 200
    for restriction in (
        {"denied_models": ["dear"]},
        {"denied_models": ["cheap"]},
        {"allowed_models": ["cheap"]},
        {"allowed_models": ["dear"]},
    ):
        reply = envoy.ask(issue(**restriction), path=path, model="cheap")
        assert (reply.status, reply.reason) == (403, "model_not_allowed"), restriction


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/dear%3AgenerateContent",
        "/v1beta/models/dear%3agenerateContent",
        "/v1beta/models/de%61r:generateContent",
        "/v1beta/models/dear:generate%43ontent",
        "/v1beta/mod%65ls/dear:generateContent",
        "/v1beta/models%2Fdear:generateContent",
        "/v1beta//models//dear:generateContent",
        "/v1beta/models/cheap/../dear:generateContent",
        "/v1beta/models/./dear:generateContent",
        "/v1beta/models/DEAR:generateContent",
        "/openai/deployments/de%61r/chat/completions",
        "/openai/deployments/cheap/../dear/chat/completions",
        "/model/d%65ar/invoke",
    ],
)
def test_no_way_of_writing_a_path_gets_past_a_model_restriction(envoy, issue, path):
    for restriction in ({"denied_models": ["dear"]}, {"allowed_models": ["cheap"]}):
        reply = envoy.ask(issue(**restriction), path=path, contents=[])
        assert (reply.status, reply.reason) == (403, "model_not_allowed")


def test_an_escaped_model_is_the_same_model(envoy, issue):
    key = issue(allowed_models=["gpt-4o"])
    assert envoy.ask(key, body=b'{"\\u006dodel": "\\u0067pt-4o"}').status == 200
    assert envoy.ask(issue(denied_models=["gpt-4o"]), body=b'{"model": "gpt\\u002d4o"}').status == 403


def test_trusted_headers_count_where_the_operator_says_so(tollgate, envoy_before):
    server = tollgate("--trust-request-headers", "true").start()
    envoy = envoy_before(server.rpc)
    key = server.admin.create(allowed_regions=["EU"])
    assert envoy.ask(key, headers={"x-tollgate-region": "EU"}, model="gpt-4o").status == 200
    reply = envoy.ask(key, headers={"x-tollgate-region": "US"}, model="gpt-4o")
    assert (reply.status, reply.reason) == (403, "region_not_allowed")


def test_trusted_headers_do_not_win_over_the_operator(tollgate, envoy_before):
    server = tollgate("--trust-request-headers", "true").start()
    envoy = envoy_before(server.rpc, Listener("plain", context={"region": "EU"}))
    key = server.admin.create(allowed_regions=["US"])
    reply = envoy.ask(key, headers={"x-tollgate-region": "US"}, model="gpt-4o")
    assert (reply.status, reply.reason) == (403, "region_not_allowed")


def test_the_address_is_read_past_trusted_hops_only(tollgate, envoy_before):
    # This Envoy appends the address that it sees; one trusted hop before it wrote the rest.
    server = tollgate("--trusted-hops", "2").start()
    envoy = envoy_before(server.rpc)
    key = server.admin.create(ip_allowlist={"enabled": True, "addresses": ["10.0.0.0/8"]})

    def status(forwarded: str) -> int:
        return envoy.ask(key, headers={"x-forwarded-for": forwarded}, model="gpt-4o").status

    assert status("10.1.2.3") == 200
    assert status("192.0.2.1, 10.1.2.3") == 200
    assert status("10.1.2.3, 192.0.2.1") == 403
    assert status("10.1.2.3, garbage") == 403
    assert envoy.ask(key, model="gpt-4o").status == 403, "the hop that should be there is missing"
