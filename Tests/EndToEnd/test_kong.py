"""Kong's plugin, its text for the pre-function, and nginx's Lua: decisions and use."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import yaml
from support import proxies
from support.admin import TIMEOUT
from support.caller import PRICE
from support.clock import stay_within_the_hour
from support.gateway import STAND_IN, Kong
from support.metrics import families, value
from support.process import eventually
from support.provider import Provider
from support.proxies import EXAMPLES, ExampleProxy, Proxy
from support.tollgate import Tollgate
from support.usage import Amounts
from test_answer_cases import LARGEST, blocks

# The same promises as every other proxy's.
from test_proxies import (
    test_a_quota_that_is_used_up_is_told_402,
    test_a_rate_is_told_429_with_the_time_to_wait,
    test_an_allowed_request_reaches_the_provider_without_the_clients_key,
    test_the_model_in_the_body_counts_where_the_proxy_shows_it,
    test_the_model_of_a_form_counts_where_the_proxy_shows_it,
    test_the_provider_learns_the_groups_of_the_key_and_no_forged_ones,
    test_two_different_keys_are_told_401,
    test_what_a_client_says_in_the_proxys_name_does_not_count,
    test_what_a_key_may_not_do_is_told_403,
    test_who_has_no_key_or_a_wrong_one_is_told_401,
)

PLUGIN = EXAMPLES / "kong/kong/plugins/tollgate"
USAGE = {"prompt_tokens": 30, "completion_tokens": 12, "prompt_tokens_details": {"cached_tokens": 8}}
COST = PRICE.cost(30, 12, cached=8)
PROMPT = [{"role": "user", "content": 'one "two"\nthree'}]
NGINX = proxies.BY_NAME["nginx-lua"]


def gateway(name: str, directory, address: str, provider) -> Proxy:
    if name == NGINX.name:
        return ExampleProxy(NGINX, directory, address, provider).start()
    return Kong(f"{name}.yml", directory, address, provider).start()


@pytest.fixture(scope="module", params=["kong", "prefunction"])
def proxy(request, tmp_path_factory, _shared_server, provider):
    """Each of Kong's two, before the shared server."""
    directory = tmp_path_factory.mktemp(request.param)
    proxy = gateway(request.param, directory, _shared_server.rpc, provider)
    yield proxy
    proxy.kill()


@pytest.fixture(params=["kong", "prefunction", NGINX.name])
def edge(request, tollgate, tmp_path) -> Iterator[Callable[..., tuple[Tollgate, Proxy]]]:
    """Starts a server and one of the three before it: `edge(provider, "--flag", …)`."""
    made: list[Proxy] = []

    def start(provider, *flags: str) -> tuple[Tollgate, Proxy]:
        server = tollgate(*flags).start()
        made.append(gateway(request.param, tmp_path / "proxy", server.rpc, provider))
        return server, made[-1]

    yield start
    for proxy in made:
        proxy.kill()


def ask(proxy: Proxy, key, **answer):
    """A chat completion whose answer is to be as described."""
    return proxy.ask(key, model="gpt-4o", max_tokens=500, messages=PROMPT, answer=answer)


def reports(server: Tollgate) -> dict[str, float]:
    """How many reports have come to which end."""
    samples = families(server)["tollgate_settlements_total"].samples
    return {labels["outcome"]: number for _, labels, number in samples if number}


# Decisions.


def test_without_tollgate_nobody_passes_and_afterwards_everybody_again(edge, provider):
    server, proxy = edge(provider)
    key = server.admin.create()
    assert proxy.ask(key).status == 200
    server.kill()
    for _ in range(10):
        reply = proxy.ask(key)
        assert (reply.status, reply.upstream) == (503, None)
        assert reply.json["error"]["code"] == "unavailable"
    server.start()
    eventually(lambda: proxy.ask(key).status == 200, "requests pass again")


def test_the_connections_to_tollgate_are_kept(edge, provider):
    server, proxy = edge(provider)
    key, denied = server.admin.create(), server.admin.create(allowed_actions=["models:list"])
    for _ in range(100):
        assert ask(proxy, key, usage=USAGE).status == 200
        assert ask(proxy, denied).status == 403
    assert 0 < value(server, "tollgate_rpc_connections_accepted_total") <= 4


def test_the_client_learns_what_is_left(edge, provider):
    server, proxy = edge(provider)
    key = server.admin.create(rate_limits={"per_minute": 2, "burst": 2})
    for status, left in [(200, "1"), (200, "0"), (429, "0")]:
        reply = proxy.ask(key)
        assert reply.status == status
        assert reply.headers["x-ratelimit-limit-requests"] == "2"
        assert reply.headers["x-ratelimit-remaining-requests"] == left


def test_nothing_of_what_a_client_forges_reaches_the_provider(proxy, issue):
    forged = {
        "x-tollgate-reservation": "rs_forged", "x-tollgate-key-id": "key_forged",
        "x-tollgate-model": "gpt-4o-mini", "x-real-ip": "192.0.2.7", "x-original-uri": "/",
        "x-tollgate-tokens": "1", "x-forwarded-uri": "/", "accept-encoding": "br",
    }  # fmt: skip
    reply = proxy.ask(issue(), headers=forged)
    for name, value in forged.items():
        assert value not in reply.upstream.all(name), name


@pytest.mark.parametrize("size", [9_000, 1_040_000])
def test_a_long_body_is_read_whole(edge, provider, size):
    server, proxy = edge(provider)
    issue = server.admin.create
    key = issue(allowed_models=["gpt-4o-mini"], token_limits={"per_request_max": 2 * size})
    for model, status in [("gpt-4o-mini", 200), ("gpt-4o", 403)]:
        reply = proxy.ask(key, messages=[{"content": "x" * size}], model=model, max_tokens=1)
        assert reply.status == status
    key = issue(token_limits={"per_request_max": size // 2})
    reply = proxy.ask(key, messages=[{"content": "x" * size}], model="gpt-4o", max_tokens=1)
    assert (reply.status, reply.reason) == (403, "request_too_large")


def test_a_long_form_is_read_whole_and_passes_as_it_is(proxy, issue):
    """The part that names the model is behind a file that is longer than Kong's buffer."""
    form = {"file": ("a.wav", "RIFF" * 10_000), "model": (None, "whisper-1")}
    ask = {"path": "/v1/audio/transcriptions", "form": form}
    reply = proxy.ask(issue(allowed_models=["gpt-4o"]), **ask)
    assert (reply.status, reply.reason, reply.upstream) == (403, "model_not_allowed", None)
    reply = proxy.ask(issue(allowed_models=["whisper-1"]), **ask)
    assert reply.status == 200
    kind, _, boundary = reply.upstream.one("content-type").partition("; boundary=")
    assert kind == "multipart/form-data"
    start, _, end = reply.upstream.body.partition(b"RIFF" * 10_000)
    assert start.startswith(f"--{boundary}\r\n".encode())
    assert end.endswith(f"whisper-1\r\n--{boundary}--\r\n".encode())


def test_a_body_in_chunks_is_read_whole(edge, provider):
    server, proxy = edge(provider)
    key = server.admin.create(allowed_models=["gpt-4o-mini"])
    for model, status in [("gpt-4o-mini", 200), ("gpt-4o", 403)]:
        text = json.dumps({"messages": [{"content": "x" * 20_000}], "model": model}).encode()
        reply = requests.post(
            f"http://127.0.0.1:{proxy.port}/v1/chat/completions",
            data=iter([text[:7], text[7:]]), headers=key.bearer, timeout=TIMEOUT,
        )  # fmt: skip
        assert reply.status_code == status


def test_a_body_that_is_too_long_does_not_pass(edge, provider):
    server, proxy = edge(provider)
    reply = proxy.ask(server.admin.create(), input="x" * 1_048_577, model="gpt-4o")
    assert (reply.status, reply.upstream) == (413, None)


# What calls really used.


@pytest.mark.parametrize("kind", ["json", "events"])
def test_what_an_answer_says_is_charged_once_and_to_the_token(edge, provider, kind):
    server, proxy = edge(provider)
    stay_within_the_hour()
    key = server.admin.create(rate_limits={"concurrent": 1})
    for count in range(1, 6):
        assert ask(proxy, key, kind=kind, usage=USAGE).status == 200
        assert server.admin.settled(key) == Amounts(count, count * 42, count * COST)
    for row in server.admin.logs(key_id=key.id):
        assert (row["input_tokens"], row["output_tokens"]) == (30, 12), row
    assert reports(server) == {"applied": 5}


def test_events_come_at_once_and_are_counted_where_usage_is_missing(edge, provider):
    """Each event is sent when the one before has arrived: what holds one back never ends."""
    server, proxy = edge(provider)
    key = server.admin.create()
    call, client = proxy.stream(key, model="gpt-4o", max_tokens=500, messages=PROMPT)
    held = server.admin.usage(key).held.tokens
    for number in range(7):
        call.send({"model": "gpt-4o", "choices": [{"delta": {"content": f"w{number} "}}]})
        assert f"w{number} " in client.next_event()
    call.send("[DONE]")
    assert client.next_event() == "[DONE]"
    call.end()
    assert client.next_event() is None
    assert server.admin.settled(key).tokens == held - 500 + 7, "the prompt is what was held for it"
    [row] = server.admin.logs(key_id=key.id)
    assert row["output_tokens"] == 7


def test_a_client_that_hangs_up_pays_for_what_it_got(edge, provider):
    server, proxy = edge(provider)
    key = server.admin.create()
    call, client = proxy.stream(key, model="claude-sonnet-4-5", max_tokens=500, messages=PROMPT)
    usage = {"input_tokens": 25, "output_tokens": 1}
    start = {"type": "message_start", "message": {"usage": usage}}
    call.send(start)
    assert json.loads(client.next_event()) == start
    for number in range(5):
        call.send({"type": "content_block_delta", "delta": {"text": f"w{number} "}})
        assert f"w{number} " in client.next_event()
    client.hang_up()
    assert server.admin.settled(key).tokens == 30
    [row] = server.admin.logs(key_id=key.id)
    assert (row["input_tokens"], row["output_tokens"]) == (25, 5)
    call.end()
    assert reports(server) == {"applied": 1}


def test_a_service_that_fails_costs_nothing(edge, provider):
    server, proxy = edge(provider)
    key = server.admin.create()
    assert ask(proxy, key, kind="error").status == 503
    assert server.admin.settled(key) == Amounts()


def test_a_service_that_is_not_there_costs_nothing(edge):
    gone = Provider()
    gone.stop()
    server, proxy = edge(gone)
    key = server.admin.create()
    assert proxy.ask(key).status == 502
    assert server.admin.settled(key) == Amounts()


def test_a_request_without_a_body_has_used_nothing(edge, provider):
    server, proxy = edge(provider)
    key = server.admin.create(rate_limits={"concurrent": 1})
    for count in range(1, 4):
        url = f"http://127.0.0.1:{proxy.port}/v1/models"
        assert requests.get(url, headers=key.bearer, timeout=TIMEOUT).status_code == 200
        assert server.admin.settled(key) == Amounts(count, 0, 0)


def test_a_client_that_leaves_before_the_answer_pays_by_the_policy(edge):
    """What is behind may have done its work: 499 is the client's doing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider = SimpleNamespace(port=silent.getsockname()[1])
        server, proxy = edge(provider, "--hold-seconds", "1")
        key = server.admin.create()
        with pytest.raises(requests.ReadTimeout):
            requests.post(
                f"http://127.0.0.1:{proxy.port}/v1/chat/completions",
                json={"model": "gpt-4o", "max_tokens": 500}, headers=key.bearer, timeout=1,
            )  # fmt: skip
        assert server.admin.settled(key) == Amounts(1, 500, PRICE.highest(500))
        assert reports(server) == {"expired": 1}


def test_of_a_compressed_answer_the_hold_ends_by_its_age(edge, provider):
    server, proxy = edge(provider, "--hold-seconds", "1")
    key = server.admin.create(unsettled="release")
    ask(proxy, key, kind="gzip", usage=USAGE)
    assert server.admin.settled(key) == Amounts()
    assert reports(server) == {"expired": 1}


def test_reports_wait_for_tollgate_and_count_once(edge, provider):
    server, proxy = edge(provider)
    stay_within_the_hour()
    key = server.admin.create()
    call, client = proxy.stream(key, model="gpt-4o", max_tokens=500, messages=PROMPT)
    server.kill()
    call.send({"choices": [], "usage": USAGE})
    assert client.next_event()
    call.end()
    assert client.next_event() is None
    proxy.until(lambda: "reports of usage wait" in proxy.errors, "an attempt that fails")
    server.start()
    assert server.admin.settled(key) == Amounts(1, 42, COST)
    assert reports(server) == {"applied": 1}


def test_many_calls_at_once_are_each_charged_once(edge, provider):
    server, proxy = edge(provider)
    stay_within_the_hour()
    keys = [server.admin.create() for _ in range(4)]
    for number in range(200):
        assert ask(proxy, keys[number % 4], kind="events", usage=USAGE).status == 200
    for key in keys:
        assert server.admin.settled(key) == Amounts(50, 50 * 42, 50 * COST)
    assert reports(server) == {"applied": 200}


# The files.


def test_answers_are_read_as_by_tollgate_itself_however_they_are_cut():
    table = blocks()
    read = subprocess.run(
        ["luajit", STAND_IN / "read.lua", EXAMPLES],
        input="".join(body.hex() + "\n" for _, body, _ in table), capture_output=True, text=True,
    )  # fmt: skip
    assert (read.returncode, read.stderr) == (0, "")
    found = [re.sub(r"\d+", within_bounds, line) for line in read.stdout.split("\n")[:-1]]
    assert dict(zip((title for title, _, _ in table), found, strict=True)) == {
        title: wanted for title, _, wanted in table
    }


def test_an_answer_may_be_as_long_as_it_likes():
    """Nothing of it is kept, whether it is text, a name, a number or no JSON at all."""
    text = """
        local usage = require "kong.plugins.tollgate.usage"
        local piece = string.rep("1234", 1024)
        for _, start in ipairs({ '{"choices":[{"message":{"content":"', '{"model":"', '{"', '[', '{',
          'data: {"choices":[{"delta":{"content":"', "data: ", "data", ":", "x" }) do
          local reader = usage.reader()
          usage.read(reader, start)
          collectgarbage()
          local before = collectgarbage("count")
          for _ = 1, 2000 do usage.read(reader, piece) end
          collectgarbage()
          assert(collectgarbage("count") - before < 16, start)
        end
    """
    path = f"package.path = '{EXAMPLES}/kong/?.lua;' .. package.path"
    read = subprocess.run(["luajit", "-e", path, "-e", text], capture_output=True, text=True)
    assert (read.returncode, read.stderr) == (0, "")


def test_luarocks_installs_the_plugin_whole(tmp_path):
    """What it depends on comes with Kong, so nothing is fetched."""
    shutil.copytree(EXAMPLES / "kong", tmp_path / "kong")
    made = subprocess.run(
        ["luarocks", "--lua-version=5.1", "make", "--deps-mode=none", f"--tree={tmp_path}/tree"],
        cwd=tmp_path / "kong", capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    installed = tmp_path / "tree/share/lua/5.1/kong/plugins/tollgate"
    assert texts(installed) == texts(PLUGIN)
    [rockspec] = (EXAMPLES / "kong").glob("*.rockspec")
    version = re.search(r'VERSION = "(.+?)"', (PLUGIN / "handler.lua").read_text())[1]
    assert rockspec.stem == f"kong-plugin-tollgate-{version}-1"


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def within_bounds(digits: re.Match) -> str:
    return str(LARGEST) if int(digits[0]) > LARGEST else digits[0]


def problems(plugin: dict) -> list[str]:
    """What Kong would say about an entry of the plugin in a configuration."""
    checked = subprocess.run(
        ["luajit", STAND_IN / "validate.lua", EXAMPLES],
        input=json.dumps(plugin), capture_output=True, text=True,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")
    return checked.stdout.splitlines()


def test_the_schema_takes_the_example():
    [service] = yaml.safe_load((EXAMPLES / "kong/kong.yml").read_text())["services"]
    assert problems(service["plugins"][0]) == []
    assert problems({"name": "tollgate"}) == []


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"endpint": "http://127.0.0.1:7411"}, "config.endpint"),
        ({"endpoint": "127.0.0.1:7411"}, "config.endpoint"),
        ({"endpoint": "http://"}, "config.endpoint"),
        ({"endpoint": 7411}, "config.endpoint"),
        ({"ssl_verify": "yes"}, "config.ssl_verify"),
        ({"timeout": 0}, "config.timeout"),
        ({"timeout": 1.5}, "config.timeout"),
        ({"keepalive_pool": -1}, "config.keepalive_pool"),
        ({"region": ""}, "config.region"),
    ],
)
def test_the_schema_refuses_what_would_not_work(config, field):
    [problem] = problems({"name": "tollgate", "config": config})
    assert problem.startswith(f"{field}: ")


def test_the_package_has_every_file_of_the_plugin():
    [rockspec] = (EXAMPLES / "kong").glob("*.rockspec")
    listed = re.findall(r'\["([\w.]+)"\] = "([\w./]+)"', rockspec.read_text())
    assert {file for _, file in listed} == {
        str(file.relative_to(EXAMPLES / "kong")) for file in PLUGIN.iterdir()
    }
    for module, file in listed:
        assert module == file.removesuffix(".lua").replace("/", ".")
    version = re.search(r'version = "([\d.]+)-1"', rockspec.read_text())[1]
    assert rockspec.name == f"kong-plugin-tollgate-{version}-1.rockspec"
    assert f'VERSION = "{version}"' in (PLUGIN / "handler.lua").read_text()


@pytest.mark.parametrize(
    ("phase", "text"),
    [
        ("log", "kong.request.get_raw_body()"),
        ("log", "kong.response.exit(200)"),
        ("body_filter", "kong.service.request.set_header('a', 'b')"),
        ("header_filter", "kong.service.request.clear_header('a')"),
    ],
)
def test_the_stand_in_refuses_functions_in_phases_that_do_not_have_them(
    tmp_path, provider, phase, text
):
    document = yaml.safe_load((EXAMPLES / "kong/prefunction.yml").read_text())
    document["services"][0]["plugins"][0]["config"] = {phase: [text]}
    proxy = Kong("prefunction.yml", tmp_path, "", provider, text=yaml.safe_dump(document)).start()
    try:
        requests.post(f"http://127.0.0.1:{proxy.port}/", timeout=TIMEOUT)
    except requests.ConnectionError:
        assert phase in ("header_filter", "body_filter")
    wanted = f"function cannot be called in {phase} phase"
    proxy.until(lambda: wanted in proxy.errors, wanted)
    proxy.kill()
