"""Child process: serve a migrated project on the SDK and call each function as the server does.

    python run_functions.py ROOT APP_MODULE EVENTS

EVENTS is JSON: function id -> [event name, data]. Prints JSON: function id -> its output and the
names of its steps, and under "sent" what a POST to each of the app's other routes sent.
"""

import json
import os
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

root, module, events = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
for name in [name for name in os.environ if name.startswith("INNGEST_")]:
    del os.environ[name]
sent: list[str] = []


class Receiver(BaseHTTPRequestHandler):
    """Takes events as the server does."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        sent.extend(event["name"] for event in (body if isinstance(body, list) else [body]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"ids": ["1"], "status": 200}).encode())

    def log_message(self, *_: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
os.environ |= {"INNGEST_EVENT_API_URL": url, "INNGEST_DEV": url}
os.chdir(root)
sys.path.insert(0, os.path.join(root, "src"))
app = import_module(module).app

warnings.simplefilter("ignore")  # of the client, about itself

from fastapi.testclient import TestClient

client = TestClient(app, raise_server_exceptions=False)


def run(function: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    names: list[str] = []
    for _ in range(20):
        event = {"name": name, "data": data, "id": "an-id", "ts": 1}
        context = {
            "attempt": 0,
            "disable_immediate_execution": False,
            "run_id": "r",
            "stack": {"stack": list(steps)},
            "use_api": False,
        }
        body = {"ctx": context, "event": event, "events": [event], "steps": steps, "use_api": False}
        where = {"fnId": f"my-app-{function}", "stepId": "step"}
        reply = client.post("/api/inngest", params=where, json=body)
        if reply.status_code != 206:
            return {"status": reply.status_code, "output": reply.json(), "steps": names}
        for op in reply.json():
            names.append(op["displayName"])
            steps[op["id"]] = {"data": op["data"]}
    raise SystemExit(f"{function} does not end")


outputs: dict[str, Any] = {function: run(function, *event) for function, event in events.items()}
for route in ("/api/v1/test/inngest", "/send"):
    client.post(route)
outputs["sent"] = sent
print(json.dumps(outputs))
