"""Why a server refuses an app's functions when it registers them."""

import ast
import itertools
import re
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import available_timezones

from inngest_devtools.testing.protocol import UNITS, Json, seconds

# Where a function's configuration has expressions; ONLY_PARSED: those in which any name will do.
EXPRESSIONS = {
    "triggers": ["expression"],
    "cancel": ["if"],
    "concurrency": ["key"],
    "priority": ["run"],
    "batchEvents": ["key", "if"],
    "debounce": ["key"],
    "rateLimit": ["key"],
}
ONLY_PARSED = ("concurrency", "priority")
DECLARED = {"event", "async", "vars", "true", "false", "null", "in"}

# The tokens of an expression, and what of Python's has their places; comments, maps and raw strings
# are not read.
ESCAPE = r"\\[abfnrtv?\\'\"`0-7xXuU]"
OPERAND = rf"""'(?:[^'\\\n]|{ESCAPE})*'|"(?:[^"\\\n]|{ESCAPE})*"|\.?[0-9][\w.]*|[A-Za-z_]\w*"""
TOKEN = re.compile(rf"{OPERAND}|&&|\|\||[=!<>]=|\S", re.ASCII)
PYTHON = {
    **{token: token for token in (*"-%.,()[]<>", "==", "!=", "<=", ">=", "in")},
    **{"&&": "and", "||": "or", "!": "~", "?": "if", ":": "else", "+": "%", "*": "%", "/": "%"},
    **dict.fromkeys(("true", "false", "null"), "None"),
}
UNKNOWN = "?"  # which Python's grammar has nowhere


def find_problems(config: Json) -> list[str]:
    """Why the server would refuse a function (its limits: pkg/consts/consts.go, its rules:
    pkg/inngest/function.go).
    """
    limits = {"concurrency": 2, "triggers": 10, "cancel": 5}
    problems = [
        f"more than {limit} {key}"
        for key, limit in limits.items()
        if len(config.get(key, [])) > limit
    ]
    crons = [trigger["cron"] for trigger in config["triggers"] if "cron" in trigger]
    problems += [f"{cron!r} isn't a valid cron schedule" for cron in crons if not _is_cron(cron)]
    for concurrency in config.get("concurrency", []):
        if concurrency.get("scope") in ("account", "env") and concurrency.get("key") is None:
            problems.append(
                f"a concurrency key must be specified for {concurrency['scope']} scoped limits"
            )
    if config.get("debounce") and seconds(config["debounce"]["period"]) > UNITS["w"]:
        problems.append("the debounce period is greater than the max of 168h")
    problems += _find_batch_problems(config)
    problems += filter(None, itertools.starmap(find_expression_problem, _list_expressions(config)))
    return [f"{config['id']}: {problem}" for problem in problems]


def _find_batch_problems(config: Json) -> list[str]:
    batch = config.get("batchEvents")
    if not batch:
        return []
    clashes = [key for key in ("cancel", "debounce", "singleton", "priority") if config.get(key)]
    problems = [f"batchEvents cannot be combined with {key}" for key in clashes]
    if batch["maxSize"] < 2:
        problems.append("batch size cannot be smaller than 2")
    if batch.get("timeout", "d")[-1] in "dw":
        problems.append("batchEvents without a timeout, a duration below one day")
    return problems


def _cron_values(first: int, last: int, names: str = "") -> dict[str, int]:
    return {str(n): n for n in range(first, last + 1)} | {
        name: n for n, name in enumerate(names.split(), first)
    }


CRON_FIELDS = (
    _cron_values(0, 59),
    _cron_values(0, 23),
    _cron_values(1, 31),
    _cron_values(1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    _cron_values(0, 6, "sun mon tue wed thu fri sat"),
)


def _is_cron(schedule: str) -> bool:
    """Whether the server reads it: five fields, perhaps after a time zone; no seconds, no @daily,
    and Sunday is 0.
    """
    zone = re.match(r"(?:CRON_)?TZ=(\S*) ", schedule)
    if zone and not _is_time_zone(zone[1]):
        return False
    fields = schedule[zone.end() if zone else 0 :].lower().split()
    return len(fields) == len(CRON_FIELDS) and all(map(_is_cron_field, fields, CRON_FIELDS))


def _is_time_zone(name: str) -> bool:
    """Whether it is one; any name is where the system has no list of them, as Windows has none."""
    zones = available_timezones()
    return not zones or name in zones


def _is_cron_field(field: str, values: dict[str, int]) -> bool:
    parts = re.sub(r"\b0+(?=[0-9])", "", field).split(",")
    return all(_is_cron_part(part, values) for part in parts if part)


def _is_cron_part(part: str, values: dict[str, int]) -> bool:
    """Whether it is `*`, `value` or `value-value`, perhaps with `/step`."""
    span, slash, step = part.partition("/")
    if slash and not re.fullmatch("[1-9][0-9]*", step):
        return False
    ends = [values.get(end, -1) for end in span.split("-")]
    return span in ("*", "?") or (len(ends) <= 2 and -1 not in ends and ends == sorted(ends))


def _list_expressions(config: Json) -> Iterator[tuple[str, str]]:
    """Where a function has expressions, and which. The server looks at no others when an app syncs."""
    if config.get("idempotency") is not None:
        yield "idempotency", config["idempotency"]
    for option, keys in EXPRESSIONS.items():
        entries = config.get(option) or []
        for entry in entries if isinstance(entries, list) else [entries]:
            yield from ((option, entry[key]) for key in keys if entry.get(key) is not None)


def find_expression_problem(place: str, expression: str) -> str | None:
    """Why the server would refuse an expression in an option of a function, or in a `wait`; types
    it does not know.
    """
    tokens = TOKEN.findall(expression)
    calls = {token for token, after in pairwise(tokens) if after == "(" and token.isidentifier()}
    roots = {
        token for before, token in pairwise(["", *tokens]) if before != "." and token.isidentifier()
    }
    if not _is_well_formed(tokens):
        return f"{place}: error compiling expression {expression!r}"
    if place == "cancel" and (
        calls - {"int", "uint", "double"} or not set("+*/%").isdisjoint(tokens)
    ):
        return f"{place}: function calls are disallowed: {expression!r}"
    # Where it calls functions, names may be theirs.
    if place not in ONLY_PARSED and not calls and (undeclared := roots - DECLARED):
        return f"{place}: undeclared reference to {min(undeclared)!r} in {expression!r}"
    return None


def _is_well_formed(tokens: list[str]) -> bool:
    """Whether they are an expression of Python's once each is replaced by what has its place in
    that grammar.
    """
    places = [
        PYTHON.get(token, "x" if re.fullmatch(OPERAND, token) else UNKNOWN) for token in tokens
    ]
    try:
        ast.parse(" ".join(places), mode="eval")
    except SyntaxError:
        return False
    return True
