"""What the app prints in production, where machines read it."""

from collections.abc import Callable

import inngest
import pytest

from tests.production.service import Service

pytestmark = pytest.mark.slow

TALKATIVE = """
import logging

import inngest

from core.inngest.client import inngest_client

logger = logging.getLogger(__name__)


async def greet() -> None:
    logger.info("in the step", extra={"order_id": 7})


@inngest_client.create_function(fn_id="talkative", trigger=inngest.TriggerEvent(event="test/talk"))
async def talkative(ctx: inngest.Context) -> None:
    await ctx.step.run("greet", greet)
    ctx.logger.info("after the step")
    await ctx.step.run("greet again", greet)


async def fail() -> None:
    raise RuntimeError("no such account")


@inngest_client.create_function(
    fn_id="failing", trigger=inngest.TriggerEvent(event="test/fail"), retries=1
)
async def failing(ctx: inngest.Context) -> None:
    await ctx.step.run("charge", fail)


@inngest_client.create_function(fn_id="quiet", trigger=inngest.TriggerEvent(event="test/quiet"))
async def quiet(ctx: inngest.Context) -> None:
    raise inngest.NonRetriableError("as expected", quiet=True)
"""


def test_log_in_production_is_json_with_the_run_of_a_function(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(talkative=TALKATIVE)
    service.sync()

    run = service.executor.run(inngest.Event(name="test/talk"))
    service.end()

    records = service.records()  # every line is JSON, uvicorn's own included
    written = [
        record
        for record in records
        if record["logger"] in ("inngest", "core.inngest.functions.talkative")
    ]
    assert [record["message"] for record in written] == [
        "in the step",
        "after the step",
        "in the step",
    ]
    assert {(record["function_id"], record["run_id"]) for record in written} == {
        ("talkative", run.id)
    }
    assert written[0]["order_id"] == 7
    assert {"uvicorn.error", "uvicorn.access", "core.inngest.installation"} <= {
        record["logger"] for record in records
    }
    assert [record for record in records if record not in written and "run_id" in record] == []
    # asked at the start, many times
    assert [record for record in records if "/healthz" in record["message"]] == []


def test_log_in_production_has_errors_of_functions_with_their_traceback(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(talkative=TALKATIVE)
    service.sync()

    run = service.executor.run(inngest.Event(name="test/fail"))
    service.executor.run(inngest.Event(name="test/quiet"))

    errors = [record for record in service.records() if record["level"] == "ERROR"]
    assert [record["message"] for record in errors] == ["Step 'charge' failed"] * 2 + [
        "The function failed"
    ]
    assert {(record["function_id"], record["run_id"]) for record in errors} == {("failing", run.id)}
    assert "RuntimeError: no such account" in errors[0]["exception"]
    assert 'in fail\n    raise RuntimeError("no such account")' in errors[0]["exception"]
