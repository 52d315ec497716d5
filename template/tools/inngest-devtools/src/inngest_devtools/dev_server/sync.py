"""The app's functions in the Dev Server: syncs them, and says how that went."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Self

from inngest_devtools.adopt.app_file import CALL
from inngest_devtools.adopt.sources import find_python_files
from inngest_devtools.dev_server.config import ServerConfig, app_url
from inngest_devtools.loopback import fetch
from inngest_devtools.project import SERVE_PATH, command, get_project, read_inngest_settings
from inngest_devtools.words import t

FAILED = '"inngest/function.failed"'  # the event that an `on_failure` waits for
APPS_QUERY = "{ apps { name error functions { slug config } } }"


@dataclass(frozen=True)
class Sync:
    """What the server knows of an app after a sync."""

    functions: dict[str, str] = field(default_factory=dict)  # configuration by id
    error: str | None = None  # in the words of the server or the app
    known: bool = False

    def __str__(self) -> str:
        if self.error:
            return t("not synced: {error}", error=self.error)
        return t("{functions} synced", functions=count_functions(len(self.functions)))

    def compare(self, before: Self) -> str:
        """What changed, as in "+ new-function  ~ changed-function"; nothing is an empty text."""
        signs = {
            "+": self.functions.keys() - before.functions.keys(),
            "-": before.functions.keys() - self.functions.keys(),
            "~": {
                id
                for id, config in self.functions.items()
                if before.functions.get(id, config) != config
            },
        }
        return "  ".join(f"{sign} {id}" for sign, ids in signs.items() for id in sorted(ids))


def count_functions(number: int) -> str:
    return t("1 function") if number == 1 else t("{number} functions", number=number)


def sync_app(config: ServerConfig) -> Sync:
    """Have the app register its functions, and look what has arrived."""
    result = _sync(config)
    if result.error and not _is_installed():
        hint = t("no file calls install_inngest: `{adopt}`", adopt=command("adopt"))
        return replace(result, error=t("{error} ({hint})", error=result.error, hint=hint))
    return result


def _is_installed() -> bool:
    """Whether a file of theirs has the call; a new project comes with it."""
    project = get_project()
    if project.is_new:
        return True
    return any(CALL.encode() in path.read_bytes() for path in find_python_files(project))


def _sync(config: ServerConfig) -> Sync:
    url = app_url() + SERVE_PATH
    try:
        reply: dict[str, Any] = dict(fetch("PUT", url, timeout=10))
    except (OSError, ValueError, TypeError) as error:
        return Sync(error=t("{place}: {problem}", place=url, problem=error))
    seen = look(read_inngest_settings().inngest_app_id, config)
    if reply.get("ok") is True:  # a failed sync, too, answers 200
        return seen
    said = reply.get("error") or reply.get("message") or reply.get("detail") or json.dumps(reply)
    return Sync(error=seen.error if seen.known and seen.error else said)


def look(app_id: str, config: ServerConfig) -> Sync:
    """What the server knows of an app, without a sync."""
    try:
        apps = fetch("POST", f"{config.url}/v0/gql", {"query": APPS_QUERY}, timeout=3)["data"][
            "apps"
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Sync(error=t("{place}: {problem}", place=config.url, problem=repr(error)))
    for app in apps:
        if app["name"] == app_id:
            functions = {
                fn["slug"].removeprefix(f"{app_id}-"): _options(fn["config"])
                for fn in app["functions"]
            }
            # An `on_failure` counts as a function of its own there, and nowhere else.
            names = {f"{id}-failure" for id in functions}
            served = {
                id: options
                for id, options in functions.items()
                if id not in names or FAILED not in options
            }
            return Sync(served, app["error"], known=True)
    return Sync(error=t("the server does not know an app {app_id!r}", app_id=app_id))


def _options(config: str) -> str:
    """A function's configuration without the version, which every sync raises."""
    return json.dumps(json.loads(config) | {"fv": 0}, sort_keys=True)
