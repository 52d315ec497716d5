"""FastAPI's OpenTelemetry, switched on as deploy/README.md says, against a collector that keeps
what it gets.
"""

import re
import shlex
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import inngest
import pytest
from inngest_devtools.testing import StandIn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.conftest import Run
from tests.production.service import SIGNING_KEY, Service, signals_end_processes_politely

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not signals_end_processes_politely(),
        reason="the app sends its last spans when it is told to end",
    ),
]

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Collector(ThreadingHTTPServer):
    """Takes what is sent by OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Span]:
        requests = [
            ExportTraceServiceRequest.FromString(body)
            for path, body in self.bodies
            if path == "/v1/traces"
        ]
        resources = [resource for request in requests for resource in request.resource_spans]
        return [
            span for resource in resources for scope in resource.scope_spans for span in scope.spans
        ]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        yield collector
        collector.shutdown()


def documented(page: str) -> tuple[str, dict[str, str]]:
    """The command and the variables that deploy/README.md gives."""
    command = re.search(r"^ +(uv add .+)$", page, re.MULTILINE)
    assert command
    return command[1], dict(re.findall(r"^ +((?:FASTAPI_)?OTEL_\w+)=(\S+)$", page, re.MULTILINE))


@pytest.fixture
def traced_service(
    project: Path, run: Run, clean_env: dict[str, str], tmp_path: Path, collector: Collector
) -> Iterator[Service]:
    path = tmp_path / "app"
    shutil.copytree(project, path, ignore=shutil.ignore_patterns(".venv", "__pycache__", ".env"))
    command, variables = documented((path / "deploy/README.md").read_text())
    run(*shlex.split(command), cwd=path)
    variables |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "my-app"}
    with StandIn(signing_key=SIGNING_KEY) as executor:
        service = Service(path, path, clean_env | variables, executor)
        service.start()
        yield service
        service.end()


def test_trace_app_by_variables_alone_joins_spans_to_trace_of_inngest(
    traced_service: Service, collector: Collector
) -> None:
    traced_service.sync()
    # as the real server sends it
    traced_service.executor._app._http.headers["traceparent"] = f"00-{TRACE}-{PARENT}-01"

    run = traced_service.executor.run(inngest.Event(name="workflow/start", data={"source": "x"}))
    traced_service.end()  # sends what it still has

    assert run.status == "Completed"
    calls = [span for span in collector.spans() if span.name == "POST /api/inngest"]
    assert len(calls) == 5
    assert {(span.trace_id.hex(), span.parent_span_id.hex()) for span in calls} == {(TRACE, PARENT)}
    assert {"/v1/traces", "/v1/metrics"} <= {path for path, _ in collector.bodies}
