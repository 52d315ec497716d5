"""Functions are found by where they are; what is wrong with one ends the start and names its file."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.inngest import discovery
from core.inngest.client import inngest_client
from core.inngest.errors import ConfigurationError

MODULE = """
import inngest
from core.inngest import inngest_client as client

@client.create_function(fn_id="{id}", trigger=inngest.TriggerEvent(event="test/event"))
async def handler(ctx: inngest.Context) -> None: ...
"""

WITH_ON_FAILURE = """
async def failed(ctx: inngest.Context) -> None: ...

@client.create_function(
    fn_id="{id}", trigger=inngest.TriggerEvent(event="test/event"), on_failure=failed
)
async def {id}(ctx: inngest.Context) -> None: ...
"""

FACTORY = """
import inngest
from core.inngest import inngest_client

def define(id):
    async def handler(ctx: inngest.Context) -> None: ...
    trigger = inngest.TriggerEvent(event="test/event")
    return inngest_client.create_function(fn_id=id, trigger=trigger)(handler)
"""

Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Write modules into a new package and return its name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    discovery.discover_functions()  # the app's own are imported once
    monkeypatch.setattr(inngest_client, "definitions", list(inngest_client.definitions))

    def write(**modules: str) -> str:
        for name, text in {"__init__": "", **modules}.items():
            path = tmp_path / "found" / f"{name.replace('__in__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return "found"

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "found"]:
        del sys.modules[name]


def discover_functions(package: str) -> list[discovery.Function]:
    """Those of a package; the app's own are another test's."""
    own = discovery.OWN_PACKAGE
    discovery.OWN_PACKAGE = package
    try:
        functions: list[discovery.Function] = discovery.discover_functions()
        return functions
    finally:
        discovery.OWN_PACKAGE = own


def test_discover_functions_in_order_of_their_modules(package: Package) -> None:
    functions = discover_functions(package(zebra=MODULE.format(id="z"), ant=MODULE.format(id="a")))

    assert [function.local_id for function in functions] == ["a", "z"]


def test_discover_functions_in_packages_below(package: Package) -> None:
    name = package(
        billing__in____init__=MODULE.format(id="bill"),
        billing__in__charge=MODULE.format(id="charge"),
        orders__in__ship=MODULE.format(id="ship"),  # in a folder without an __init__.py
        empty__in____init__="",
    )

    assert [function.local_id for function in discover_functions(name)] == [
        "bill",
        "charge",
        "ship",
    ]


def test_discover_functions_leaves_out_helpers(package: Package) -> None:
    helper = "raise RuntimeError('imported')"
    name = package(_helper=helper, _helpers__in__more=helper, one=MODULE.format(id="one"))

    assert [function.local_id for function in discover_functions(name)] == ["one"]


def test_discover_functions_counts_an_imported_function_once(package: Package) -> None:
    """A module imports another's function to invoke it."""
    name = package(
        one=MODULE.format(id="one"), two="from found.one import handler\n" + MODULE.format(id="two")
    )

    assert [function.local_id for function in discover_functions(name)] == ["one", "two"]


def test_discover_functions_in_empty_package_finds_none(package: Package) -> None:
    assert discover_functions(package()) == []


def test_discover_functions_ignores_what_editors_and_systems_leave(
    package: Package, tmp_path: Path
) -> None:
    name = package(one=MODULE.format(id="one"))
    folder = tmp_path / "found"
    (folder / "._one.py").write_bytes(b"\0\1")
    (folder / ".#one.py").symlink_to("user@host.1234")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "one-checkpoint.py").write_text("raise RuntimeError")

    assert [function.local_id for function in discover_functions(name)] == ["one"]


@pytest.mark.parametrize(
    "text",
    [
        "FUNCTIONS = [define('a'), define('b')]",
        "class Jobs:\n    a = define('a')\n    jobs = {'b': define('b')}",
        "for id in ('a', 'b'):\n    define(id)",
        "(lambda: (define('a'), define('b')))()",
    ],
    ids=["list", "class", "loop", "unbound"],
)
def test_discover_functions_however_they_are_bound(package: Package, text: str) -> None:
    name = package(_factory=FACTORY, jobs=f"from found._factory import define\n{text}\n")

    assert [function.local_id for function in discover_functions(name)] == ["a", "b"]


def test_discover_functions_of_several_packages(package: Package, tmp_path: Path) -> None:
    name = package(one=MODULE.format(id="one"))
    package(other__in____init__="", other__in__two=MODULE.format(id="two"))

    functions = discovery.discover_functions(f"{name}.other")

    assert "two" in [function.local_id for function in functions]
    assert "one" not in [function.local_id for function in functions]


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("event", "handler(event) would get a Context, not an event: write `async def handler(ctx"),
        ("event: inngest.Event", "would get a Context, not an event: write `async def handler(ctx"),
        ("ctx, step", "handler(ctx, step) cannot be called with one argument: write `async def"),
        ("", "handler() cannot be called with one argument"),
        ("**kwargs", "handler(**kwargs) cannot be called with one argument"),
    ],
)
def test_discover_functions_refuses_handler_that_cannot_run(
    package: Package, signature: str, message: str
) -> None:
    text = MODULE.format(id="one").replace("ctx: inngest.Context", signature)

    with pytest.raises(ConfigurationError) as error:
        discover_functions(package(one=text))

    assert str(error.value).startswith("found/one.py, line 5: handler(")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "signature", ["ctx", "event: inngest.Context", "*args", "*args, **kwargs", "ctx, retries=2"]
)
def test_discover_functions_takes_handler_that_can_run(package: Package, signature: str) -> None:
    text = MODULE.format(id="one").replace("ctx: inngest.Context", signature)

    assert len(discover_functions(package(one=text))) == 1


def test_discover_functions_judges_a_wrapper_by_itself(package: Package) -> None:
    """A decorator may hand on the event alone."""
    text = MODULE.format(id="one").replace(
        "async def handler(ctx: inngest.Context) -> None: ...",
        "@with_event\nasync def handler(event): ...",
    )
    decorator = """
from functools import wraps

def with_event(handler):
    @wraps(handler)
    async def wrapper(ctx):
        return await handler(ctx.event)
    return wrapper
"""

    assert len(discover_functions(package(one=decorator + text))) == 1


def test_discover_functions_refuses_a_model_that_is_no_json(package: Package) -> None:
    text = MODULE.format(id="one").replace("-> None", "-> Model")
    model = "from pydantic import BaseModel\n\nclass Model(BaseModel): ...\n"

    with pytest.raises(ConfigurationError, match="returns a model, which is no JSON: give its"):
        discover_functions(package(one=model + text))


@pytest.mark.parametrize("good", ["", MODULE.format(id="good")], ids=["alone", "beside ours"])
def test_discover_functions_refuses_one_of_another_client(package: Package, good: str) -> None:
    text = good + MODULE.format(id="one").replace(
        "from core.inngest import inngest_client as client",
        "client = inngest.Inngest(app_id='app', is_production=False)",
    )

    with pytest.raises(ConfigurationError, match="handler was created with another client"):
        discover_functions(package(one=text))


def test_name_the_place_of_a_mistake_that_a_function_imports(package: Package) -> None:
    """The innermost line of the team's own, not the line that imports it, nor a library's."""
    events = "import json\n\n\njson.loads('{')\n"
    name = package(_events=events, one="import found._events\n" + MODULE.format(id="one"))

    with pytest.raises(ConfigurationError, match=r"^found/_events\.py, line 4: JSONDecodeError: "):
        discover_functions(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x = 1\n",
            "found/broken.py defines no Inngest function: decorate one with "
            "@inngest_client.create_function",
        ),
        (
            "import inngest\nnope\n",
            "found/broken.py, line 2: NameError: name 'nope' is not defined",
        ),
        ("def f(:\n", "found/broken.py, line 1: SyntaxError: invalid syntax"),
        (
            "import not_there\n",
            "found/broken.py, line 1: ModuleNotFoundError: No module named 'not_there'",
        ),
        (
            MODULE.format(id="one"),
            "found/broken.py and found/one.py both define fn_id='one': rename one of them.",
        ),
        (
            MODULE.format(id="charge-failure") + WITH_ON_FAILURE.format(id="charge"),
            "found/broken.py and found/broken.py both define fn_id='charge-failure': rename one "
            "of them.",
        ),
        (
            MODULE.format(id="slow").replace(
                "trigger=", "debounce=inngest.Debounce(period=500), trigger="
            ),
            "found/broken.py: fn_id='slow' has an invalid option: Error calling function "
            "`serialize_period`: "
            "FunctionConfigInvalidError: duration must be at least 1 second",
        ),
    ],
    ids=["no function", "error", "syntax", "import", "duplicate", "on_failure", "option"],
)
def test_discover_functions_refuses_module(package: Package, text: str, message: str) -> None:
    name = package(broken=text, one=MODULE.format(id="one"))

    with pytest.raises(ConfigurationError) as error:
        discover_functions(name)

    assert message in str(error.value)
    assert "\n" not in str(error.value)
