"""The processes that tests share, and those that a test has to itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Before the library is loaded: children are started by exec, so nothing has to be prepared for them.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
os.environ["GRPC_VERBOSITY"] = "NONE"

import grpc

from support import disk, process, rpc
from support.admin import Admin, Key
from support.caller import Caller
from support.envoy import Envoy, Listener
from support.provider import Provider
from support.receiver import Receiver
from support.tollgate import Tollgate

#: How many programs had been launched when a test began.
BEFORE = pytest.StashKey[int]()


def pytest_configure() -> None:
    # Being asked to end is no reason to leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[BEFORE] = len(process.launched)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Adds what the programs said to the report of a test that failed: its own, and the shared ones."""
    report = yield
    if report.failed:
        own = process.launched[item.stash[BEFORE] :]
        for each in (one for one in process.launched if one in own or one.is_running):
            report.sections.append((f"{each.name} in {each.directory}", each.tail))
    return report


@pytest.fixture(scope="session")
def _shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tollgate]:
    server = Tollgate(tmp_path_factory.mktemp("shared")).start()
    yield server
    try:
        assert server.terminate() == 0
    finally:
        server.kill()


@pytest.fixture
def server(_shared_server: Tollgate) -> Iterator[Tollgate]:
    """A server with the default settings, shared by all tests that neither stop nor configure one.

    Whatever a test does to it, it must still be the same process afterwards.
    """
    yield _shared_server
    assert _shared_server.is_running, f"the test ended the server\n{_shared_server.tail}"


@pytest.fixture
def admin(server: Tollgate) -> Admin:
    """The administrator of the shared server."""
    return server.admin


@pytest.fixture
def issue(admin: Admin) -> Callable[..., Key]:
    """Creates a key on the shared server, with the given restrictions."""
    return admin.create


@pytest.fixture
def channel(server: Tollgate) -> Iterator[grpc.Channel]:
    """A gRPC connection to the shared server."""
    with rpc.connect(server.rpc) as channel:
        yield channel


@pytest.fixture
def caller(channel: grpc.Channel) -> Caller:
    """A gateway that asks the shared server natively."""
    return Caller(channel)


@pytest.fixture
def tollgate(tmp_path: Path) -> Iterator[Callable[..., Tollgate]]:
    """Makes servers that belong to the test: `tollgate("--flag", "value").start()`."""
    made: list[Tollgate] = []

    def make(*flags: str | Path, directory: str = "server", **options) -> Tollgate:
        server = Tollgate(tmp_path / directory, *flags, **options)
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()


@pytest.fixture(params=disk.FAILURES.values(), ids=disk.FAILURES)
def failing_server(
    request: pytest.FixtureRequest, tollgate: Callable[..., Tollgate]
) -> Iterator[tuple[Tollgate, disk.FileSizeLimit | disk.FullDisk]]:
    """A server and the failure of its disk, which the test begins and ends."""
    server = tollgate()
    failure = request.param(server)
    yield server.start(), failure
    server.kill()
    if isinstance(failure, disk.FullDisk):
        failure.remove()


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """The provider behind all proxies."""
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Who is told by webhooks."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def envoy(
    tmp_path_factory: pytest.TempPathFactory, _shared_server: Tollgate, provider: Provider
) -> Iterator[Envoy]:
    """An Envoy before the shared server, with a listener for each way of asking."""
    envoy = Envoy(
        tmp_path_factory.mktemp("envoy"),
        _shared_server.rpc,
        provider,
        Listener("plain"),
        Listener("short", body_limit=256),
        Listener("whole", body_limit=256, cuts_off=False),
        Listener("text", packs_bytes=False),
        Listener("raw-headers", raw_headers=True),
        Listener(
            "scoped",
            context={"region": "EU", "provider": "openai", "supplier": "openai-eu"},
        ),
        Listener("fixed", context={"model": "gpt-4o", "action": "embeddings:create"}),
    ).start()
    yield envoy
    envoy.kill()


@pytest.fixture
def envoy_before(
    tmp_path: Path, provider: Provider
) -> Iterator[Callable[..., Envoy]]:
    """Starts an Envoy that belongs to the test: `envoy_before(address, tls=…)`."""
    made: list[Envoy] = []

    def start(address: str, *listeners: Listener, directory: str = "envoy", **options) -> Envoy:
        envoy = Envoy(
            tmp_path / directory, address, provider, *(listeners or [Listener("plain")]), **options
        )
        made.append(envoy)
        return envoy.start()

    yield start
    for envoy in made:
        envoy.kill()
