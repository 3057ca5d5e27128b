#!/usr/bin/env python3
"""Makes up bodies of requests, and says what each says by the rules of LLMRequestReader.

usage: requests.py SEED COUNT

Reads what it has made with Python's json, so that two parsers that know nothing of each other have
to agree. Writes `cut HEX` and a line of facts for each beginning of the body, the empty one first;
or `whole HEX` and one line, which is `invalid` when the body is no JSON object. Before them, `rule
HEX` for each pattern that is looked for in the texts of the bodies, by Python's re; of a beginning's
facts the first word is which of them are found, as bits, with a `+` when all texts could be read.

The rules: of a field that comes twice the last one counts. It counts from its colon on: until its
value is complete, nothing is known of it. A number is complete when another byte follows. The words
of a line are those of Cases/bodies.txt.
"""

import functools
import json
import random
import re
import sys

LIMIT = 2**63 - 1
DEPTH = 512

MAXIMUMS = ["max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample",
            "max_gen_len", "maxTokens"]
CHOICES = ["n", "best_of", "num_generations", "numResults"]
CONFIGURATIONS = ["generationConfig", "generation_config", "inferenceConfig",
                  "textGenerationConfig"]
INNER_MAXIMUMS = ["maxOutputTokens", "max_output_tokens", "maxTokens", "max_new_tokens",
                  "maxTokenCount"]
INNER_CHOICES = ["candidateCount", "candidate_count"]
PROMPTS = ["input", "prompt"]
TEXTS = ["messages", "instructions", "system", "contents", "inputText", "size", "voice", "stop",
         "tools", "metadata", "temperature", "Model", "MODEL", "mode", "models", "é", ""]

#: What is looked for. In both languages the same, but for the end of a text.
PATTERNS = ["a", "^abc", "[de]/", r"\W\W\W", "\\n\\t|\"", "é.?€", "^.{3,5}$", "(b|c|d)+e?f",
            r"[^a-z\s]{2}😀?", r"\\", "gh$", "\ufffd", r"^\w*$", "(?:a|bc|[é-€]){2,}", "x"]
PATTERNS = [pattern for pattern in PATTERNS if not re.fullmatch(pattern, "")]
RULES = [re.compile(pattern.replace("$", r"\Z"), re.A | re.I | re.S) for pattern in PATTERNS]

# ---- Making bodies. A body is a str with one character for each byte (Latin-1).


def spaces(rng):
    return "".join(rng.choice(" \t\n\r") for _ in range(rng.choice([0, 0, 0, 0, 1, 3])))


def escaped(rng, character):
    """One character as JSON may write it."""
    code = ord(character)
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n",
             "\r": "\\r", "\t": "\\t"}.get(character)
    if short and (rng.random() < 0.7 or code < 0x20):
        return short
    if rng.random() < 0.2 or code < 0x20 or character in '"\\':
        units = character.encode("utf-16-be")
        pairs = [units[at:at + 2].hex() for at in range(0, len(units), 2)]
        return "".join("\\u" + (pair.upper() if rng.random() < 0.5 else pair) for pair in pairs)
    return character.encode().decode("latin-1")


def string(rng, text):
    return '"' + "".join(escaped(rng, character) for character in text) + '"'


def words(rng):
    alphabet = "abc de/fgh\"\\\n\té€😀\x7f\x00{}[]:,"
    text = "".join(rng.choice(alphabet) for _ in range(rng.choice([0, 1, 3, 8, 20, 40])))
    made = string(rng, text)
    if rng.random() < 0.05:
        # Half of a pair, and bytes that are no text: both are JSON to its grammar.
        made = made[:-1] + rng.choice(["\\ud83d", "\\uDE00", "\xff", "\xed\xa0\x80", "\xc3"]) + '"'
    return made


def number(rng):
    return rng.choice([
        "0", "-0", "1", "7", "100", "4096", "-1", "1e3", "1E+2", "25e-1", "1.0", "1.50", "0.001",
        "0.0", "100E-2", "1e400", "1e-400", "-2.5", "9223372036854775807", "9223372036854775808",
        "100000000000000001", "123456789012345678901", "99999999999999999999", "0e99",
        "999999999999999999.5", "1000000000000000000000e-3", "1e99999999999999999999",
        str(rng.randrange(10**rng.randrange(1, 20))),
    ])


def value(rng, depth=0):
    kind = rng.random()
    if kind < 0.35 or depth > 5:
        return words(rng)
    if kind < 0.5:
        return number(rng)
    if kind < 0.6:
        return rng.choice(["true", "false", "null"])
    count = rng.choice([0, 1, 2, 4])
    if kind < 0.8:
        return sequence(rng, "[", [value(rng, depth + 1) for _ in range(count)], "]")
    names = [string(rng, rng.choice(TEXTS + MAXIMUMS + ["model", "text"])) for _ in range(count)]
    return structure(rng, [(name, value(rng, depth + 1)) for name in names])


def sequence(rng, start, items, end):
    gaps = [spaces(rng) + item + spaces(rng) for item in items] or [spaces(rng)]
    return start + ",".join(gaps) + end


def structure(rng, members):
    items = [name + spaces(rng) + ":" + spaces(rng) + item for name, item in members]
    return sequence(rng, "{", items, "}")


def configuration(rng):
    fields = rng.sample(INNER_MAXIMUMS + INNER_CHOICES + ["stopSequences"], rng.randrange(5))
    fields += rng.choices(fields, k=rng.choice([0, 0, 1])) if fields else []
    return structure(rng, [(string(rng, name), usual(rng, name)) for name in fields])


def usual(rng, name):
    """A value as clients give it, or now and then any other."""
    if rng.random() < 0.12:
        return value(rng)
    if name == "model":
        return string(rng, rng.choice(["gpt-4o", "a/b:c", "modèle", "m\tx", "", "😀"]))
    if name == "stream":
        return rng.choice(["true", "false"])
    if name in MAXIMUMS + CHOICES + INNER_MAXIMUMS + INNER_CHOICES:
        return number(rng)
    if name in CONFIGURATIONS:
        return configuration(rng)
    if name in PROMPTS and rng.random() < 0.4:
        tokens = [str(rng.randrange(100000)) for _ in range(rng.randrange(6))]
        return sequence(rng, "[", tokens, "]")
    return value(rng)


def request(rng):
    known = MAXIMUMS + CHOICES + CONFIGURATIONS + PROMPTS
    fields = ["model"] * rng.choice([0, 1, 1, 1, 2, 3]) + ["stream"] * rng.choice([0, 1, 1, 2])
    fields += rng.sample(known, rng.randrange(5)) + rng.choices(TEXTS, k=rng.randrange(4))
    # Fields that come again, perhaps with something else.
    fields += rng.choices(fields, k=rng.randrange(3)) if fields else []
    rng.shuffle(fields)
    members = [(string(rng, name), usual(rng, name)) for name in fields]
    if rng.random() < 0.02:
        depth = rng.choice([DEPTH, DEPTH + 1])
        members.append(('"deep"', "[" * depth + "]" * depth))
    return spaces(rng) + structure(rng, members) + spaces(rng)


def damaged(rng, body):
    at = rng.randrange(len(body))
    piece = rng.choice(['"', "\\", "{", "}", "[", "]", ":", ",", "0", "-", ".", "e", "NaN", "\n",
                        "\x01", "", " ", "tru", "nul", "+", "/", "\\u12", "Infinity"])
    return body[:at] + piece + body[at + rng.randrange(3):]


# ---- Reading them.

SPACE = re.compile(r"[ \t\n\r]*")
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t\n\r]*(:?)|(-?[0-9][0-9.eE+-]*)', re.DOTALL)


class Number(str):
    """A number as it is written."""


def refuse(constant):
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=refuse)


def skip(body, at):
    return SPACE.match(body, at).end()


class Member:
    """A field and where it is."""

    def __init__(self, body, at):
        self.name, at = json.decoder.scanstring(body, at + 1, True)
        self.colon = skip(body, at) + 1
        self.start = skip(body, self.colon)
        self.value, self.end = DECODER.raw_decode(body, self.start)
        self.body = body
        self.first = body[self.start]
        self.known = self.end + (1 if isinstance(self.value, Number) else 0)

    @functools.cached_property
    def inside(self):
        return members(self.body, self.start)[0]

    @functools.cached_property
    def texts(self):
        """How many bytes of text the value has, and how many numbers."""
        count = [0, 0]
        for match in TOKEN.finditer(self.body, self.start, self.end):
            if match[3]:
                count[1] += 1
            elif not match[2]:
                count[0] += len(match[1])
        return count

    @functools.cached_property
    def beyond(self):
        """Where it becomes deeper than is followed."""
        depth = 0
        plain = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda match: " " * len(match[0]),
                       self.body[self.start:self.end], flags=re.DOTALL)
        for at, character in enumerate(plain):
            depth += (character in "[{") - (character in "]}")
            if depth > DEPTH:
                return self.start + at
        return len(self.body)


def members(body, at):
    """The members of the object that begins here, and where it ends."""
    found = []
    at = skip(body, at + 1)
    while body[at] != "}":
        found.append(Member(body, skip(body, at + (body[at] == ","))))
        at = skip(body, found[-1].end)
    return found, at + 1


def amount(text):
    """A number rounded up, behind 18 digits also in the last of these; and whether it is odd."""
    sign, whole, fraction, exponent = re.fullmatch(
        r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", text).groups(default="")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return 0, False
    if sign:
        return None, True
    power = int(exponent or "0") - len(fraction) + max(0, len(digits) - 18)
    power = min(max(power, -1000), 1000)
    count = int(digits[:18]) * 10 ** max(0, power)
    rest = digits[18:].strip("0") != ""
    if power < 0:
        count, dropped = divmod(count, 10**-power)
        rest = rest or dropped > 0
    count += 10 ** max(0, power) if rest else 0
    return (LIMIT, True) if count > LIMIT else (count, False)


ESCAPE = re.compile(r'[^\\]+|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[0-9a-fA-F]{4}|\\[^u]',
                    re.DOTALL)
CHARACTER = re.compile("[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]"
                       "|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
                       "|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
                       "|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]")


def plain(raw):
    """A text with its escapes resolved, up to one that is cut off; what is no text is U+FFFD."""
    text, at = "", 0
    while match := ESCAPE.match(raw, at):
        at = match.end()
        if match[0][0] == "\\":
            text += "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character
                            for character in json.loads(f'"{match[0]}"'))
            continue
        for character in CHARACTER.findall(match[0]):
            try:
                text += character.encode("latin-1").decode()
            except UnicodeError:
                text += "\ufffd"
    return text


def holds_token(value):
    """Whether a value is a number, or has one outside of objects."""
    if isinstance(value, list):
        return any(holds_token(item) for item in value)
    return isinstance(value, Number)


class Facts:
    """What a body says that ends at `end`."""

    def __init__(self, found, end):
        self.end = end
        self.model = None
        self.models = self.rivals = self.text = 0
        self.stream = self.odd = self.deep = False
        self.maximums, self.choices = {}, {}
        self.texts, self.is_cut, self.has_tokens = [], False, False
        for member in found:
            if member.colon > end or self.deep:
                break
            self.read(member)

    def is_here(self, member):
        return member.start < self.end

    def is_whole(self, member):
        return member.known <= self.end

    def read(self, member):
        name = member.name
        kind = member.first if self.is_here(member) else ""
        if name == "model":
            self.models += 1
            self.model = None
            if kind != '"':
                self.pass_by(member)
            elif self.is_whole(member):
                self.model = member
        elif name == "stream":
            self.stream = self.is_whole(member) and member.value is True
            if kind not in list("tfn"):
                self.pass_by(member)
        elif name in MAXIMUMS:
            self.count(member, self.maximums, name)
        elif name in CHOICES:
            self.count(member, self.choices, name)
        elif name in CONFIGURATIONS:
            self.maximums[name] = self.choices[name] = None
            if kind == "{":
                self.configure(member)
            else:
                self.pass_by(member)
        else:
            self.rivals += name.lower() == "model"
            self.pass_by(member, name in PROMPTS)

    def configure(self, configuration):
        maximums, choices = {}, {}
        for member in configuration.inside:
            if member.colon > self.end or self.deep:
                break
            if member.name in INNER_MAXIMUMS:
                self.count(member, maximums, member.name)
            elif member.name in INNER_CHOICES:
                self.count(member, choices, member.name)
            else:
                self.pass_by(member)
        self.maximums[configuration.name] = largest(maximums)
        self.choices[configuration.name] = largest(choices)

    def count(self, member, counts, name):
        counts[name] = None
        if not self.is_here(member):
            return
        if member.first in "tfn":
            self.odd |= self.is_whole(member) and member.value is not None
        elif isinstance(member.value, Number):
            if self.is_whole(member):
                counts[name], is_odd = amount(member.value)
                self.odd |= is_odd
        else:
            self.odd = True
            self.pass_by(member)

    def pass_by(self, member, has_tokens=False):
        if not self.is_here(member):
            return
        if self.end > member.beyond:
            self.deep = True
        end = min(self.end, member.beyond)
        for match in TOKEN.finditer(member.body, member.start, member.end):
            # The names of fields are no texts.
            if not match[2] and match[1] is not None and match.start() < end:
                self.texts.append(plain(member.body[match.start(1):min(match.end(1), end)]))
        self.has_tokens |= has_tokens and holds_token(member.value)
        if self.is_whole(member) and not self.deep:
            self.text += member.texts[0] + (member.texts[1] if has_tokens else 0)
        else:
            self.text += self.end - member.start

    def findings(self, is_whole):
        """Which patterns are found, and whether all texts could be read."""
        bits = 0
        for index, text in enumerate(self.texts):
            # Only of what is read whole it is known where the last text ends.
            is_cut = not is_whole and index == len(self.texts) - 1
            for place, (pattern, rule) in enumerate(zip(PATTERNS, RULES)):
                if not (is_cut and pattern.endswith("$")) and rule.search(text):
                    bits |= 1 << place
        return bits, is_whole and not self.has_tokens

    def words(self, is_whole):
        found = []
        problem = "tooDeep" if self.deep else "" if is_whole else "cut"
        if self.model:
            raw = self.model.body[self.model.start:self.model.end].encode("latin-1")
            try:
                text = raw.decode()
                if "\x7f" in text:
                    raise UnicodeError
                found.append(named(json.loads(text)))
            except UnicodeError:
                problem = "notText"
        found.append(problem)
        maximum = largest(self.maximums)
        choices = max(1, largest(self.choices) or 1)
        found.append("" if maximum is None else f"max={maximum}")
        found.append("" if choices == 1 else f"n={choices}")
        found.append(f"text={self.text}" if self.text else "")
        found += ["stream"] * self.stream + ["odd"] * self.odd + ["again"] * (self.models > 1)
        found += ["rival"] * (self.models > 0 and self.rivals > 0)
        bits, can_be_read = self.findings(problem == "")
        return f"{bits:x}{'+' * can_be_read} " + " ".join(sorted(filter(None, found)))


def largest(counts):
    return max((count for count in counts.values() if count is not None), default=None)


def named(model):
    """The name in words, or that there is one that cannot be written."""
    try:
        model.encode()
    except UnicodeError:
        return "model"
    special = [character for character in set(model) if character <= " " or character in "%\x7f"]
    for character in sorted(special, key=lambda character: character != "%"):
        model = model.replace(character, f"%{ord(character):02X}")
    return f"model={model}"


def main():
    rng = random.Random(int(sys.argv[1]))
    for pattern in PATTERNS:
        print("rule", pattern.encode().hex())
    for _ in range(int(sys.argv[2])):
        body = request(rng)
        found, end = members(body, skip(body, 0))
        print("cut", body.encode("latin-1").hex())
        for count in range(len(body) + 1):
            print(Facts(found, count).words(count >= end))
        for _ in range(5):
            other = damaged(rng, body)
            print("whole", other.encode("latin-1").hex())
            try:
                is_object = isinstance(DECODER.decode(other), dict)
            except ValueError:
                is_object = False
            if is_object:
                print(Facts(members(other, skip(other, 0))[0], len(other)).words(True))
            else:
                print("invalid")


main()
