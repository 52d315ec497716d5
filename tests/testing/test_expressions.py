"""The evaluator of expressions: held to what the real server answered, and rule by rule."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from inngest_devtools.testing.expressions import (
    ExpressionError,
    InvalidExpression,
    Unsupported,
    check_expression,
    evaluate,
    matches,
)

ANSWERS = json.loads(Path(__file__).with_name("expressions.json").read_text("utf-8"))
KINDS = (
    *("trigger", "cancel", "concurrency", "priority", "idempotency", "rateLimit", "debounce"),
    *("batchEvents", "throttle", "singleton"),
)
Answer = bool | None


def make_event(data: dict[str, Any], name: str = "test/cel", ts: int = 1764000000000) -> Any:
    return {"name": name, "data": data, "id": "01", "ts": ts}


def takes(text: str, kind: str) -> bool:
    try:
        check_expression(text, kind)
    except InvalidExpression:
        return False
    return True


def compare(questions: Iterable[tuple[Callable[[], bool], Answer]]) -> Counter[str]:
    """How many of our answers are right, wrong, a false match, or refused as unsupported."""
    counts: Counter[str] = Counter()
    for ask, expected in questions:
        try:
            answer = ask()
        except Unsupported:
            counts["refused"] += 1
            continue
        if answer == expected:
            counts["right"] += 1
        else:
            counts["false match" if answer else "wrong"] += 1
    return counts


def assert_agreement(counts: Counter[str], *, refused: float) -> None:
    answered = counts.total() - counts["refused"]
    assert counts["false match"] == 0, counts
    assert counts["right"] >= 0.95 * answered, counts
    assert counts["refused"] <= refused * counts.total(), counts


# --- Against the real server's answers


def ask_sync() -> Iterator[tuple[Callable[[], bool], Answer]]:
    for text, refusing in ANSWERS["refused"].items():
        for kind in KINDS:
            yield partial(takes, text, kind), kind not in refusing


def ask_triggers() -> Iterator[tuple[Callable[[], bool], Answer]]:
    for text, matching in ANSWERS["match"].items():
        for data in ANSWERS["events"]:
            event = make_event(data)
            yield partial(matches, text, event), data["n"] in matching


def ask_waits() -> Iterator[tuple[Callable[[], bool], Answer]]:
    first = make_event(ANSWERS["wait_event"], "cel/wait")
    for text, matched in ANSWERS["wait"].items():
        for data, expected in zip(ANSWERS["answers"], matched or [None] * 4, strict=True):
            second = make_event(data, "cel/answer2", ts=1764000000010)
            yield partial(matches, text, first, second), expected


def test_sync_refuses_what_the_server_refuses() -> None:
    assert_agreement(compare(ask_sync()), refused=0.01)


def test_triggers_match_as_on_the_server() -> None:
    assert_agreement(compare(ask_triggers()), refused=0.03)


def test_waits_match_as_on_the_server() -> None:
    stuck = [text for text, matched in ANSWERS["wait"].items() if matched is None]
    share = len(stuck) / len(ANSWERS["wait"])

    assert_agreement(compare(ask_waits()), refused=share)


@pytest.mark.parametrize("text", [text for text, found in ANSWERS["wait"].items() if not found])
def test_wait_that_never_ends_is_refused_by_name(text: str) -> None:
    with pytest.raises(Unsupported, match="leaves the run RUNNING past its timeout"):
        matches(text, make_event(ANSWERS["wait_event"]), make_event(ANSWERS["answers"][0]))


# --- Rule by rule

DATA = {"num": 8, "s": "b", "list": ["b"], "nul": None, "user": {"name": "Ann"}, "flag": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.missing < 5", True),
        ("event.data.missing == null", True),
        ("event.data.missing == event.data.other", False),
        ("!has(event.data.missing)", False),
        ("event.data.nul < 5", True),
        ("event.data.num + 1 == '81'", True),  # 8.0 and 1 are joined, not added
        ("event.data.num + 1.0 == 9", True),
        ("event.data.num - 1 != 7", True),
        ("event.data.flag && event.data.s", False),  # is "b", which is not true
        ("(event.data.missing || event.data.s) == 'b'", True),
        (r"event.data.s == '\x62'", False),  # the backslash stays
        ("event.data.s == r'b'", False),
        ("'x' in event.data.s", False),
        ("event.data == {}", False),
        ("event.data.list.exists(x, x == 'b')", True),
        ("event.data.user.all(key, key == 'name')", True),
        ("event.data.list.map(x, x + '!') == ['b!']", True),
        ("event.user.id == null", True),
        ("async.data.num == 8", False),
        ("event.data.num ==", False),
    ],
)
def test_trigger_holds_by_the_rules_of_the_dialect(text: str, expected: bool) -> None:
    assert matches(text, make_event(DATA)) is expected


def test_whole_is_missing_where_a_part_is() -> None:
    event = make_event({"a": {"b": 1}})

    assert matches("event.data.a.b == 1 && event.data.a != null", event)
    assert not matches("event.data.a.c == 1 || event.data.a != null", event)


def test_comparison_of_null_with_a_boolean_ends_all() -> None:
    assert not matches("null < event.data.flag || true", make_event(DATA))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.user.name", "Ann"),
        ("event.data.num", 8),
        ("event.data.missing", False),
        ("event.data.user.name + '-' + event.data.num + '-' + event.data.missing", "Ann-8-"),
        ("event.data.s + 1500000.0", "b1.5e+06"),
        ("event.data.s == 'b' ? 180 : 0", 180),
        ("event.data.list", ["b"]),
        ("event.data.user", {"name": "Ann"}),
        ("event.data.nul", None),
    ],
)
def test_key_has_the_value_that_the_server_gives_it(text: str, expected: object) -> None:
    assert evaluate(text, make_event(DATA)) == expected


def test_key_that_fails_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="no such overload"):
        evaluate("event.data.num * 2", make_event(DATA))


FIRST = make_event({"id": "a", "n": 1, "round": 1000000, "quoted": 'say "a"'})


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("event.data.id == async.data.id", {"id": "a"}, True),
        ("async.data.id == event.data.missing", {}, False),
        # A field that the first event lacks becomes null on the left, and only there.
        ("event.data.missing == async.data.id", {}, True),
        ("event.data.missing == async.data.id && async.data.n == 1", {"n": 1}, True),
        ("event.data.n == 2 || async.data.id == 'b'", {"id": "b"}, True),
        # The server puts backslashes before the quotes, and compares with these.
        ("event.data.quoted == async.data.quoted", {"quoted": 'say "a"'}, False),
        # Without `event.` in the text there is nothing to put in.
        ("event['data']['id'] == async.data.id", {"id": "a"}, False),
        ("async.data.id.startsWith('a')", {"id": "ab"}, True),
    ],
)
def test_wait_compares_two_events(text: str, data: dict[str, Any], expected: bool) -> None:
    assert matches(text, FIRST, make_event(data)) is expected


@pytest.mark.parametrize(
    "text",
    [
        "async.data.id.startsWith(event.data.id)",
        "async.data.ids.exists(x, x == event.data.id)",
        "async['data']['id'] == event.data.id",
        "event.data.n + 1 == async.data.n",
        "event.data.round == async.data.round",  # which becomes 1e+06.0
    ],
)
def test_wait_that_the_server_cannot_fill_in_is_refused(text: str) -> None:
    with pytest.raises(Unsupported, match="RUNNING past its timeout"):
        matches(text, FIRST, make_event({"id": "a"}))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("date(event.data.ts) < now_plus('24h')", r"now_plus\(\)"),
        ("event.data.s.matches('(?i)b')", "the regular expression"),
        ("b'a' == bytes(event.data.s)", "bytes"),
        ("{1: 'a'}[1] == 'a'", "a map in an expression"),
    ],
)
def test_what_is_not_imitated_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(Unsupported, match=named):
        matches(text, make_event(DATA))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("event.data.a ==", "trigger", "syntax error at ''"),
        ("data.a == 'b'", "trigger", "undeclared reference to 'data'"),
        ("event.data.s.split(',')", "debounce", "undeclared reference to 'split'"),
        ("!1", "idempotency", "no matching overload for '!_' applied to int"),
        ("true ? 1 : 'a'", "trigger", "no matching overload"),
        ("'a'.b == 1", "trigger", "type 'string' does not support field selection"),
        ("has(event.data.a)", "cancel", "macros are disallowed"),
        ("event.data.a + 'b' == async.data.a", "cancel", r"uses '_\+_'"),
        ("event.data.a in", "concurrency", "syntax error"),
        ("foo()", "wait", "undeclared reference to 'foo'"),
    ],
)
def test_refusal_says_why(text: str, kind: str, message: str) -> None:
    with pytest.raises(InvalidExpression, match=message):
        check_expression(text, kind)


def test_any_name_will_do_where_the_server_only_parses() -> None:
    check_expression("foo(tenant)", "concurrency")
    check_expression("event.data.a == 'b", "priority")
    check_expression("(", "throttle")


def test_place_without_expressions_is_no_kind() -> None:
    with pytest.raises(ValueError, match="no place for expressions is called 'retries'"):
        check_expression("true", "retries")
