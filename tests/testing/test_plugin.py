"""The pytest plugin: unasked it does nothing, asked it runs a project's app on a server."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from textwrap import dedent

import pytest

from tests.conftest import REPOSITORY, Run

PROJECT_TOML = """
app = "{app}"
package = "{package}"
module = "{module}"
port = 8200
"""
APP = """
    from functools import lru_cache

    import inngest
    import inngest.fast_api
    from fastapi import FastAPI
    from pydantic_settings import BaseSettings

    class ConfigurationError(Exception): ...

    class Settings(BaseSettings):
        greeting: str = "hello"

    @lru_cache
    def get_settings() -> Settings:
        return Settings()

    client = inngest.Inngest(app_id="shop")

    async def greet() -> str:
        return get_settings().greeting

    @client.create_function(fn_id="greet", trigger=inngest.TriggerEvent(event="shop/greet"))
    async def greet_function(ctx: inngest.Context) -> str:
        return await ctx.step.run("greet", lambda: greet())

    app = FastAPI()
    inngest.fast_api.serve(app, client, [greet_function])

    def create_app() -> FastAPI:
        return app
"""
OPTED_IN = "[pytest]\ninngest_devtools = true\naddopts = --strict-config --strict-markers\n"

RunTests = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def run_tests(run: Run, tmp_path: Path) -> RunTests:
    """Run the tests of a project that stands, beside the devtools: `run_tests(source,
    ini=OPTED_IN)`.
    """

    def run_tests(
        source: str,
        *options: str,
        ini: str = "[pytest]\n",
        app: str = APP,
        target: str = "",
        package: str = "shop/inngest_app",
    ) -> "CompletedProcess[str]":
        devtools = tmp_path / "tools/inngest-devtools"
        shutil.copytree(REPOSITORY / "template/tools/inngest-devtools/src", devtools / "src")
        module = package.replace("/", ".")
        app_target = target or "shop.main:app"
        toml = PROJECT_TOML.format(app=app_target, package=package, module=module)
        (devtools / "project.toml").write_text(toml)
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "settings.py").write_text("ENV_FILE = None\n")
        (tmp_path / "shop").mkdir(exist_ok=True)
        (tmp_path / "shop/main.py").write_text(dedent(app))
        (tmp_path / "pytest.ini").write_text(ini)
        (tmp_path / "test_shop.py").write_text(dedent(source))
        plugin = ("-p", "inngest_devtools.testing.plugin")
        return run(
            *(sys.executable, "-m", "pytest", *plugin, *options),
            cwd=tmp_path,
            check=False,
            env={
                "PYTHONPATH": str(devtools / "src"),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "INNGEST_SIGNING_KEY": "none of the tests'",
                "HTTP_PROXY": "http://127.0.0.1:1",
                "SSL_CERT_FILE": "/nonexistent",
                "INNGEST_BIN": "/nonexistent/inngest",
            },
        )

    return run_tests


def test_foreign_session_is_left_alone(run_tests: RunTests) -> None:
    source = """
        import os, sys

        def test_foreign():
            assert os.environ["INNGEST_SIGNING_KEY"] and os.environ["HTTP_PROXY"]
            assert not {"inngest", "httpx", "pydantic", "shop"} & set(sys.modules)
        """

    result = run_tests(source, "-W", "error", "--strict-config", "--strict-markers")

    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout
    assert "warning" not in result.stdout


def test_foreign_session_that_asks_for_the_server_is_told_the_line_to_write(
    run_tests: RunTests,
) -> None:
    result = run_tests("def test_foreign(inngest_server): ...")

    assert "write `inngest_devtools = true` into pytest's settings" in result.stdout
    assert result.returncode == 1


@pytest.mark.parametrize("target", ["shop.main:app", "shop.main:create_app()"])
def test_session_that_asks_runs_the_app_with_an_environment_of_its_own(
    run_tests: RunTests, target: str
) -> None:
    source = """
        import os
        from inngest import Event
        from shop import main

        assert os.environ["INNGEST_DEV"] == "1"
        assert "INNGEST_SIGNING_KEY" not in os.environ and "HTTP_PROXY" not in os.environ

        def test_run(inngest_server, inngest_app_url, count_calls):
            calls = count_calls(main, "greet")
            assert inngest_server.run(Event(name="shop/greet")).output == "hello"
            assert calls == {"greet": 1}

        def test_run_alone(inngest_server):
            assert inngest_server.list_runs() == []
        """

    result = run_tests(source, ini=OPTED_IN, target=target)

    assert result.returncode == 0, result.stdout
    assert "2 passed" in result.stdout


def test_override_settings_until_the_test_ends(run_tests: RunTests) -> None:
    source = """
        import pytest
        from inngest import Event
        from shop import main

        def test_override(inngest_server, override_settings):
            override_settings(greeting="hi")
            assert inngest_server.run(Event(name="shop/greet")).output == "hi"

        def test_after():
            assert main.get_settings().greeting == "hello"

        def test_unknown(override_settings):
            with pytest.raises(TypeError, match="No setting is called greetings: there are .*greeting"):
                override_settings(greetings="hi")
        """

    result = run_tests(source, ini=OPTED_IN)

    assert result.returncode == 0, result.stdout


def test_markers_say_which_server_a_test_needs(run_tests: RunTests) -> None:
    source = """
        import pytest

        @pytest.mark.virtual_time
        def test_time(): ...

        @pytest.mark.real_server
        def test_real():
            raise AssertionError
        """

    result = run_tests(source, "-rs", ini=OPTED_IN)

    assert "1 passed, 1 skipped" in result.stdout
    assert "needs a real Dev Server: run pytest with --inngest-dev-server" in result.stdout


IN_TWO_PROCESSES = ("-p", "xdist", "--numprocesses=2")


@pytest.mark.parametrize(
    ("package", "options"),
    [("core/inngest", ()), ("core/inngest", IN_TWO_PROCESSES), ("shop/inngest_app", ())],
    ids=["new", "new, in two processes", "stands"],
)
def test_wrong_setting_is_one_line_and_no_internal_error(
    run_tests: RunTests, package: str, options: tuple[str, ...]
) -> None:
    app = """
        class ConfigurationError(Exception): ...
        raise ConfigurationError("DATABASE_URL is missing: set it.")
        """

    result = run_tests("import shop.main", *options, ini=OPTED_IN, app=app, package=package)

    assert result.returncode == 4
    assert result.stderr.strip() == "ERROR: DATABASE_URL is missing: set it."
    assert "Traceback" not in result.stdout + result.stderr
    assert "INTERNALERROR" not in result.stdout + result.stderr


def test_broken_app_is_shown_where_a_test_imports_it(run_tests: RunTests) -> None:
    result = run_tests("import shop.main", ini=OPTED_IN, app="import nothing_of_that_name")

    assert result.returncode == 2
    assert "No module named 'nothing_of_that_name'" in result.stdout
    assert "INTERNALERROR" not in result.stdout + result.stderr


def test_real_server_without_a_binary_says_how_to_get_one(run_tests: RunTests) -> None:
    result = run_tests("def test_run(): ...", "--inngest-dev-server", ini=OPTED_IN)

    assert result.returncode == 4
    assert "--inngest-dev-server: " in result.stderr
    assert "INTERNALERROR" not in result.stderr
