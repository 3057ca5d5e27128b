"""Kong's plugin in Debian's nginx, with a stand-in for Kong itself (`kong/standin.lua`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .provider import Provider
from .proxies import EXAMPLES, NGINX, Example, Proxy

STAND_IN = Path(__file__).parent / "kong"


class Kong(Proxy):
    """One of the declarative configurations of `examples/kong`, in front of the provider."""

    def __init__(
        self,
        configuration: str,
        directory: Path,
        tollgate: str,
        provider: Provider,
        text: str | None = None,
    ) -> None:
        file = EXAMPLES / "kong" / configuration
        example = Example(file.stem, f"kong/{configuration}", NGINX, shows_bodies=True)
        super().__init__(example, directory, directory / "nginx.conf", provider)
        text = text or file.read_text()
        text = text.replace("127.0.0.1:7411", tollgate)
        text = text.replace("127.0.0.1:9000", f"127.0.0.1:{provider.port}")
        self._write(yaml.safe_load(text))

    def _write(self, document: Mapping[str, Any]) -> None:
        [service] = document["services"]
        [route] = service["routes"]
        configuration = self.directory / "kong.json"
        configuration.write_text(json.dumps(document))
        self._configuration.write_text(
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


def replace(text: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text
