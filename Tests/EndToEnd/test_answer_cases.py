"""The table of answers that the reader of usage is tested with says what Python's `json` finds in them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from support.tollgate import REPOSITORY

TABLE = REPOSITORY / "Tests/TollgateGatewayTests/Cases/answers.txt"
LARGEST = 2**63 - 1


def blocks() -> list[tuple[str, bytes, str]]:
    """Title, body and expectation of each block."""
    found = []
    for block in re.split(r"^== ", TABLE.read_text(), flags=re.MULTILINE)[1:]:
        title, *lines = block.split("\n")
        lines = [line for line in lines if not line.startswith("#")]
        body = "\n".join(line[5:] for line in lines if line.startswith("line"))
        body = re.sub(r"<(\d+)\*([^>]*)>", lambda found: found[2] * int(found[1]), body)
        raw = re.sub(
            rb"\\x([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), body.encode()
        )
        wanted = " ".join(line[3:] for line in lines if line.startswith("=> "))
        found.append((title, raw, " ".join(sorted(wanted.split()))))
    return found


def documents(body: bytes) -> tuple[list[Any], bool]:
    """The JSON of an answer, one for each event, and whether it is a stream."""
    text = body.decode("utf-8-sig", "replace").lstrip(" \t\r\n")
    if text[:1] in ("{", "["):
        return whole_or_elements(text)
    found = []
    for event in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        lines = event.split("\n")
        data = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
        try:
            found.append(json.loads("\n".join(data)))
        except ValueError:
            continue
    return [each for each in found if isinstance(each, dict)], text[:1] in tuple("deir:")


def whole_or_elements(text: str) -> tuple[list[Any], bool]:
    if text[0] == "[":
        decoder, found, rest = json.JSONDecoder(), [], text[1:].lstrip(" \n,")
        while rest.startswith("{"):
            try:
                value, end = decoder.raw_decode(rest)
            except ValueError:
                break
            found.append(value)
            rest = rest[end:].lstrip(" \n,")
        return found, True
    try:
        return [json.loads(text)], False
    except (ValueError, RecursionError):
        return [], False


def number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        return None
    return min(math.ceil(value), LARGEST)


def merged(documents: list[dict]) -> tuple[dict[str, int], int, str]:
    """The last count of each name, what a stream began with, and the model."""
    counts: dict[str, int] = {}
    first, model = 0, ""
    for document in documents:
        for part in (document, document.get("response"), document.get("message")):
            if not isinstance(part, dict):
                continue
            model = part.get("model") or part.get("modelVersion") or model
            usage = part.get("usage") or part.get("usageMetadata") or {}
            flat = dict(usage)
            for details in ("prompt_tokens_details", "input_tokens_details"):
                flat |= {"cached_tokens": (usage.get(details) or {}).get("cached_tokens")}
                if flat["cached_tokens"] is not None:
                    break
            told = {name: number(value) for name, value in flat.items()}
            if document.get("type") == "message_start":
                first = told.pop("output_tokens", 0) or 0
            counts |= {name: value for name, value in told.items() if value is not None}
    return counts, first, model


def texts(value: Any) -> int:
    """How many bytes of text an event generates."""
    names = {
        "delta", "message", "content", "parts", "text", "reasoning_content", "reasoning",
        "refusal", "thinking", "partial_json", "tool_calls", "function", "arguments",
    }  # fmt: skip
    if isinstance(value, list):
        return sum(map(texts, value))
    if isinstance(value, dict):
        total = 0
        for name, inner in value.items():
            if name in names:
                total += len(inner.encode()) if isinstance(inner, str) else texts(inner)
        return total
    return 0


def expected(body: bytes) -> str:
    found, is_stream = documents(body)
    counts, first, model = merged(found)

    def one(*names: str) -> int | None:
        return next((counts[name] for name in names if name in counts), None)

    prompt = one("prompt_tokens", "promptTokenCount")
    if prompt is not None:
        prompt = min(prompt + counts.get("toolUsePromptTokenCount", 0), 2**64 - 1)
    else:
        prompt = one("input_tokens", "inputTokens")
        if prompt is not None:
            beside = ("cache_read_input_tokens", "cache_creation_input_tokens")
            beside += ("cacheReadInputTokens", "cacheWriteInputTokens")
            prompt += sum(counts.get(name, 0) for name in beside)
    output = one("completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount")
    if "thoughtsTokenCount" in counts:
        output = (output or 0) + counts["thoughtsTokenCount"]
    if output is None and is_stream:
        sizes = [
            sum(texts(document.get(name)) for name in ("choices", "candidates"))
            + (
                len(document["delta"].encode())
                if isinstance(document.get("delta"), str)
                else texts(document.get("delta"))
            )
            for document in found
        ]
        seen = max(first, sum(1 if size <= 16 else (size + 3) // 4 for size in sizes if size))
        output = seen or (0 if prompt is not None else None)
    elif output is None and prompt is not None:
        output = 0
    if output is None:
        return ""
    cached = one("cached_tokens", "prompt_cache_hit_tokens", "cachedContentTokenCount")
    if cached is None:
        cached = one("cache_read_input_tokens", "cacheReadInputTokens") or 0
    words = [f"cached={cached}", f"output={output}"]
    words += [f"input={prompt}"] if prompt is not None else []
    words += [f"model={model}"] if model and len(model) <= 256 else []
    return " ".join(sorted(words))


#: Deeper than a machine of fixed size follows, and said to be so; `json` has no such bound.
BEYOND = {"Too deep"}


@pytest.mark.parametrize("title, body, wanted", blocks(), ids=[each[0] for each in blocks()])
def test_the_table_says_what_json_finds(title, body, wanted):
    if title in BEYOND:
        assert wanted == ""
    else:
        assert expected(body) == wanted
