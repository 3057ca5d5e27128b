"""Envoy as Istio and Envoy Gateway would set it up for the manifests of `examples/`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from .proxies import EXAMPLES

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http."
_LOGS = "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig"

Document = dict[str, Any]


def manifests(path: Path) -> list[Document]:
    return list(yaml.safe_load_all(path.read_text()))


def of_kind(path: Path, kind: str) -> Document:
    """What the only document of this kind specifies."""
    [found] = [each for each in manifests(path) if each["kind"] == kind]
    return found["spec"]


def istio(folder: Path = EXAMPLES / "istio") -> Document:
    """A gateway's Envoy: what its providers mean, and the patches of the `EnvoyFilter` in it."""
    mesh = of_kind(folder / "mesh.yaml", "IstioOperator")["meshConfig"]
    providers = {each["name"]: each for each in mesh["extensionProviders"]}
    policy = of_kind(folder / "tollgate.yaml", "AuthorizationPolicy")
    assert policy["action"] == "CUSTOM"
    asked = providers[policy["provider"]["name"]]["envoyExtAuthzGrpc"]
    body = asked["includeRequestBodyInCheck"]
    authorization = {
        "@type": _FILTERS + "ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": _grpc(_outbound(asked), asked["service"], asked["timeout"]),
        "failure_mode_allow": asked["failOpen"],
        "status_on_error": {"code": int(asked["statusOnError"])},
        "with_request_body": {
            "max_request_bytes": body["maxRequestBytes"],
            "allow_partial_message": body["allowPartialMessage"],
            "pack_as_bytes": body["packAsBytes"],
        },
    }
    [logging] = of_kind(folder / "tollgate.yaml", "Telemetry")["accessLogging"]
    [logger] = logging["providers"]
    log = providers[logger["name"]]["envoyHttpAls"]
    frame = _frame(
        [("envoy.filters.http.ext_authz", authorization)],
        _log(log["logName"], _outbound(log), log["service"]),
        _outbound(asked),
    )
    for patch in of_kind(folder / "tollgate.yaml", "EnvoyFilter")["configPatches"]:
        _apply(patch, frame)
    return frame


def envoy_gateway(file: Path = EXAMPLES / "envoy-gateway/tollgate.yaml") -> Document:
    """A gateway's Envoy: what the policies of its route mean."""
    asked = of_kind(file, "SecurityPolicy")["extAuth"]
    [processor] = of_kind(file, "EnvoyExtensionPolicy")["extProc"]
    [setting] = of_kind(file, "EnvoyProxy")["telemetry"]["accessLog"]["settings"]
    [sink] = setting["sinks"]
    [rule] = of_kind(file, "HTTPRoute")["rules"]
    [modifier] = rule["filters"]
    headers = [{"exact": name, "ignore_case": True} for name in asked["headersToExtAuth"]]
    authorization = {
        "@type": _FILTERS + "ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": _grpc(_backend(asked["grpc"]), "tollgate.llm:7411"),
        "failure_mode_allow": asked["failOpen"],
        "allowed_headers": {"patterns": headers},
        "with_request_body": {"max_request_bytes": asked["bodyToExtAuth"]["maxRequestBytes"]},
    }
    processing = {
        "@type": _FILTERS + "ext_proc.v3.ExternalProcessor",
        "grpc_service": _grpc(_backend(processor), "tollgate.llm:7411"),
        "failure_mode_allow": processor["failOpen"],
        "processing_mode": {
            "request_header_mode": "SKIP",
            "response_header_mode": "SEND",
            "response_body_mode": processor["processingMode"]["response"]["body"].upper(),
        },
        "metadata_options": {
            "forwarding_namespaces": {"untyped": processor["metadata"]["accessibleNamespaces"]}
        },
    }
    frame = _frame(
        # Each policy has a filter of its own.
        [
            ("envoy.filters.http.ext_authz/securitypolicy/llm/tollgate", authorization),
            ("envoy.filters.http.ext_proc/envoyextensionpolicy/llm/tollgate/extproc/0", processing),
        ],
        _log(sink["als"]["logName"], "accesslog_als_0_0"),
        _backend(processor),
        "accesslog_als_0_0",
    )
    routes = _manager(frame)["route_config"]
    routes["request_headers_to_remove"] = modifier["requestHeaderModifier"]["remove"]
    return frame


def _outbound(provider: Document) -> str:
    return f"outbound|{provider['port']}||{provider['service']}"


def _backend(holder: Document) -> str:
    [reference] = holder["backendRefs"]
    return f"{reference['name']}/{reference['port']}"


def _grpc(cluster: str, authority: str = "", timeout: str = "10s") -> Document:
    """How a service is called: under a name that can be a host's, which a cluster's may not be."""
    return {"envoy_grpc": {"cluster_name": cluster, "authority": authority}, "timeout": timeout}


def _log(name: str, cluster: str, authority: str = "") -> Document:
    common = {
        "log_name": name,
        "transport_api_version": "V3",
        "grpc_service": _grpc(cluster, authority),
    }
    return {
        "name": "envoy.access_loggers.http_grpc",
        "typed_config": {"@type": _LOGS, "common_config": common},
    }


def _frame(filters: list[tuple[str, Document]], log: Document, *names: str) -> Document:
    """The Envoy of the tour, with these filters, this log, and Tollgate under these names."""
    frame = yaml.safe_load((EXAMPLES / "envoy/tour.yaml").read_text())
    tollgate, provider = frame["static_resources"]["clusters"]
    clusters = [copy.deepcopy(tollgate) for _ in names]
    for cluster, name in zip(clusters, names):
        cluster["name"] = cluster["load_assignment"]["cluster_name"] = name
    frame["static_resources"]["clusters"] = [*clusters, provider]
    manager = _manager(frame)
    router = manager["http_filters"][-1]
    manager["http_filters"] = [{"name": name, "typed_config": each} for name, each in filters]
    manager["http_filters"].append(router)
    manager["access_log"] = [log]
    for route in _routes(frame):
        del route["typed_per_filter_config"]
    return frame


def _manager(frame: Document) -> Document:
    [listener] = frame["static_resources"]["listeners"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def _routes(frame: Document) -> Iterator[Document]:
    for host in _manager(frame)["route_config"]["virtual_hosts"]:
        yield from host["routes"]


def _apply(patch: Document, frame: Document) -> None:
    """Changes the configuration as an `EnvoyFilter` does."""
    change, value = patch["patch"]["operation"], copy.deepcopy(patch["patch"]["value"])
    assert patch["match"]["context"] == "GATEWAY"
    match patch["applyTo"], change:
        case "HTTP_FILTER", "INSERT_BEFORE":
            place = patch["match"]["listener"]["filterChain"]["filter"]
            assert place["name"] == "envoy.filters.network.http_connection_manager"
            filters = _manager(frame)["http_filters"]
            names = [each["name"] for each in filters]
            filters.insert(names.index(place["subFilter"]["name"]), value)
        case "HTTP_ROUTE", "MERGE":
            for route in _routes(frame):
                _merge(route, value)
        case "ROUTE_CONFIGURATION", "MERGE":
            _merge(_manager(frame)["route_config"], value)
        case other:
            raise AssertionError(f"no such patch: {other}")


def _merge(target: Document, value: Document) -> None:
    for key, each in value.items():
        if isinstance(each, dict) and isinstance(target.get(key), dict):
            _merge(target[key], each)
        elif isinstance(each, list):
            target[key] = target.get(key, []) + each
        else:
            target[key] = each
