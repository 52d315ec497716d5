"""A stand-in for the Inngest CLI in the tests of the devtools: not Inngest, and good for nothing
else.

It answers what the devtools ask of `inngest dev`, and writes its log in the same form. `STAND_IN`
makes it misbehave: exit, unhealthy, hang, deaf (to SIGTERM), slow (to sync), move, refuse (every
sync), child (starts a process of its own), unfinished (keeps a run for each event, which never
ends).
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODE = os.environ.get("STAND_IN", "")
REFUSAL = "At least one function is invalid: concurrency has 3 entries"

app: dict[str, Any] = {"name": "", "error": None, "functions": []}
events: list[str] = []
HISTORY = Path(".inngest") / "stand-in.json"


def main() -> None:
    if sys.argv[1:] == ["version"]:
        print("1.43.0-standin")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["dev"])
    parser.add_argument("--config", required=True)
    parser.add_argument("--port", type=int, required=True)
    options, _ = parser.parse_known_args()
    names = [
        name for name in os.environ if name.startswith("INNGEST_") or name in ("LOG_LEVEL", "PORT")
    ]
    log("using config", file=options.config, arguments=" ".join(sys.argv[1:]))
    log("environment", variables=" ".join(f"{name}={os.environ[name]}" for name in sorted(names)))
    if MODE == "exit":
        print(
            "failed to connect to `user=u database=x`:\n\tdial tcp 127.0.0.1:1: connect: "
            "connection refused"
        )
        sys.exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if MODE == "deaf" else complain_and_end)
    if MODE == "move":
        log("Port conflict, using new port", name="dev server api", **{"from": options.port})
    if MODE == "child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        log("started a child", pid=child.pid)
    ThreadingHTTPServer(
        ("127.0.0.1", 0 if MODE == "move" else options.port), Handler
    ).serve_forever()


def log(message: str, **fields: Any) -> None:
    print(
        json.dumps({"time": "2026-01-01T00:00:00Z", "level": "INFO", "msg": message, **fields}),
        flush=True,
    )


def complain_and_end(number: int, _: object) -> None:
    """As Inngest does of the app that was ended before it."""
    log("error calling SDK: EOF writing request to SDK", level="ERROR")
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def add_run(function: str) -> None:
    """A run that never ends, and that the next server finds in the history."""
    runs = json.loads(HISTORY.read_text()) if HISTORY.exists() else []
    queued_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    run = {"id": f"run-{len(runs)}", "status": "RUNNING", "queuedAt": queued_at, "output": None}
    HISTORY.write_text(json.dumps([*runs, run | {"function": {"name": function}}]))


def answer_query(query: str) -> dict[str, Any]:
    """What the devtools ask by GraphQL: the apps, a list of runs, or each run by itself."""
    runs = json.loads(HISTORY.read_text()) if HISTORY.exists() else []
    if "apps" in query:
        return {"apps": [app] if app["name"] else []}
    if "runs(" in query:
        return {"runs": {"edges": [{"node": run} for run in runs]}}
    return {f"r{index}": run for index, run in enumerate(runs)}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(503 if MODE == "unhealthy" else 200, {"status": 200, "message": "OK"})
        elif self.path == "/dev":
            self._answer(200, {"version": "1.43.0-standin"})
        elif self.path.startswith("/v1/events/"):
            self._answer(200 if self.path.split("/")[-1].split("?")[0] in events else 404, {})
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/fn/register":
            self._register(body)
        elif self.path == "/v0/gql":
            self._answer(200, {"data": answer_query(body["query"])})
        elif self.path.startswith("/invoke/"):
            log("invoke", function=self.path.removeprefix("/invoke/"))
            self._answer(200, {"id": "run", "status": 200})
        elif self.path.startswith("/e/"):
            events.append(f"event-{len(events)}")
            event = body[0] if isinstance(body, list) else body
            log("received event", event=event["name"], data=json.dumps(event["data"]))
            if MODE == "unfinished":
                add_run(event["name"])
            self._answer(200, {"ids": events[-1:], "status": 200})
        else:
            self._answer(404, {})

    def _register(self, body: dict[str, Any]) -> None:
        log("sync", functions=len(body["functions"]))
        if MODE == "slow":
            time.sleep(2)
        app["name"] = body["appname"]
        if MODE == "refuse":
            app["error"] = REFUSAL
            self._answer(400, {"error": "At least one function is invalid", "status": 400})
            return
        app["functions"] = [
            {"slug": fn["id"], "config": json.dumps(fn)} for fn in body["functions"]
        ]
        self._answer(200, {"ok": True, "modified": True})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        if MODE == "hang":
            time.sleep(600)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


if __name__ == "__main__":
    main()
