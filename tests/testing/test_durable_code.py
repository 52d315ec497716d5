"""The check that a generated project runs on its functions: what it refuses, in which words, and
what it lets pass.

In a source, `#!` starts the message that its line must get.
"""

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import inngest
import pytest
from inngest_devtools.testing import check_file, find_mistakes
from inngest_devtools.testing.durable_code import DurableCodeWarning, check_source

from tests.conftest import REPOSITORY, Run
from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")

TWICE = "around steps runs them twice: use ctx.group.parallel"
FAILS = "around steps fails the run: use ctx.group.parallel"
LOSES = "around a step loses its result: catch inngest.StepError"
FINALLY = "a step in finally runs the one in try twice: put it after the try"
SENDS = "outside a step sends again at every replay: use ctx.step.send_event"
NESTED = "is a step in a step, which fails the run: call it after that step"
TWICE_ID = "is the id of two steps: give each its own, or a replay may mix them up"
LOOP = "is the id of a step in a loop: put what differs into it, as in f"
NEVER = "never sees a NonRetriableError, which ends the run: let the step return an outcome"
DIFFERS = "outside a step differs at every replay: call it in a step's function"
REPEATS = "outside a step is done again at every replay: call it in a step's function"
WAITS = "outside a step waits again at every replay: use ctx.step.sleep"
CHANGED = "is changed in a step, which no replay runs again: return it from the step"
ORDER = "has another order in another process: use sorted(...)"
LOGGED = "is this replay's, and so is the time that is logged"
BLOCKS = "holds up the event loop, and every other run with it: await an async call, or asyncio.to_thread"
HIDES = (
    "hides the error, which ends the retries: let it raise, or catch inngest.StepError where a step "
    "has failed for good"
)


def see_the_last(name: str) -> str:
    return (
        f"this lambda sees the last {name} only: hand it over by functools.partial, or as "
        f"lambda {name}={name}: ..."
    )


def write_handler(body: str, above: str = "") -> str:
    return f"""\
from __future__ import annotations

{dedent(above).strip()}

@inngest_client.create_function(fn_id="fn", trigger=TRIGGER)
@with_tenant_isolation
async def handler(ctx: inngest.Context) -> None:
{indent(dedent(body).strip(), "    ")}
"""


def assert_finds_what_is_marked(source: str) -> None:
    lines = [line.partition("  #! ") for line in source.splitlines()]
    marked = [
        f"functions/fn.py:{number}: {message}"
        for number, (_, mark, message) in enumerate(lines, 1)
        if mark
    ]
    assert find_mistakes(source, "functions/fn.py") == marked


# --- What it refuses


@pytest.mark.parametrize(
    ("above", "name", "message"),
    [
        ("import asyncio", "asyncio.gather", TWICE),
        ("from asyncio import gather as together", "together", TWICE),
        ("import asyncio", "asyncio.wait", TWICE),
        ("import asyncio", "asyncio.as_completed", TWICE),
        ("import asyncio", "asyncio.create_task", TWICE),
        ("import asyncio", "asyncio.get_running_loop().create_task", TWICE),
        ("from asyncio import get_event_loop", "get_event_loop().create_task", TWICE),
        ("import asyncio\nloop = asyncio.new_event_loop()", "loop.create_task", TWICE),
        ("import asyncio", "asyncio.TaskGroup", FAILS),
        ("import anyio", "anyio.create_task_group", FAILS),
    ],
)
def test_find_mistakes_refuses_concurrency_around_steps(
    above: str, name: str, message: str
) -> None:
    body = f"""
    tasks = [ctx.step.run(item, handle, item) for item in items]
    {name}(*tasks)  #! {name} {message}
    """
    assert_finds_what_is_marked(write_handler(body, above))


@pytest.mark.parametrize(
    ("above", "name"),
    [
        ("import datetime", "datetime.datetime.now"),
        ("import datetime as dt", "dt.datetime.utcnow"),
        ("from datetime import datetime", "datetime.now"),
        ("from datetime import datetime as when", "when.today"),
        ("from datetime import date", "date.today"),
        ("import time", "time.time"),
        ("from time import time_ns", "time_ns"),
        ("from time import perf_counter as clock", "clock"),
        ("import random", "random.random"),
        ("from random import choice", "choice"),
        ("from uuid import uuid4", "uuid4"),
        ("import uuid as ids", "ids.uuid1"),
        ("import secrets", "secrets.token_hex"),
        ("from os import urandom", "urandom"),
        ("import random", "random.Random"),
        ("import numpy as np", "np.random.default_rng"),
        ("import numpy", "numpy.random.rand"),
        ("from numpy.random import default_rng", "default_rng"),
        ("import pendulum", "pendulum.now"),
        ("from datetime import datetime\nnow = datetime.now", "now"),
        ("import datetime\nclock = datetime.datetime\nnow = clock.now", "now"),
        ("try:\n    import datetime as dt\nfinally:\n    pass\nnow = dt.datetime.now", "now"),
    ],
)
def test_find_mistakes_refuses_clock_and_randomness_outside_steps(above: str, name: str) -> None:
    assert_finds_what_is_marked(
        write_handler(f'await ctx.step.run("a", a, {name}())  #! {name} {DIFFERS}', above)
    )


@pytest.mark.parametrize(
    ("above", "name"),
    [
        ("from core.inngest.client import inngest_client", "inngest_client.send"),
        ("from core.inngest.client import inngest_client as inn", "inn.send_sync"),
        ("from core.inngest import client", "client.inngest_client.send"),
        ("from server.events import send_event", "send_event"),
        ("from server import events", "events.send_event"),
        ("from core.inngest.client import inngest_client\nsend = inngest_client.send", "send"),
    ],
)
def test_find_mistakes_refuses_sending_outside_steps(above: str, name: str) -> None:
    assert_finds_what_is_marked(write_handler(f"await {name}(event)  #! {name} {SENDS}", above))


@pytest.mark.parametrize(
    ("clause", "reaction"),
    [
        ("except:", "pass"),
        ("except (OSError, BaseException) as error:", "pass"),
        ("except* BaseException:", "pass"),
        ("except BaseException:", "raise TypeError from None"),
        ("except BaseException:", "if late:\n        raise"),
        ("except BaseException:", "if late:\n        return\n    raise"),
    ],
)
def test_find_mistakes_refuses_except_that_swallows_the_interrupt(
    clause: str, reaction: str
) -> None:
    what = clause.partition(" as ")[0].rstrip(":").replace("except*", "except")
    body = f"""
try:
    await ctx.step.run("a", a)
{clause}  #! {"a bare except" if what == "except" else what} {LOSES}
    {reaction}
"""
    assert_finds_what_is_marked(write_handler(body))


REFUSED = {
    "a step in an except clause that raises again": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                await ctx.step.sleep("wait", 1000)
            except BaseException:  #! except BaseException {LOSES}
                await ctx.step.run("undo", undo)
                raise
        """,
    "an except clause that raises another name": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                await ctx.step.run("a", a)
            except BaseException as error:  #! except BaseException {LOSES}
                raise other
        """,
    "suppress": f"""
        from contextlib import suppress
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            with lock, suppress(OSError, BaseException):  #! suppress(OSError, BaseException) {LOSES}
                await ctx.step.run("a", a)
        """,
    "suppress by its full name": f"""
        import contextlib as c
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            with c.suppress(BaseException):  #! c.suppress(BaseException) {LOSES}
                async with session:
                    await ctx.step.run("a", a)
        """,
    "other names for the SDK's own": f"""
        import asyncio
        create = client.create_function
        @create(fn_id="fn")
        async def handler(ctx):
            s = ctx.step
            run = s.run
            send = inngest_client.send
            await send(event)  #! send {SENDS}
            await asyncio.gather(s.run("a", a), s.run("b", b))  #! asyncio.gather {TWICE}
            try:
                await run("c", c)
            except BaseException:  #! except BaseException {LOSES}
                pass
        """,
    "a helper that has another name for the steps": f"""
        import asyncio
        async def charge(ctx):
            s = ctx.step
            await asyncio.gather(s.run("a", a), s.run("b", b))  #! asyncio.gather {TWICE}
        """,
    "a step in finally": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                await ctx.step.invoke("other", function=other)
            finally:
                await ctx.step.run("clean", clean)  #! {FINALLY}
        """,
    "a context of another name": f"""
        import random
        @client.create_function(fn_id="fn")
        async def handler(context):
            try:
                await context.step.ai.infer("ask", adapter=adapter, body=random.random())  #! random.random {DIFFERS}
            except:  #! a bare except {LOSES}
                pass
        """,
    "a task group with its tasks": f"""
        import asyncio
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            async with asyncio.TaskGroup() as group:  #! asyncio.TaskGroup {FAILS}
                group.create_task(ctx.step.run("a", a))
        """,
    "on_failure": f"""
        async def last_word(ctx):
            await inngest_client.send(event)  #! inngest_client.send {SENDS}
        @client.create_function(fn_id="fn", on_failure=last_word)
        async def handler(ctx): ...
        """,
    "on_failure that is wrapped": f"""
        async def last_word(ctx):
            await inngest_client.send(event)  #! inngest_client.send {SENDS}
        create = client.create_function(fn_id="fn", on_failure=with_tenant_isolation(last_word))
        """,
    "a helper that holds the steps": f"""
        import asyncio
        async def charge(order, ctx):
            await asyncio.gather(ctx.step.run("a", a), ctx.step.run("b", b))  #! asyncio.gather {TWICE}
        """,
    "a helper that is given the step object": f"""
        from uuid import uuid4
        async def charge(step: inngest.Step):
            await step.run("charge", pay, str(uuid4()))  #! uuid4 {DIFFERS}
        """,
    "helpers that are called by name, one by the other": f"""
        import time
        def label(): return stamp()
        def stamp(): return time.time()  #! time.time {DIFFERS}
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            return label()
        """,
    "steps in helpers of this module": f"""
        import asyncio
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            async def pack(): await ctx.step.run("pack", pack_it)
            async def ship(): await pack()
            try:
                await asyncio.gather(pack(), ship())  #! asyncio.gather {TWICE}
            except BaseException:  #! except BaseException {LOSES}
                pass
        """,
    "steps in helpers of another module": f"""
        import asyncio
        from core.inngest.functions._shop import charge, ship
        @client.create_function(fn_id="fn")
        async def handler(context: inngest.Context):
            await asyncio.gather(charge(context), ship(context))  #! asyncio.gather {TWICE}
        """,
    "the lambda of a parallel group": f"""
        import random
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await ctx.group.parallel((
                lambda: ctx.step.run("a", a, random.random()),  #! random.random {DIFFERS}
                partial(ctx.step.run, "b", b, random.random()),  #! random.random {DIFFERS}
            ))
        """,
    "what a nested function's default is": f"""
        import time
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            async def save(now=time.time()): ...  #! time.time {DIFFERS}
            await ctx.step.run("save", save)
        """,
    "a handler that a function makes": f"""
        import time
        def make(id):
            @client.create_function(fn_id=id)
            async def handler(ctx):
                return [time.time() for _ in range(2)]  #! time.time {DIFFERS}
            return handler
        """,
    "the clock in a handler that is registered by a call": f"""
        import time
        async def handler(ctx):
            return time.time()  #! time.time {DIFFERS}
        function = client.create_function(fn_id="fn", trigger=trigger)(handler)
        """,
    "the clock in a handler that a factory of the project's registers": f"""
        import time, inngest
        from shop import define
        @define("one")
        async def one(ctx: inngest.Context):
            return time.time()  #! time.time {DIFFERS}
        async def two(ctx: inngest.Context):
            return time.time()  #! time.time {DIFFERS}
        define("two", two)
        """,
    "a send through an object of another module": f"""
        from shop import bus, events
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await bus.send(Paid(order=1).to_event())  #! bus.send {SENDS}
            await bus.send(inngest.Event(name="shop/paid"))  #! bus.send {SENDS}
            bus.send_sync([inngest.Event(name="shop/paid")])  #! bus.send_sync {SENDS}
            await events.send_event(paid)  #! events.send_event {SENDS}
        """,
    "the clock of a log line that the handler returns, too": f"""
        import time
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            started = time.time()  #! time.time {DIFFERS}
            ctx.logger.info("at %s", started)
            return started
        """,
    "one id for two steps": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await ctx.step.run("charge", charge, 1)
            await ctx.step.run("charge", charge, 2)  #! 'charge' {TWICE_ID}
        """,
    "one id before a branch that leaves, and in it": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await ctx.step.run("ship", ship)
            if ctx.event.data["late"]:
                return await ctx.step.run("ship", ship_again)  #! 'ship' {TWICE_ID}
        """,
    "one id for the steps of a loop": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            for item in items:
                await ctx.step.run("charge", charge, item)  #! 'charge' {LOOP}'charge-{{index}}'
            while more:
                await ctx.step.run("fetch", fetch)  #! 'fetch' {LOOP}'fetch-{{index}}'
        """,
    "a step in a step": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            async def charge():
                await ctx.step.run("pay", pay)
            await ctx.step.run("charge", charge)  #! charge {NESTED}
            await ctx.step.run("again", lambda: charge())  #! lambda: charge() {NESTED}
            await ctx.step.run("part", partial(charge))  #! partial(charge) {NESTED}
        """,
    "a StepError that waits for a NonRetriableError": f"""
        import inngest
        async def charge():
            raise inngest.NonRetriableError("declined")
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                await ctx.step.run("charge", charge)
            except inngest.StepError:  #! except inngest.StepError {NEVER}
                await ctx.step.run("undo", undo)
        """,
    "state of the handler that a step changes": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            paid, total, seen = [], 0, {{}}
            found = dict()
            lines: list[str] = []
            async def charge():
                nonlocal total
                total += 1  #! total {CHANGED}
                lines.append("charge")  #! lines {CHANGED}
                found["id"] = 1  #! found {CHANGED}
            await ctx.step.run("charge", charge)
            async def record():
                paid.append(1)  #! paid {CHANGED}
            await ctx.step.run("record", lambda: record())
            await ctx.step.run("note", lambda: lines.append("note"))  #! lines {CHANGED}
            return total, lines, found, paid
        """,
    "lambdas that see the last of a loop": f"""
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            steps = [lambda: ctx.step.run(f"a-{{item}}", a, item) for item in items]  #! {see_the_last("item")}
            await ctx.group.parallel(tuple(steps))
            await ctx.group.parallel(
                tuple(lambda: ctx.step.run(f"b-{{item}}", b) for item in items)  #! {see_the_last("item")}
            )
            tasks = []
            for number, item in enumerate(items):
                tasks.append(lambda: ctx.step.run(f"c-{{number}}", c))  #! {see_the_last("number")}
            await ctx.group.parallel(tuple(tasks))
        """,
    "a set in a parallel group": f"""
        from functools import partial
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            names = {{item["name"] for item in ctx.event.data["items"]}}
            await ctx.group.parallel(tuple(partial(ctx.step.run, name, a) for name in names))  #! names {ORDER}
            jobs = [partial(ctx.step.run, x, a) for x in set(ids)]  #! set(ids) {ORDER}
            await ctx.group.parallel(tuple(jobs))
        """,
    "I/O between steps": f"""
        import asyncio, httpx, requests, subprocess
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            requests.get(url)  #! requests.get {REPEATS}
            subprocess.run(["ls"])  #! subprocess.run {REPEATS}
            async with httpx.AsyncClient() as http:
                await http.post(url)  #! http.post {REPEATS}
            await asyncio.sleep(5)  #! asyncio.sleep {WAITS}
            await load(1)
            await ctx.step.run("a", a)
        async def load(id):
            async with httpx.AsyncClient() as client:
                return await client.get(id)  #! client.get {REPEATS}
        """,
    "the clock in a method that is registered by a call": f"""
        import time
        class Flow:
            async def run(self, c):
                return time.time()  #! time.time {DIFFERS}
        function = client.create_function(fn_id="fn", trigger=trigger)(Flow().run)
        """,
}


HINTS = {
    "the clock of a log line": f"""
        import logging, time
        logger = logging.getLogger(__name__)
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            started = time.monotonic()  #! time.monotonic {LOGGED}
            await ctx.step.run("a", a)
            took = time.monotonic() - started  #! time.monotonic {LOGGED}
            ctx.logger.info("took %.1f s", took)
            logger.debug("at %s", time.time())  #! time.time {LOGGED}
        """,
    "what ends the retries": f"""
        from contextlib import suppress
        @client.create_function(fn_id="one")
        async def one(ctx):
            try:
                await ctx.step.run("a", a)
            except Exception as error:  #! except Exception {HIDES}
                return {{"success": False}}
            with suppress(Exception):  #! suppress(Exception) {HIDES}
                await ctx.step.run("b", b)
        @client.create_function(fn_id="two")
        async def two(ctx):
            try:
                return await work()
            except Exception as error:  #! except Exception {HIDES}
                return {{"success": False}}
        """,
    "what holds up the event loop": f"""
        import requests, time
        def fetch():
            return requests.get("https://example.com")  #! requests.get {BLOCKS}
        @client.create_function(fn_id="one")
        async def one(ctx):
            await ctx.step.run("fetch", lambda: fetch())
            await ctx.step.run("wait", lambda: time.sleep(1))  #! time.sleep {BLOCKS}
        @client.create_function(fn_id="two")
        async def two(ctx):
            requests.post("https://example.com")  #! requests.post {BLOCKS}
        """,
}


@pytest.mark.parametrize("source", HINTS.values(), ids=HINTS)
def test_hint_at_what_is_mostly_not_meant(source: str) -> None:
    source = dedent(source)

    assert find_mistakes(source, "fn.py") == []
    hints = {(each.line, each.message) for each in check_source(source, "fn.py")}
    lines = [line.partition("  #! ") for line in source.splitlines()]
    assert hints == {(number, hint) for number, (_, mark, hint) in enumerate(lines, 1) if mark}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_find_mistakes_refuses_handler_code(source: str) -> None:
    assert "  #! " in source
    assert_finds_what_is_marked(dedent(source))


# --- What it lets pass


PASSED = {
    "nothing": "",
    "no handler": """
        import asyncio, random, time
        async def measure():
            try:
                return await asyncio.gather(fetch(random.random()), inngest_client.send(time.time()))
            except BaseException:
                return None
        """,
    "steps' functions": """
        import asyncio, time
        from functools import partial
        from datetime import datetime
        async def fetch_all(urls):
            return await asyncio.gather(*map(fetch, urls))
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            async def stamp():
                try:
                    return datetime.now().isoformat()
                except:
                    return await inngest_client.send(event)
            await ctx.step.run("a", stamp)
            await ctx.step.run("b", lambda: stamp())
            await ctx.step.run("c", lambda: perform(ctx, datetime.now()))
            await ctx.step.run("d", partial(stamp))
            await ctx.step.run("e", time.time)
            await ctx.step.run("f", fetch_all, urls)
            await ctx.group.parallel((lambda: ctx.step.run("g", lambda: stamp()), partial(ctx.step.run, "h", stamp)))
        """,
    "a step's function that is given the context": """
        import time
        async def perform(ctx: inngest.Context):
            return time.time()
        @client.create_function(fn_id="fn")
        async def handler(ctx: inngest.Context):
            await ctx.step.run("perform", perform, ctx)
        """,
    "a step's function of the same name in another handler": """
        import time
        @client.create_function(fn_id="one")
        async def one(ctx):
            async def work(): return time.time()
            await ctx.step.run("work", work)
        @client.create_function(fn_id="two")
        async def two(ctx):
            async def work(): await ctx.step.run("work", other)
            await work()
        """,
    "the SDK's own means": """
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await ctx.step.send_event("send", event)
            await ctx.group.parallel(tuple(partial(ctx.step.run, item, handle, item) for item in items))
        """,
    "exceptions that are no interrupts": """
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                await ctx.step.run("a", a)
            except inngest.StepError:
                await ctx.step.run("undo", undo)
            except (ValueError, Exception):
                pass
            finally:
                reset(ctx)
        """,
    "an except clause that raises again": """
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                await ctx.step.run("a", a)
            except BaseException:
                reset(token)
                raise
            try:
                await ctx.step.run("b", b)
            except BaseException as error:
                log(error)
                raise error
        """,
    "an except clause that lets the interrupt pass": """
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                await ctx.step.run("a", a)
            except BaseException as error:
                if not isinstance(error, Exception):
                    raise
                return "failed"
        """,
    "suppress of what is no interrupt": """
        from contextlib import suppress
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            with suppress(Exception):
                await ctx.step.run("a", a)
            with suppress(BaseException):
                parse(ctx.event)
        """,
    "a method of the name that is called": """
        import time
        from shop import create
        class Repo:
            def create(self): return time.time()
            def save(self): return time.time()
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            create(1)
            save(2)
        """,
    "a local name of a function's name": """
        import time
        def save(): return time.time()
        @client.create_function(fn_id="one")
        async def one(ctx):
            save = payload.save
            save()
        @client.create_function(fn_id="two")
        async def two(ctx, save):
            save()
        @client.create_function(fn_id="three")
        async def three(ctx):
            from shop import save
            save()
        @client.create_function(fn_id="four")
        async def four(ctx):
            for save in saves:
                save()
        """,
    "a local name of a module's name": """
        from random import Random
        @client.create_function(fn_id="fn")
        async def handler(ctx, time):
            random = Random(ctx.run_id)
            return random.choice(time.time())
        """,
    "what only sounds like a clock": """
        from shop import Calendar
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            payload = Payload.parse(ctx.event)
            return payload.today(), payload.shop.now(), Calendar.today()
        """,
    "try without a step": """
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            try:
                payload = parse(ctx.event)
            except:
                payload = None
            finally:
                await ctx.step.run("a", a, payload)
        """,
    "concurrency without a step": """
        import asyncio
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            return await asyncio.gather(fetch("a"), fetch("b"))
        """,
    "what is the same at every replay": """
        import datetime, numpy, random, secrets, uuid
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            random.Random(ctx.run_id).shuffle(items)
            numpy.random.default_rng(7).shuffle(items)
            numpy.random.Generator(numpy.random.PCG64(7)).shuffle(items)
            uuid.uuid5(uuid.NAMESPACE_URL, ctx.run_id)
            secrets.compare_digest(a, b)
            datetime.datetime.fromtimestamp(ctx.event.ts / 1000, datetime.UTC)
            await ctx.step.run("a", a)
        """,
    "an HTTP client's send": """
        import httpx
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            async with httpx.AsyncClient() as client:
                await client.send(client.build_request("GET", url))
                await client.send(request)
        """,
    "another object's step": """
        import asyncio
        from shop import wizard
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            pages = make_wizard()
            return await asyncio.gather(wizard.pages.run("a"), pages.step.run("b"), wizard.step.run())
        """,
    "what a step changes for itself, and what it is given": """
        seen = []
        async def remember():
            seen.append(1)
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            found = []
            async def collect(items):
                found = []
                found.append(1)
                items.append(2)
                return found
            cache = shop.cache
            seen = []
            await ctx.step.run("remember", remember)
            await ctx.step.run("collect", collect, found)
            await ctx.step.run("cache", lambda: cache.update(a=1))
            return found, cache, seen
        """,
    "when a sleep ends": """
        import datetime
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await ctx.step.sleep_until("a", datetime.datetime.now() + datetime.timedelta(days=1))
        """,
    "lambdas that see what they should": """
        from functools import partial
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await ctx.group.parallel(tuple(lambda item=item: ctx.step.run(item, a, item) for item in items))
            await ctx.group.parallel(lambda: ctx.step.run(item, a, item) for item in items)
            for item in items:
                await ctx.step.run(f"b-{item}", lambda: b(item))
                await ctx.group.parallel((lambda: ctx.step.run(f"c-{item}", c),))
            names = sorted({item.name for item in items})
            await ctx.group.parallel(tuple(partial(ctx.step.run, name, a) for name in names))
            callbacks = [lambda: item.name for item in items]
        """,
    "I/O in a handler without a step": """
        import asyncio, httpx
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            await asyncio.sleep(1)
            async with httpx.AsyncClient() as http:
                return (await http.get(url)).json()
        """,
    "concurrency beside steps": """
        import asyncio
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            values = await asyncio.gather(read("a"), read("b"))
            return await ctx.step.run("a", a, values)
        """,
    "another object's step that is a parameter": """
        import asyncio
        async def turn(machine, self, step: Motor):
            await asyncio.gather(machine.step.run("a"), self.pages.step.run("b"), step.run(1), step.run(2))
        """,
    "one id in branches that exclude each other": """
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            if ctx.event.data["express"]:
                await ctx.step.run("ship", ship_fast)
            else:
                await ctx.step.run("ship", ship)
            if ctx.event.data["done"]:
                return await ctx.step.run("end", end)
            await ctx.step.run("end", end_late)
        """,
    "ids that say which": """
        @client.create_function(fn_id="fn")
        async def handler(ctx):
            for index, item in enumerate(items):
                await ctx.step.run(f"charge-{index}", charge, item)
        """,
    "a NonRetriableError with an on_failure": """
        import inngest
        async def charge():
            raise inngest.NonRetriableError("declined")
        @client.create_function(fn_id="fn", on_failure=undo_all)
        async def handler(ctx):
            try:
                await ctx.step.run("charge", charge)
            except inngest.StepError:
                await ctx.step.run("undo", undo)
        """,
}


@pytest.mark.parametrize("source", PASSED.values(), ids=PASSED)
def test_find_mistakes_lets_pass(source: str) -> None:
    assert find_mistakes(dedent(source), "functions/fn.py") == []


def test_find_mistakes_in_the_examples_finds_none() -> None:
    paths = list((REPOSITORY / "template/{{ inngest_package }}/functions").glob("*.py"))

    assert len(paths) > 8
    assert [
        mistake for path in paths for mistake in find_mistakes(path.read_bytes(), path.name)
    ] == []


# --- Helpers in other modules


def write_shop(root: Path, **files: str) -> Path:
    """A package `shop` of these modules; the path of its `fn`."""
    (root / "shop").mkdir()
    for name, source in files.items():
        (root / f"shop/{name}.py").write_text(dedent(source))
    return root / "shop/fn.py"


@pytest.mark.parametrize("module", ["shop.helpers", ".helpers"])
def test_check_file_follows_the_helpers_that_a_handler_calls(tmp_path: Path, module: str) -> None:
    path = write_shop(
        tmp_path,
        fn=f"""
            from {module} import label, price
            @client.create_function(fn_id="fn")
            async def handler(ctx):
                await ctx.step.run("price", price)
                return label()
            """,
        helpers="""
            import time
            from . import clock
            def label(): return clock.stamp()
            def price(): return time.time()
            """,
        clock="""
            import time
            def stamp(): return time.time()
            def other(): return time.time()
            """,
    )

    assert check_file(path, tmp_path) == [f"shop/clock.py:3: time.time {DIFFERS}"]


def test_check_file_follows_names_that_a_package_hands_on(tmp_path: Path) -> None:
    path = write_shop(
        tmp_path,
        fn="""
            from shop import stamp
            @client.create_function(fn_id="fn")
            async def handler(ctx):
                await ctx.step.run("a", a, stamp())
            """,
        __init__="from .clock import stamp as stamp\n",
        clock="import time\ndef stamp(): return time.time()\n",
    )

    assert check_file(path, tmp_path) == [f"shop/clock.py:2: time.time {DIFFERS}"]


def test_check_file_warns_of_hints(tmp_path: Path) -> None:
    path = write_shop(tmp_path, fn=HINTS["the clock of a log line"].replace("#!", "#"))

    with pytest.warns(DurableCodeWarning, match="is this replay's, and so") as warned:
        assert check_file(path, tmp_path) == []
    assert (warned[0].filename, warned[0].lineno) == (str(path), 6)


def test_check_file_reads_no_library(tmp_path: Path) -> None:
    path = write_shop(
        tmp_path,
        fn="""
            import json
            from shop.missing import label
            @client.create_function(fn_id="fn")
            async def handler(ctx):
                return json.dumps(label())
            """,
    )

    assert check_file(path, tmp_path) == []


# --- How a project runs it


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    """The folder for functions in a project that has the check and nothing else."""
    devtools = tmp_path / "tools/inngest-devtools"
    shutil.copytree(REPOSITORY / "template/tools/inngest-devtools/src", devtools / "src")
    (devtools / "project.toml").write_text(
        'app = "server.main:app"\npackage = "src/core/inngest"\n'
        'module = "core.inngest"\nport = 8200\n'
    )
    (tmp_path / "tests").mkdir()
    check = REPOSITORY / "template/{{ inngest_tests }}/test_durable_code.py"
    shutil.copy(check, tmp_path / "tests")
    return tmp_path / "src/core/inngest/functions"


def run_check(functions: Path, run: Run, **options: Any) -> "subprocess.CompletedProcess[str]":
    project = functions.parents[3]
    env = {"PYTHONPATH": str(project / "tools/inngest-devtools/src")}
    return run(sys.executable, "-m", "pytest", "tests", cwd=project, env=env, **options)


def test_run_check_names_file_line_and_remedy(functions: Path, run: Run) -> None:
    (functions / "shop").mkdir(parents=True)
    (functions / "shop/_charge.py").write_text(
        "async def charge(step):\n    await step.run('a', a, random.random())\n"
    )

    result = run_check(functions, run, check=False)

    assert result.returncode == 1
    assert f"_charge.py:2: random.random {DIFFERS}\n" in result.stdout


def test_run_check_without_functions_passes(functions: Path, run: Run) -> None:
    run_check(functions, run)


# --- Why: the SDK's answer. `asyncio.gather` is in test_steps.py.


def test_run_bare_except_around_a_step_loses_its_result(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> object:
        try:
            return await ctx.step.run("a", app.step("a", "done"))
        except:
            return "lost"

    run = app.serve().run(EVENT)

    assert (run.status, run.output) == ("Completed", "lost")
    assert app.calls == {"a": 1}


def test_run_suppress_around_a_step_loses_its_result(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> object:
        with suppress(BaseException):
            return await ctx.step.run("a", app.step("a", "done"))
        return "lost"

    run = app.serve().run(EVENT)

    assert (run.status, run.output) == ("Completed", "lost")
    assert app.calls == {"a": 1}


def test_run_except_that_raises_again_keeps_the_result(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> object:
        try:
            return await ctx.step.run("a", app.step("a", "done"))
        except BaseException as error:
            raise error

    assert app.serve().run(EVENT).output == "done"


def test_run_except_exception_around_a_step_keeps_its_result(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> object:
        try:
            return await ctx.step.run("a", app.step("a", "done"))
        except Exception:
            return "lost"

    assert app.serve().run(EVENT).output == "done"


def test_run_step_in_finally_runs_the_one_in_try_twice(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> object:
        try:
            return await ctx.step.run("a", app.step("a", "done"))
        finally:
            await ctx.step.run("clean", app.step("clean"))

    assert app.serve().run(EVENT).status == "Completed"
    assert app.calls == {"a": 2, "clean": 1}
