"""The description of the API, and the page that is made of it, held against the running server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis
from schemathesis import checks
from support.tollgate import Tollgate

#: What every answer to every request is held against: no 5xx, and a status, a type, headers and a
#: body that the document names.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

#: How many requests are made up for each operation: some that keep to the document, and some that
#: break it.
EXAMPLES = {"positive": 8, "negative": 4}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tollgate]:
    """A server of its own: what is made up may do anything, but end the administrator's key."""
    server = Tollgate(tmp_path_factory.mktemp("described")).start()
    yield server
    assert server.is_running, f"a made-up request ended the server\n{server.tail}"
    server.kill()


def operations(server: Tollgate) -> list[schemathesis.APIOperation]:
    schema = schemathesis.openapi.from_url(f"http://{server.http}/openapi.json")
    return [result.ok() for result in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_document_names(described, mode):
    headers = {"authorization": f"Bearer {described.admin_key}"}
    known = operations(described)
    assert len(known) > 35
    for operation in known:
        if mode is schemathesis.GenerationMode.NEGATIVE and not any(operation.iter_parameters()):
            if not operation.body:
                continue

        @hypothesis.settings(
            max_examples=EXAMPLES[mode.value],
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def answers(case):
            case.call_and_validate(headers=headers, checks=CHECKS)

        answers()


def test_the_page_shows_every_operation_in_a_browser(described):
    browser = shutil.which("chromium")
    assert browser, "no chromium here: scripts/install test"
    page = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--virtual-time-budget=2000", "--dump-dom", f"http://{described.http}/docs",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout  # fmt: skip
    for operation in operations(described):
        name = operation.definition.raw["operationId"]
        assert f'<section id="{name}">' in page
        assert f'href="#{name}"' in page
    assert "<script" not in page
