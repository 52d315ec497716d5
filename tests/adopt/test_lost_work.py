"""What counts as a place where work gets lost, and what does not."""

import pytest
from inngest_devtools.adopt.lost_work import find_lost_work
from inngest_devtools.adopt.sources import read_sources

from tests.adopt.conftest import Workspace


def find(workspace: Workspace, source: str, **others: str) -> list[tuple[int, str, str]]:
    workspace.write({"app/__init__.py": "", "app/main.py": source})
    workspace.write({f"app/{name}.py": text for name, text in others.items()})
    places = find_lost_work(workspace.root, read_sources(workspace.project()))
    return [(one.line, one.what, one.example) for one in places if one.path == "app/main.py"]


LOST = {
    "a background task": (
        """from fastapi import APIRouter, BackgroundTasks
router = APIRouter()
@router.post("/orders")
async def order(tasks: BackgroundTasks):
    tasks.add_task(send_mail, 1)
""",
        (5, "background task send_mail", "steps"),
    ),
    "a background task of an attribute": (
        """from fastapi import BackgroundTasks
class Bus:
    def __init__(self, bg: BackgroundTasks):
        self.bg = bg
    def publish(self):
        self.bg.add_task(self.send)
""",
        (6, "background task self.send", "steps"),
    ),
    "a task started in a request": (
        """import asyncio
@app.post("/orders")
async def order():
    task = asyncio.create_task(work())
    return {}
""",
        (4, "task started in a request, by POST /orders", "steps"),
    ),
    "a task of the running loop": (
        """import asyncio
@app.post("/orders")
async def order():
    asyncio.get_running_loop().create_task(work())
""",
        (4, "task started in a request, by POST /orders", "steps"),
    ),
    "a thread in a function that a request calls": (
        """import threading
@app.post("/orders")
def order():
    start_work()
def start_work():
    threading.Thread(target=print).start()
""",
        (6, "thread started in a request, by POST /orders", "steps"),
    ),
    "a webhook that works": (
        """from fastapi import Request
@router.post("/stripe/webhook")
async def receive(request: Request):
    event = await request.json()
    await orders.pay(event)
    return {}
""",
        (3, "webhook POST /stripe/webhook", "event"),
    ),
    "a job of APScheduler": (
        """from apscheduler.schedulers.asyncio import AsyncIOScheduler
scheduler = AsyncIOScheduler()
scheduler.add_job(report, "cron", hour=3)
""",
        (3, "scheduled job report", "scheduled"),
    ),
    "repeat_every": (
        """from fastapi_utils.tasks import repeat_every
@repeat_every(seconds=60)
async def clean(): ...
""",
        (2, "@repeat_every clean", "scheduled"),
    ),
    "a job of APScheduler 4": (
        """from apscheduler import AsyncScheduler
async def start(scheduler: AsyncScheduler):
    await scheduler.add_schedule(report, trigger, id="report")
""",
        (3, "scheduled job report", "scheduled"),
    ),
    "a cron of arq": (
        """from arq import cron
class WorkerSettings:
    cron_jobs = [cron(report, hour=6)]
""",
        (3, "scheduled job report", "scheduled"),
    ),
    "a schedule of Celery's beat": (
        """from celery.schedules import crontab
beat_schedule = {"report": {"task": "report", "schedule": crontab(hour=6)}}
""",
        (2, "schedule of Celery's beat", "scheduled"),
    ),
    "a celery task": (
        """from celery import shared_task
@shared_task
def export(): ...
""",
        (3, "celery task export", "steps"),
    ),
    "a task of a celery app that is made elsewhere": (
        """from worker import celery_app
@celery_app.task(bind=True)
def export(self): ...
""",
        (3, "celery task export", "steps"),
    ),
    "a dramatiq actor": (
        """import dramatiq
@dramatiq.actor
def export(): ...
""",
        (3, "dramatiq task export", "steps"),
    ),
    "an actor that is made by a call": (
        """import dramatiq
export = dramatiq.actor(Export())
""",
        (2, "dramatiq task export", "steps"),
    ),
    "a taskiq task": (
        """from taskiq import InMemoryBroker
broker = InMemoryBroker()
@broker.task
async def export(): ...
""",
        (4, "taskiq task export", "steps"),
    ),
    "a job of arq": (
        """@router.post("/jobs")
async def start(message: str):
    await queue.pool.enqueue_job("export", message)
""",
        (3, "arq job export", "steps"),
    ),
    "a job of RQ": (
        """from rq import Queue
def start(queue: Queue):
    queue.enqueue(export)
""",
        (3, "RQ job export", "steps"),
    ),
    "a retry loop": (
        """import asyncio, httpx
async def fetch(client: httpx.AsyncClient):
    for attempt in range(5):
        try:
            return await client.get("https://example.com")
        except httpx.HTTPError:
            await asyncio.sleep(attempt)
""",
        (3, "retry loop around another service", "errors"),
    ),
    "a retry decorator": (
        """import requests
from tenacity import retry
@retry(stop=3)
def fetch():
    return requests.get("https://example.com")
""",
        (3, "@retry around another service", "errors"),
    ),
    "a long sleep in a request": (
        """import asyncio
@app.get("/report")
async def report():
    await asyncio.sleep(2 * 30)
""",
        (4, "sleep of 60 s, by GET /report", "steps"),
    ),
    "a model call": (
        """from openai import AsyncOpenAI
client = AsyncOpenAI()
@app.post("/ask")
async def ask(question: str):
    return await client.chat.completions.create(model="m", messages=[])
""",
        (5, "model call client.chat.completions.create, by POST /ask", "ai"),
    ),
}


@pytest.mark.parametrize(("source", "place"), LOST.values(), ids=LOST)
def test_find_lost_work_at_its_line(
    workspace: Workspace, source: str, place: tuple[int, str, str]
) -> None:
    assert find(workspace, source) == [place]


FINE = {
    "a task outside of any request": """import asyncio
class Connection:
    def on_message(self, message):
        asyncio.create_task(self.handle(message))
""",
    "a program that somebody types": """import argparse, time, httpx
def main():
    while True:
        try:
            return httpx.get("https://example.com")
        except httpx.HTTPError:
            time.sleep(5)
""",
    "a task of a group": """import asyncio
@app.get("/")
async def get():
    async with asyncio.TaskGroup() as group:
        group.create_task(a())
""",
    "a list's add_task": "board.add_task('x')\ndef f(board):\n    board.add_task('x')\n",
    "a task that is awaited": """import asyncio
@app.get("/")
async def get():
    task = asyncio.create_task(a())
    return await task
""",
    "tasks that are gathered": """import asyncio
@app.get("/")
async def get():
    tasks = [asyncio.create_task(a()), asyncio.create_task(b())]
    return await asyncio.gather(*tasks)
""",
    "tasks of a list that is gathered": """import asyncio
@app.get("/")
async def get():
    tasks = []
    for name in "ab":
        tasks.append(asyncio.create_task(a(name)))
    await asyncio.gather(*tasks)
""",
    "a thread that is joined": """import threading
@app.get("/")
def get():
    thread = threading.Thread(target=print)
    thread.start()
    thread.join()
""",
    "a route called create_task": """@app.post("/tasks")
async def create_task(): ...
def use():
    create_task()
""",
    "a lifespan's own loop": """import asyncio
async def lifespan(app):
    asyncio.create_task(poll())
    yield
""",
    "a loop that is started": """import asyncio
async def on_ready():
    asyncio.create_task(run_worker())
""",
    "settings of webhooks": """@router.post("/webhooks")
async def create_webhook(data: Webhook):
    return await repository.create(data)
""",
    "a webhook that sends an event": """from fastapi import Request
@router.post("/webhook")
async def receive(request: Request):
    await send_event(Received(body=await request.json()))
""",
    "a schedule of one's own": "def f(schedule):\n    schedule.every(3).do(1)\n    db.add_job(1)\n",
    "an app's own task decorator": "@tracker.task\ndef export(): ...\n",
    "a wait for the database": """from tenacity import retry
@retry(stop=3)
def connect(session):
    session.exec("select 1")
""",
    "a short sleep": """import asyncio
@app.get("/")
async def get():
    await asyncio.sleep(0.1)
""",
    "a streamed model call": """from openai import OpenAI
@app.post("/ask")
def ask():
    return client.chat.completions.create(model="m", messages=[], stream=True)
""",
    "a check of the model": """from openai import OpenAI
def test_connection():
    return client.chat.completions.create(model="m", messages=[])
""",
    "code that Python cannot read": "def (:\n",
}


@pytest.mark.parametrize("source", FINE.values(), ids=FINE)
def test_find_nothing_where_nothing_gets_lost(workspace: Workspace, source: str) -> None:
    assert find(workspace, source) == []


CRON_JOB = """kind: Service
---
kind: CronJob
spec:
  schedule: "0 3 * * *"
  command: ["python", "-m", "app.report"]
"""
CRON_FILES = {
    "crontab": ("# at night\n0 3 * * * cd /app && python report.py\n", 2, "report.py"),
    "docker/cron.d/report": ("*/5 * * * 1-5 root python3 -m app.report\n", 1, "-m app.report"),
    "Dockerfile": ('FROM x\nRUN echo "@daily python jobs/x.py" | crontab -\n', 2, "jobs/x.py"),
    "deploy/report.yaml": (CRON_JOB, 5, "-m app.report"),
}


@pytest.mark.parametrize("name", CRON_FILES)
def test_find_programs_that_cron_starts(workspace: Workspace, name: str) -> None:
    text, line, program = CRON_FILES[name]
    workspace.write({name: text})

    (place,) = find_lost_work(workspace.root, [])

    assert (place.path, place.line, place.what) == (name, line, f"cron job {program}")
    assert place.example == "scheduled"


@pytest.mark.parametrize("line", ["0 3 * * * pg_dump", "# 0 3 * * * python x.py", "1 2 3 x.py"])
def test_leave_out_what_cron_does_without_python(workspace: Workspace, line: str) -> None:
    workspace.write({"crontab": f"{line}\n"})

    assert find_lost_work(workspace.root, []) == []


def test_follow_calls_into_other_modules(workspace: Workspace) -> None:
    route = "@router.get('/go')\ndef go():\n    start()\n"
    workspace.write({"app/routes.py": f"from .main import start\n{route}"})

    places = find(
        workspace, "import threading\ndef start():\n    threading.Thread(target=print).start()\n"
    )

    assert places == [(3, "thread started in a request, by GET /go", "steps")]


def test_leave_out_tests_and_what_the_template_brought(workspace: Workspace) -> None:
    lost = "from celery import shared_task\n@shared_task\ndef f(): ...\n"
    workspace.write({"tests/test_x.py": lost, "app/inngest_app/x.py": lost, "conftest.py": lost})
    workspace.write({"tools/inngest-devtools/src/x.py": lost, "inngest_tests/x.py": lost})

    assert find(workspace, "") == []
    assert [one.path for one in read_sources(workspace.project())] == [
        "app/__init__.py",
        "app/main.py",
    ]
