"""`uv run dev-server`: the Inngest Dev Server in the background, for this project."""

import json
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from inngest_devtools import doctor
from inngest_devtools.adopt import command as adopt
from inngest_devtools.command_line import clean_end
from inngest_devtools.dev_loop.loop import dev
from inngest_devtools.dev_server import inngest_cli, lifecycle, send_command, sync, unfinished
from inngest_devtools.dev_server.config import app_url, read_config
from inngest_devtools.dev_server.install import install
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.help_pages import Cli
from inngest_devtools.logs import Tail, console, prepare_terminal
from inngest_devtools.loopback import is_up
from inngest_devtools.new.command import new
from inngest_devtools.ports import listens
from inngest_devtools.processes import DETACHED
from inngest_devtools.project import command, read_app_port, read_inngest_settings, set_dev_mode
from inngest_devtools.words import t

cli = Cli(no_args_is_help=True)
dev_cli = Cli()
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


def main() -> None:
    """`inngest-dev`, and in a new project `dev-server`."""
    _run(cli)


def main_dev() -> None:
    """`dev`, in a new project."""
    _run(dev_cli)


def _run(program: Cli) -> None:
    prepare_terminal()
    with clean_end():
        program()


@cli.callback()
def inngest_dev() -> None:
    """Inngest in this project: the Dev Server, the app beside it, what is wrong between them.

    The Dev Server's settings are in bin/inngest, its state and its log in .inngest.

    Exit codes: 0 done, 1 error or failed check, 2 wrong usage, 3 not running.
    """


cli.command()(dev)
dev_cli.command()(dev)
cli.command()(send_command.send)
cli.command()(new)


@cli.command("install")
def run_install() -> None:
    """Download the Inngest CLI, check it and put it into bin/inngest."""
    console.print(f"Inngest CLI {inngest_cli.VERSION}: {install()}")


@cli.command()
def start() -> None:
    """Start the Dev Server in the background, and sync the app if that is up.

    Does no harm when it runs already.
    """
    set_dev_mode()
    config = read_config()
    process, is_new = lifecycle.find_or_launch(config, DETACHED)
    try:
        lifecycle.wait_until_healthy(process, config)
    except DevtoolsError:
        if is_new:
            lifecycle.end(process)
        raise
    if is_new:
        unfinished.tell_start(config)
    place = f"{config.url} (pid {process.pid})"
    console.print(
        t("Dev Server started: {place}", place=place)
        if is_new
        else t("Dev Server runs already: {place}", place=place)
    )
    if not listens(read_app_port()):
        console.print(
            t(
                "The app does not answer at {url} yet: start it with `{dev}`.",
                url=app_url(),
                dev=command("dev --no-server"),
            )
        )
        return
    result = sync.sync_app(config)
    app_id = read_inngest_settings().inngest_app_id
    console.print(t("App {app_id}: {result}", app_id=app_id, result=result))
    raise SystemExit(1 if result.error else 0)


@cli.command()
def stop() -> None:
    """Stop the Dev Server, and whatever it started."""
    with lifecycle.lock():
        process = lifecycle.find_running()
        if process:
            with suppress(DevtoolsError):  # a server can be stopped whatever its settings say
                unfinished.tell_end(read_config())
            lifecycle.end(process)
    console.print(t("Dev Server stopped.") if process else t("The Dev Server does not run."))


@cli.command()
def restart() -> None:
    """Stop the Dev Server if it runs, then start it."""
    stop()
    start()


@cli.command()
def status(as_json: Json = False) -> None:
    """Say whether the Dev Server runs and what it knows of the app.

    Exit codes: 0 it runs, 3 it does not.
    """
    config = read_config()
    process = lifecycle.find_running()
    healthy = process is not None and is_up(f"{config.url}/health")
    seen = (
        sync.look(read_inngest_settings().inngest_app_id, config)
        if healthy
        else sync.Sync(error="no Dev Server")
    )
    if as_json:
        state = {
            "running": healthy,
            "pid": process and process.pid,
            "url": config.url,
            "log": str(lifecycle.LOG_FILE),
        }
        print(json.dumps(state | {"functions": len(seen.functions), "error": seen.error}))
    elif not process:
        console.print(
            t(
                "Dev Server: not running. Start it with `{dev}` or `{start}`.",
                dev=command("dev"),
                start=command("start"),
            )
        )
    elif not healthy:
        console.print(
            t(
                "Dev Server: pid {pid} does not answer at {url}. See `{logs}`.",
                pid=process.pid,
                url=config.url,
                logs=command("logs"),
            )
        )
    else:
        console.print(
            t(
                "Dev Server: running at {url} (pid {pid})\nApp:        {seen}",
                url=config.url,
                pid=process.pid,
                seen=seen,
            )
        )
    raise SystemExit(0 if healthy else 3)


@cli.command()
def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")
    ] = 50,
) -> None:
    """Show the Dev Server's log."""
    if not lifecycle.LOG_FILE.exists():
        raise DevtoolsError(t("There is no log yet: the Dev Server was never started here."))
    tail = Tail(lifecycle.LOG_FILE)
    new = list(deque(tail.read(), maxlen=lines))
    with suppress(KeyboardInterrupt):
        while new or follow:
            for line in new:
                console.print(line)
            time.sleep(0.2 if follow else 0)
            new = tail.read()


@cli.command("adopt")
def run_adopt(
    write: Annotated[bool, typer.Option("--write", help="Show a diff, then apply it.")] = False,
) -> None:
    """Say what a project that stands still needs, and where it loses work today.

    Exit code 1: something is to do.
    """
    raise SystemExit(adopt.run(write=write))


@cli.command("migrate")
def run_migrate(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Files, folders, a repository.")
    ],
    write: Annotated[bool, typer.Option("--write", help="Change the files.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over changes that git does not have, too.")
    ] = False,
) -> None:
    """Turn code of the older guide, and of Inngest's SDK 0.3 and 0.4, into today's.

    Shows a diff of what it would change, and lists what a person decides. Step ids,
    function ids and event names stay.

    Exit codes: 0 nothing is left to do, 1 something is, 2 wrong usage.
    """
    from inngest_devtools.migrate import main

    raise SystemExit(main(paths, write=write, force=force))


@cli.command("doctor")
def run_doctor(as_json: Json = False) -> None:
    """Check everything between app and Dev Server, and say what to type.

    Exit code 1: a check failed.
    """
    checks = []
    for check in doctor.examine():
        checks.append(check)
        if not as_json:
            _print_check(check)
    failed = any(check.status == "fail" for check in checks)
    if as_json:
        print(json.dumps({"ok": not failed, "checks": [vars(check) for check in checks]}, indent=2))
    raise SystemExit(1 if failed else 0)


def _print_check(check: doctor.Check) -> None:
    detail = check.detail.replace("\n", f"\n{'':15}")
    console.print(f"{check.status:<5}", style=COLORS[check.status], end="")
    console.print(f"{check.name:<9} {detail}")
    if check.fix:
        console.print(f"{'':14} -> {check.fix}")
