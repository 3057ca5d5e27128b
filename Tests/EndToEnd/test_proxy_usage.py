"""What calls really used comes back from every example that can see answers, and once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from support import proxies
from support.admin import TIMEOUT
from support.caller import PRICE
from support.clock import stay_within_the_hour
from support.gateway import replace
from support.process import Process, free_port
from support.provider import LIVE, events_of
from support.proxies import ExampleProxy, listens
from support.tollgate import clean_environment
from support.usage import Amounts
from test_answer_cases import blocks

#: The same use, as two kinds of providers tell it: one has what was cached in the prompt.
USAGE = {
    "openai": {
        "prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42,
        "prompt_tokens_details": {"cached_tokens": 8},
    },
    "anthropic": {"input_tokens": 22, "cache_read_input_tokens": 8, "output_tokens": 12},
}  # fmt: skip
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
COST = PRICE.cost(30, 12, cached=8)
PROMPT = "one two three"
MESSAGES = [{"role": "user", "content": PROMPT}]

REPORTING = [example for example in proxies.ALL if example.reports_usage]
ABORTED = [example for example in REPORTING if example.reports_aborted]
SILENT = [example for example in proxies.ALL if not example.reports_usage]


@pytest.fixture(scope="module")
def proxy_of(tmp_path_factory, _shared_server, provider):
    """The example of a name, before the shared server; started once."""
    made: dict[str, ExampleProxy] = {}

    def find(example: proxies.Example) -> ExampleProxy:
        if example.name not in made:
            directory = tmp_path_factory.mktemp(example.name)
            made[example.name] = ExampleProxy(example, directory, _shared_server.rpc, provider)
            made[example.name].start()
        return made[example.name]

    yield find
    for proxy in made.values():
        proxy.kill()


def examples(chosen: list[proxies.Example]) -> Callable:
    return pytest.mark.parametrize("example", chosen, ids=lambda each: each.name)


def ask(proxy: ExampleProxy, key, style: str = "openai", **answer) -> None:
    """A call whose answer is to be as described."""
    reply = proxy.ask(
        key, path=PATHS[style], model="gpt-4o", max_tokens=500, messages=MESSAGES,
        answer={"style": style, "usage": USAGE[style], **answer},
    )  # fmt: skip
    assert reply.status in (200, 503), reply.body


@examples(REPORTING)
@pytest.mark.parametrize("kind", ["json", "events"])
@pytest.mark.parametrize("style", USAGE)
def test_what_an_answer_says_is_charged_once_and_to_the_token(
    proxy_of, admin, issue, example, kind, style
):
    stay_within_the_hour()
    key = issue(rate_limits={"concurrent": 1})
    for count in range(1, 4):
        ask(proxy_of(example), key, style, kind=kind)
        assert admin.settled(key) == Amounts(count, count * 42, count * COST)
    for row in admin.logs(key_id=key.id):
        assert (row["input_tokens"], row["output_tokens"]) == (30, 12), row


#: Looks like usage, and is what somebody has written.
FORGED = json.dumps({"usage": {"prompt_tokens": 1, "completion_tokens": 1}, "\\": ['"', "]"]})


@examples(REPORTING)
@pytest.mark.parametrize("kind", ["json", "events"])
def test_answers_may_be_long_and_come_in_any_pieces(proxy_of, admin, issue, example, kind):
    stay_within_the_hour()
    key = issue()
    ask(proxy_of(example), key, kind=kind, text=FORGED, cut=7)
    ask(proxy_of(example), key, kind=kind, text=FORGED, times=20_000)
    assert admin.settled(key) == Amounts(2, 84, 2 * COST)


@examples(ABORTED)
@pytest.mark.parametrize("style", USAGE)
def test_a_client_that_hangs_up_pays_for_what_it_got(proxy_of, admin, issue, example, style):
    """Each event with text is a token here, and is sent when the one before has arrived."""
    key = issue()
    call, client = proxy_of(example).stream(
        key, path=PATHS[style], model="gpt-4o", max_tokens=500, messages=MESSAGES
    )
    read = 0
    for event in events_of(style, words=5, usage=USAGE[style]):
        call.send(event)
        read += '"w' in client.next_event()
        if read == 5:
            break
    client.hang_up()
    total = admin.settled(key)
    call.end()
    [row] = admin.logs(key_id=key.id)
    assert row["output_tokens"] == 5
    if style == "anthropic":
        assert row["input_tokens"] == 30, "the prompt is told before the rest"
    else:
        held = len("user" + PROMPT + "".join(LIVE.values()))
        assert row["input_tokens"] == held, "the texts of the request, which were held for it"
    assert total.tokens == row["input_tokens"] + row["output_tokens"]


@pytest.fixture
def njs(tmp_path) -> Iterator[str]:
    """The address of an nginx that says what the reader for njs finds in answers."""
    port, support = free_port(), Path(__file__).parent / "support/njs"
    values = {"EXAMPLE": proxies.EXAMPLES / "nginx", "SUPPORT": support, "PORT": port}
    configuration = replace((support / "nginx.conf").read_text(), values)
    (tmp_path / "nginx.conf").write_text(configuration)
    nginx = Process("nginx", tmp_path)
    words = [word.replace("{}", "nginx.conf") for word in proxies.NGINX]
    nginx.launch(words, clean_environment())
    nginx.until(lambda: listens(port), "its port")
    yield f"http://127.0.0.1:{port}"
    nginx.kill()


def test_njs_reads_answers_as_tollgate_itself_however_they_are_cut(njs):
    table = blocks()
    answer = requests.post(
        njs, data="\n".join(body.hex() for _, body, _ in table).encode(), timeout=TIMEOUT
    )
    assert answer.status_code == 200
    found = zip((title for title, _, _ in table), answer.text.split("\n"), strict=True)
    assert dict(found) == {
        title: wanted for title, _, wanted in table
    }


@examples(REPORTING)
def test_an_upstream_that_fails_costs_nothing(proxy_of, admin, issue, example):
    key = issue()
    ask(proxy_of(example), key, kind="error")
    assert admin.settled(key) == Amounts()


@examples([example for example in REPORTING if not example.reports_aborted])
def test_a_call_whose_client_hung_up_is_charged_by_the_policy(proxy_of, admin, issue, example):
    key = issue(unsettled="charge_input")
    call, client = proxy_of(example).stream(key, model="gpt-4o", max_tokens=500, messages=MESSAGES)
    call.send(events_of("openai", words=1, usage=USAGE["openai"])[0])
    assert client.next_event()
    client.hang_up()
    # All of the request but the brace that is shown.
    longest = len(call.request.body) - 1
    assert admin.settled(key) == Amounts(1, longest, longest * PRICE.input)
    call.end()
