"""Kong's plugin in Debian's nginx, with a stand-in for Kong itself (`kong/standin.lua`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

from .process import Process, free_port
from .provider import Provider
from .proxies import EXAMPLES, Example, ExampleProxy, listens
from .tollgate import clean_environment

STAND_IN = Path(__file__).parent / "kong"


class Kong(ExampleProxy):
    """One of the declarative configurations of `examples/kong`, in front of the provider."""

    def __init__(
        self,
        configuration: str,
        directory: Path,
        tollgate: str,
        provider: Provider,
        text: str | None = None,
    ) -> None:
        Process.__init__(self, configuration.removesuffix(".yml"), directory)
        self.example = Example(self.name, f"kong/{configuration}", (), shows_bodies=True)
        self.port = free_port()
        self.provider = provider
        self._session = requests.Session()
        self._session.trust_env = False
        text = text or (EXAMPLES / self.example.configuration).read_text()
        text = text.replace("127.0.0.1:7411", tollgate)
        text = text.replace("127.0.0.1:9000", f"127.0.0.1:{provider.port}")
        self._write(yaml.safe_load(text))

    def _write(self, document: Mapping[str, Any]) -> None:
        [service] = document["services"]
        [route] = service["routes"]
        configuration = self.directory / "kong.json"
        configuration.write_text(json.dumps(document))
        (self.directory / "nginx.conf").write_text(
            replace(
                (STAND_IN / "nginx.conf").read_text(),
                {
                    "SUPPORT": STAND_IN,
                    "EXAMPLES": EXAMPLES,
                    "CONFIGURATION": configuration,
                    "PORT": self.port,
                    # Kong's default; the pre-function says that it needs more.
                    "BODY_BUFFER": "8k" if self.name == "kong" else "1m",
                    "BUFFERING": "on" if route.get("response_buffering", True) else "off",
                    "PROVIDER": service["url"],
                    "HOST": service["url"].removeprefix("http://"),
                },
            )
        )

    def start(self) -> Kong:
        words = ["nginx", "-p", ".", "-e", "stderr", "-c", "nginx.conf"]
        self.launch([*words, "-g", "daemon off; master_process off;"], clean_environment())
        self.until(lambda: listens(self.port), "its port")
        return self


def replace(text: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text
