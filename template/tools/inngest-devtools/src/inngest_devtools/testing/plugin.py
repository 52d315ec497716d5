"""The pytest plugin: it does nothing in a session whose project has not asked for it.

A project asks with one line in its pytest settings, `inngest_devtools = true`. Then, before
anything of the project is imported, the plugin chooses the server and points the app's settings at
it. Every pytest session loads this module: it imports nothing that costs time.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from inngest_devtools.words import later, t

if TYPE_CHECKING:
    from inngest_devtools.testing.fixtures import CountCalls, OverrideSettings
    from inngest_devtools.testing.inngest_server import InngestServer

INI_LINE = "inngest_devtools"
OPTION = "--inngest-dev-server"
SERVER = pytest.StashKey[Any]()

MARKERS = {
    "virtual_time": later("waits longer than a test can; skipped with --inngest-dev-server"),
    "real_server": later(
        "needs what only a real Dev Server does; skipped without --inngest-dev-server"
    ),
}

# What the HTTP library reads while a client is made; a test's connections are all on this machine.
TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

# The exceptions with which a project's own settings stop the app: their text is made to be read
# alone.
READABLE_ERRORS = ("ConfigurationError", "DevtoolsError")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("inngest")
    group.addoption(OPTION, action="store_true", help=t("run against a real Inngest Dev Server"))
    words = t("run this project's Inngest functions in its tests")
    parser.addini(INI_LINE, words, "bool", False)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Choose the server and set the mode, before a `conftest.py` may import the app."""
    if early_config.getini(INI_LINE):
        _choose_server(early_config)


def pytest_configure(config: pytest.Config) -> None:
    if not config.getini(INI_LINE):
        return
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {t(meaning)}")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """End with the app's own line where its settings are wrong, instead of a traceback for each
    test module.
    """
    if not _may_end_session(session.config):
        return
    from inngest_devtools.project import get_project
    from inngest_devtools.testing.fixtures import load_app

    if not get_project().is_new:
        return  # its app may want a database: only `inngest_tests/conftest.py` says what is served
    try:
        load_app()
    except Exception as error:
        # Any other error pytest shows with its traceback, where a test module imports the app.
        if _is_readable(error):
            raise pytest.UsageError(str(error)) from None


def pytest_exception_interact(node: Any, call: Any) -> None:
    """Likewise where a test module is the first to import the app."""
    is_collection = isinstance(node, pytest.Collector)
    if is_collection and _may_end_session(node.config) and _is_readable(call.excinfo.value):
        raise pytest.UsageError(str(call.excinfo.value)) from None


def pytest_runtest_setup(item: pytest.Item) -> None:
    if not item.config.getini(INI_LINE):
        return
    is_real = item.config.getoption(OPTION)
    if is_real and item.get_closest_marker("virtual_time"):
        pytest.skip(t("it waits longer than a test can"))
    if not is_real and item.get_closest_marker("real_server"):
        pytest.skip(t("it needs a real Dev Server: run pytest with {option}", option=OPTION))


@pytest.fixture(scope="session")
def inngest_app(request: pytest.FixtureRequest) -> Any:
    """The app whose functions are run; a `conftest.py` may give another."""
    _require_ini_line(request.config)
    from inngest_devtools.testing.fixtures import load_app

    try:
        return load_app()
    except Exception as error:
        if _is_readable(error):
            pytest.fail(str(error), pytrace=False)
        raise


@pytest.fixture(scope="session")
def inngest_app_url(request: pytest.FixtureRequest, inngest_app: Any) -> Iterator[str]:
    """The app, served from a thread of this process: a test can patch what the app calls."""
    _require_ini_line(request.config)
    from inngest_devtools.testing.app_server import free_port, serve, url_of

    listener = free_port()
    with serve(inngest_app, listener):
        yield url_of(listener)


@pytest.fixture(scope="session")
def _inngest_synced_server(request: pytest.FixtureRequest, inngest_app_url: str) -> Iterator[Any]:
    with request.config.stash[SERVER] as server:
        server.sync(inngest_app_url)
        yield server


@pytest.fixture
def inngest_server(_inngest_synced_server: Any) -> "InngestServer":
    """The server that a test sends events to; it shows no run of an earlier test."""
    _inngest_synced_server.reset()
    return _inngest_synced_server  # type: ignore[no-any-return]


@pytest.fixture
def count_calls(monkeypatch: pytest.MonkeyPatch) -> "CountCalls":
    """Count how often a module's functions run: `calls = count_calls(module, "fetch", "save")`."""
    from inngest_devtools.testing.fixtures import make_count_calls

    return make_count_calls(monkeypatch)


@pytest.fixture
def override_settings() -> "Iterator[OverrideSettings]":
    """Give the app other settings until the test ends: `override_settings(log_level="DEBUG")`."""
    from inngest_devtools.testing.fixtures import forget_settings, make_override_settings

    with pytest.MonkeyPatch.context() as patch:
        yield make_override_settings(patch)
    forget_settings()


def _may_end_session(config: pytest.Config) -> bool:
    """A project that has not asked is left alone, and a worker of pytest-xdist ends nothing."""
    return bool(config.getini(INI_LINE)) and not hasattr(config, "workerinput")


def _require_ini_line(config: pytest.Config) -> None:
    if SERVER not in config.stash:
        problem = t(
            "This fixture runs the project's app: write `{line} = true` into pytest's settings.",
            line=INI_LINE,
        )
        pytest.fail(problem, pytrace=False)


def _choose_server(config: pytest.Config) -> None:
    from inngest_devtools.testing.fixtures import add_import_root, make_server

    is_real = config.known_args_namespace.inngest_dev_server
    try:
        server = make_server(real=is_real)
    except Exception as error:
        if _is_readable(error):
            raise pytest.UsageError(f"{OPTION if is_real else INI_LINE}: {error}") from None
        raise
    config.stash[SERVER] = server
    add_import_root()
    for name in list(os.environ):
        if name.startswith("INNGEST_") or name.upper().endswith("_PROXY") or name in TLS_VARIABLES:
            del os.environ[name]
    os.environ |= {
        "INNGEST_DEV": "1",
        "INNGEST_BASE_URL": server.origin,
        "INNGEST_ENV_FILE": "",  # a developer's `.env` does not change what the tests say
    }


def _is_readable(error: BaseException) -> bool:
    return any(base.__name__ in READABLE_ERRORS for base in type(error).__mro__)
