"""The Chinese README says what README.md says, and its table about the old integration guide is
true.

Each error that the table quotes is provoked here, with the SDK that is installed: when that
changes, the table has to.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import inngest
import inngest.fast_api
import pytest
from inngest_devtools.testing import free_ports
from inngest_devtools.testing import SyncError
from fastapi import FastAPI

from tests.conftest import ALL_EXAMPLES, REPOSITORY, Run
from tests.devtools.workspace import wait_for
from tests.testing.inngest_app import App

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
EVENT = inngest.Event(name="test/event")


class Section(NamedTuple):
    heading: str
    text: str

    @property
    def level(self) -> int:
        return len(self.heading) - len(self.heading.lstrip("#"))

    @property
    def prose(self) -> str:
        return FENCED.sub("", self.text)

    @property
    def rows(self) -> list[list[str]]:
        """The cells of its table, without the two lines of the head."""
        lines = [line for line in self.prose.splitlines() if line.startswith("|")]
        return [line.strip("| ").split(" | ") for line in lines[2:]]


def read_sections(name: str) -> list[Section]:
    parts = re.split(
        r"^(#+ .+)$", (REPOSITORY / name).read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return [Section(*part) for part in zip(parts[1::2], parts[2::2], strict=True)]


def read_code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def read_links(text: str) -> list[str]:
    """Where links and pictures lead outside of the page; each README is the other's other language."""
    links = re.findall(r"\]\(([^)#]+)\)", text)
    return ["the other" if link in ("README.md", "README.zh-CN.md") else link for link in links]


ENGLISH, CHINESE = read_sections("README.md"), read_sections("README.zh-CN.md")
(GUIDE,) = [section for section in CHINESE if "指南" in section.heading]
TRANSLATED = [section for section in CHINESE if section is not GUIDE]

each_section = pytest.mark.parametrize(
    ("english", "chinese"),
    [pytest.param(*pair, id=pair[0].heading) for pair in zip(ENGLISH, TRANSLATED, strict=False)],
)


# --- The same as README.md


def test_translate_each_section_in_order() -> None:
    assert [section.level for section in TRANSLATED] == [section.level for section in ENGLISH]


@each_section
def test_show_the_same_code_blocks(english: Section, chinese: Section) -> None:
    assert FENCED.findall(chinese.text) == FENCED.findall(english.text)


@each_section
def test_name_the_same_code_numbers_and_links(english: Section, chinese: Section) -> None:
    """In the order of each language."""
    number = re.compile(r"\d+(?:\.\d+)*")

    assert sorted(read_code(chinese.prose)) == sorted(read_code(english.prose))
    assert sorted(number.findall(chinese.prose)) == sorted(number.findall(english.prose))
    assert sorted(read_links(chinese.prose)) == sorted(read_links(english.prose))


@each_section
def test_fill_the_same_tables(english: Section, chinese: Section) -> None:
    assert [read_code(first) for first, *_ in chinese.rows] == [
        read_code(first) for first, *_ in english.rows
    ]
    for row, original in zip(chinese.rows, english.rows, strict=True):
        assert sorted(read_code(" | ".join(row))) == sorted(read_code(" | ".join(original)))
    assert [len(row) for row in chinese.rows] == [len(row) for row in english.rows]


@each_section
def test_list_the_same_points(english: Section, chinese: Section) -> None:
    points = [re.findall(r"^- .+", section.prose, re.MULTILINE) for section in (english, chinese)]

    assert len(points[0]) == len(points[1])
    assert [read_code(point) for point in points[0]] == [read_code(point) for point in points[1]]


def test_link_to_sections_that_are_there() -> None:
    text = "".join(section.text for section in CHINESE)

    assert {f"## {anchor}" for anchor in re.findall(r"\]\(#(.+?)\)", text)} <= {
        section.heading for section in CHINESE
    }


# --- What the table says of the project

PARTS = [2, 0, 3, 0, 0, 3, 0, 0, 3, 2, 2, 3, 0]  # that chapters 1 to 13 of the guide have
GUIDE_SECTIONS = [
    f"{chapter}.{part}" if part else f"{chapter}"
    for chapter, parts in enumerate(PARTS, start=1)
    for part in (range(1, parts + 1) if parts else [0])
]
NOW = {row[0].split()[0]: row[1] for row in GUIDE.rows}
WHY = {row[0].split()[0]: row[2] for row in GUIDE.rows}

FindUnknown = Callable[[list[str]], list[str]]


@pytest.fixture(scope="module")
def rendered(copy: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    answers = (ALL_EXAMPLES, "os=all", "deploy=[compose, kubernetes]")
    return copy(tmp_path_factory.mktemp("rendered") / "my-app", *answers)


@pytest.fixture(scope="module")
def find_unknown(rendered: Path) -> FindUnknown:
    """Of these names, those that are neither a path of the project nor to be read in one of its
    files.
    """
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in rendered.rglob("*") if path.is_file()
    )

    def find(names: list[str]) -> list[str]:
        others = [name for name in names if not (rendered / name).exists()]
        return [
            name for name in others if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
        ]

    return find


def test_answer_each_section_of_the_guide_in_order() -> None:
    assert [row[0].split()[0] for row in GUIDE.rows] == GUIDE_SECTIONS
    assert {len(row) for row in GUIDE.rows} == {3}


@pytest.mark.parametrize("section", GUIDE_SECTIONS)
def test_name_what_the_project_has(section: str, find_unknown: FindUnknown) -> None:
    names = read_code(NOW[section])

    assert names
    assert find_unknown(names) == []


def test_call_unchanged_what_the_project_has(find_unknown: FindUnknown) -> None:
    names = read_code(GUIDE.text.partition("\n|")[0])

    assert len(names) > 10
    assert find_unknown(names) == []


def test_name_the_versions_that_the_project_is_for(rendered: Path) -> None:
    (version,) = re.findall(
        r'^VERSION = "(.+)"', (rendered / "src/devtools/binary.py").read_text(), re.MULTILINE
    )
    (supported,) = [section.text for section in ENGLISH if section.heading == "## Supported"]

    assert version in NOW["1.2"]
    assert f"inngest_{version}_linux_amd64.tar.gz" in WHY["1.2"]
    intro = GUIDE.text.partition("\n|")[0]
    assert re.findall(r"(?:`inngest`|CLI) [\d.]+\d", intro) == re.findall(
        r"(?:`inngest`|CLI) [\d.]+\d", supported
    )


# --- Errors that it quotes, and what shows each

SERVE = "import inngest.fast_api\nfrom fastapi import FastAPI\n"
SNIPPETS = {
    "ImportError: cannot import name 'step' from 'inngest'": "from inngest import step",
    "TypeError: serve() missing 1 required positional argument: 'functions'": (
        f"{SERVE}inngest.fast_api.serve(FastAPI(), inngest_client)"
    ),
    "AssertionError: Either 'app=...', or 'routes=' must be specified": (
        f"{SERVE}FastAPI().mount('/api/inngest', inngest.fast_api.serve(FastAPI(), inngest_client, []))"
    ),
    "NameError: name 'inngest' is not defined": "inngest_client.send_sync(inngest.Event(name='example/event'))",
    "SigningKeyMissingError": (
        f"{SERVE}inngest.fast_api.serve(FastAPI(), inngest.Inngest(app_id='my-app', is_production=True), [])"
    ),
    "SendEventsError: never received response while sending events": (
        "import inngest\ninngest_client.send_sync(inngest.Event(name='example/event'))"
    ),
}
HANDLERS = {
    "AttributeError: 'Context' object has no attribute 'data'": """
@app.function(retries=0)
async def example_function(event):
    return event.data or {}
""",
    "TypeError: scheduled_task_function() takes 0 positional arguments but 1 was given": """
@app.function(retries=0)
async def scheduled_task_function():
    return {}
""",
    "OutputUnserializableError: returned unserializable data": """
def with_tenant(handler):
    return wraps(handler)(lambda ctx: handler(ctx))

@app.function(retries=0)
@with_tenant
async def tenant_aware_function(ctx):
    return {}
""",
}
IMPORTS = {
    "ModuleNotFoundError: No module named 'server'": "server.main:app",
    "ModuleNotFoundError: No module named 'core'": "src.server.main:app",
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("INNGEST_") and name != "INNGEST_BIN":
            monkeypatch.delenv(name)


def test_quote_the_errors_that_are_shown_here() -> None:
    quoted = [
        code for why in WHY.values() for code in read_code(why) if re.match(r"\w+Error\b", code)
    ]

    assert sorted(quoted) == sorted([*SNIPPETS, *HANDLERS, *IMPORTS])


@pytest.mark.parametrize(("error", "snippet"), SNIPPETS.items(), ids=SNIPPETS)
def test_quote_what_a_snippet_raises(
    monkeypatch: pytest.MonkeyPatch, error: str, snippet: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between two attempts to send
    (nobody,) = free_ports(1)
    client = inngest.Inngest(
        app_id="my-app", is_production=False, event_api_base_url=f"http://127.0.0.1:{nobody}"
    )

    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is in its text
        exec(snippet, {"inngest_client": client})

    assert f"{type(raised.value).__name__}: {raised.value}".startswith(error)


@pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize(("error", "handler"), HANDLERS.items(), ids=HANDLERS)
def test_quote_what_a_handler_fails_with(app: App, error: str, handler: str) -> None:
    exec(handler, {"app": app, "wraps": wraps})

    run = app.serve().run(EVENT)  # so the sync went well

    assert f"{run.output['name']}: {run.output['message']}" == error


@pytest.mark.parametrize(("error", "target"), IMPORTS.items(), ids=IMPORTS)
def test_quote_what_uvicorn_ends_with(run: Run, tmp_path: Path, error: str, target: str) -> None:
    for module, source in {
        "server/main.py": "import core.inngest.client",
        "core/inngest/client.py": "",
    }.items():
        (tmp_path / "src" / module).parent.mkdir(parents=True)
        (tmp_path / "src" / module).write_text(source)

    ended = run(sys.executable, "-m", "uvicorn", target, "--port", "0", cwd=tmp_path, check=False)

    assert ended.stderr.splitlines()[-1] == error


# --- What else it says of the SDK


def origins(client: inngest.Inngest) -> list[str]:
    return [client.api_origin.rstrip("/"), client.event_api_origin.rstrip("/")]


def test_read_none_of_the_guides_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_EVENT_API_URL", "http://127.0.0.1:9000")
    monkeypatch.setenv("INNGEST_APP_ID", "another")
    monkeypatch.setenv("INNGEST_IS_PRODUCTION", "false")

    client = inngest.Inngest(app_id="my-app")

    assert (client.app_id, client.is_production) == ("my-app", True)
    for section in ("7", "11.1"):
        assert [origin for origin in origins(client) if f"`{origin}`" not in WHY[section]] == []


def test_read_no_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("INNGEST_DEV=1\n")
    monkeypatch.chdir(tmp_path)

    assert inngest.Inngest(app_id="my-app").is_production
    assert os.getenv("INNGEST_DEV") is None


@pytest.mark.parametrize("is_production", [False, True])
def test_sync_elsewhere_when_the_address_of_events_alone_is_set(is_production: bool) -> None:
    elsewhere = "http://127.0.0.1:9000"

    client = inngest.Inngest(
        app_id="my-app", event_api_base_url=elsewhere, is_production=is_production
    )

    api, events = origins(client)
    assert events == elsewhere
    assert f"`{api}`" in WHY["2"]


def test_run_plain_step_function_in_the_event_loop(app: App) -> None:
    @app.function(retries=0)
    async def handler(ctx: inngest.Context) -> bool:
        step: Any = lambda: asyncio.get_running_loop().is_running()  # noqa: E731 - as in the guide
        return bool(await ctx.step.run("获取数据", step))

    assert app.serve().run(EVENT).output is True


def test_send_and_print_again_at_each_replay(app: App) -> None:
    printed: list[str] = []
    received: list[str] = []

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        printed.append(ctx.run_id)
        await app.client.send(inngest.Event(name="test/other"))
        await ctx.step.run("a", app.step("a"))
        await ctx.step.run("b", app.step("b"))

    @app.function(id="other", event="test/other")
    async def receive(ctx: inngest.Context) -> None:
        received.append(ctx.run_id)

    app.serve().run(EVENT)

    assert (len(printed), len(received)) == (3, 3)


def test_log_nothing_below_warning_as_long_as_nobody_configures_it(
    run: Run, tmp_path: Path
) -> None:
    code = "import inngest, logging; print(inngest.Inngest(app_id='my-app').logger.isEnabledFor(logging.INFO))"

    assert run(sys.executable, "-c", code, cwd=tmp_path).stdout == "False\n"


def test_register_what_is_served_and_no_more(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    @app.client.create_function(
        fn_id="forgotten", trigger=inngest.TriggerEvent(event="test/forgotten")
    )
    async def forgotten(ctx: inngest.Context) -> None: ...

    app.serve()

    assert httpx.get(f"{app.url}/api/inngest").json()["function_count"] == 1


def test_fail_for_good_when_a_step_error_is_raised_again(app: App) -> None:
    attempts: list[int] = []

    @app.function(retries=1)
    async def handler(ctx: inngest.Context) -> None:
        attempts.append(ctx.attempt)
        try:
            await ctx.step.run("a", app.step("a", fail=9, error=RuntimeError("down")))
        except RuntimeError:
            attempts.append(-2)
        except inngest.StepError:
            attempts.append(-1)
            raise

    assert app.serve().run(EVENT).status == "Failed"
    assert attempts == [0, 1, 0, -1]
    assert app.calls == {"a": 2}


def test_answer_500_to_a_route_without_the_import() -> None:
    api = FastAPI()
    exec(
        "@api.post('/')\nasync def test_inngest():\n    return inngest.Event(name='a')",
        {"api": api},
    )

    async def post() -> int:
        transport = httpx.ASGITransport(api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
            return (await http.post("/")).status_code

    assert asyncio.run(post()) == 500


def test_answer_200_to_a_sync_that_registers_nothing(app: App) -> None:
    @app.function()
    async def good(ctx: inngest.Context) -> None: ...

    @app.function(
        id="bad",
        concurrency=[inngest.Concurrency(limit=1, key=f"event.data.{key}") for key in "abc"],
    )
    async def bad(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError):
        app.serve()

    reply = httpx.put(f"{app.url}/api/inngest", headers={"x-inngest-server-kind": "dev"})
    assert reply.status_code == 200
    assert reply.json().get("ok") is not True


# --- What it says of the Inngest CLI

StartCli = Callable[..., str]


@pytest.fixture
def start_cli(
    request: pytest.FixtureRequest, clean_env: dict[str, str], tmp_path: Path
) -> Iterator[StartCli]:
    """Start `inngest` with these arguments; its log, as soon as it listens or has ended."""
    if not request.config.getoption("--dev-server"):
        pytest.skip("needs the Inngest CLI itself")
    cli = os.environ.get("INNGEST_BIN") or str(shutil.which("inngest"))
    env = clean_env | {"HOME": str(tmp_path), "DO_NOT_TRACK": "1", "NO_UPDATE_NOTIFIER": "1"}

    with ExitStack() as stack:

        def start(*args: str) -> str:
            ports = free_ports(3)
            names = (
                "connect-gateway-port",
                "connect-gateway-grpc-port",
                "connect-executor-grpc-port",
            )
            flags = [
                "--host=127.0.0.1",
                *(f"--{name}={port}" for name, port in zip(names, ports, strict=True)),
            ]
            log = tmp_path / f"{ports[0]}.log"
            output = stack.enter_context(log.open("w"))
            process = subprocess.Popen(
                [cli, *args, *flags], cwd=tmp_path, env=env, stdout=output, stderr=output
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            wait_for(
                lambda: "starting server" in log.read_text() or process.poll(),
                f"inngest {' '.join(args)}",
            )
            return log.read_text()

        yield start


def test_start_with_the_guides_config_in_memory(start_cli: StartCli, tmp_path: Path) -> None:
    old = {"database": {"url": "postgresql://nobody@127.0.0.1:9/none"}, "log_level": "debug"}
    (tmp_path / "old.json").write_text(json.dumps(old))

    log = start_cli("dev", "--no-discovery", "--config", "old.json", "--port", str(*free_ports(1)))

    for words in ("using config", "initialized database"):
        assert f"`{words}`" in WHY["6.1"]
        assert words in log
    assert '"db":"sqlite","mode":"memory"' in log
    assert '"DEBUG"' not in log


def test_find_every_page(start_cli: StartCli) -> None:
    (port,) = free_ports(1)
    start_cli("dev", "--no-discovery", "--port", str(port))

    transport = httpx.HTTPTransport(retries=5)  # it says that it listens a moment before it does
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport) as http:
        assert [http.get(page).status_code for page in ("/_dashboard", "/no-such-page")] == [
            200,
            200,
        ]


def test_move_from_a_taken_port(start_cli: StartCli) -> None:
    (port,) = free_ports(1)
    start_cli("dev", "--no-discovery", "--port", str(port))

    log = start_cli("dev", "--no-discovery", "--port", str(port))

    assert "`Port conflict, using new port`" in WHY["12.3"]
    assert "Port conflict, using new port" in log


def test_refuse_a_signing_key_with_a_prefix(start_cli: StartCli) -> None:
    log = start_cli("start", "--signing-key", f"signkey-prod-{'ab' * 32}", "--event-key", "key")

    assert "`signing-key must be hex string with even number of chars`" in WHY["11.2"]
    assert "signing-key must be hex string with even number of chars" in log
