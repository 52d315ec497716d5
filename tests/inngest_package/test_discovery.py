"""Functions are found by where they are; what is wrong with one ends the start and names its file."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import StartupError
from core.inngest.discovery import discover_functions

MODULE = """
import inngest

client = inngest.Inngest(app_id="app", is_production=False)

@client.create_function(fn_id="{id}", trigger=inngest.TriggerEvent(event="test/event"))
async def handler(ctx: inngest.Context) -> None: ...
"""

WITH_ON_FAILURE = """
async def failed(ctx: inngest.Context) -> None: ...

@client.create_function(fn_id="{id}", trigger=inngest.TriggerEvent(event="test/event"), on_failure=failed)
async def {id}(ctx: inngest.Context) -> None: ...
"""

Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Write modules into a new package and return its name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def write(**modules: str) -> str:
        for name, text in {"__init__": "", **modules}.items():
            path = (tmp_path / "found" / name.replace("__in__", "/")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return "found"

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "found"]:
        del sys.modules[name]


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x = 1\n",
            "found/broken.py defines no Inngest function: decorate one with @inngest_client.create_function",
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
            "found/broken.py and found/broken.py both define fn_id='charge-failure': rename one of them.",
        ),
        (
            MODULE.format(id="slow").replace(
                "trigger=", "debounce=inngest.Debounce(period=500), trigger="
            ),
            "found/broken.py: fn_id='slow' has an invalid option: Error calling function `serialize_period`: "
            "FunctionConfigInvalidError: duration must be at least 1 second",
        ),
    ],
    ids=["no function", "error", "syntax", "import", "duplicate", "on_failure", "option"],
)
def test_discover_functions_refuses_module(package: Package, text: str, message: str) -> None:
    name = package(broken=text, one=MODULE.format(id="one"))

    with pytest.raises(StartupError) as error:
        discover_functions(name)

    assert message in str(error.value)
    assert "\n" not in str(error.value)
