"""The page at `/` while the app is developed, and `inngest-dev send`."""

import httpx
import pytest

from tests.devtools.browser import Browser
from tests.devtools.workspace import Workspace, wait_for

pytestmark = pytest.mark.slow

# What a person with a keyboard, a phone or a screen reader needs, as far as a program can tell.
UNLABELLED = """[...document.querySelectorAll("a, button, input, [tabindex]")]
  .filter(one => !(one.innerText || one.getAttribute("aria-label")
    || document.getElementById(one.getAttribute("aria-labelledby")))).length"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOREIGN = """performance.getEntriesByType("resource").map(one => one.name)
  .filter(name => !name.startsWith(location.origin)).length"""
SMALL = """[...document.querySelectorAll("button")]
  .filter(one => one.getBoundingClientRect().height < 44).length"""


def get(workspace: Workspace, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{workspace.app_url}{path}", headers=headers, trust_env=False, timeout=30)


def post(workspace: Workspace, function: str, **headers: str) -> httpx.Response:
    url = f"{workspace.app_url}/_inngest-dev/send"
    data = {"function": function}
    return httpx.post(url, data=data, headers=headers, trust_env=False, timeout=30)


@pytest.fixture
def running(workspace: Workspace) -> Workspace:
    workspace.use_stand_in("unfinished")
    workspace.spawn("dev").wait_for("Ctrl-C ends it.")
    return workspace


def test_show_page_in_a_browser(running: Workspace) -> None:
    with Browser() as browser:
        browser.open(running.app_url)
        text = browser.run("document.body.innerText")
        assert "example-function on example/event" in text
        assert "scheduled-task on cron 0 */6 * * *" in text
        assert browser.run("document.documentElement.lang") == "en"
        assert browser.run("document.querySelectorAll('h1').length") == 1
        assert browser.run("document.querySelectorAll('main').length") == 1
        assert browser.run(UNLABELLED) == 0
        assert browser.run(FOREIGN) == 0
        assert browser.run("document.querySelector('script').src.length") > 0

    with Browser() as browser:
        browser.open(f"{running.app_url}/", width=360)
        assert browser.run(OVERFLOW) == 0
        assert browser.run(SMALL) == 0


def test_send_by_keyboard_keeps_the_focus_and_says_what_came(running: Workspace) -> None:
    with Browser() as browser:
        browser.open(running.app_url)
        for _ in range(100):
            if browser.run("document.activeElement.value") == "example-function":
                break
            browser.press("Tab")
        assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"

        for key in ("Enter", " "):
            browser.run("document.getElementById('note').textContent = ''")
            browser.press(key)
            browser.wait_for("document.getElementById('note').innerText.includes('example/event')")

        said = "document.getElementById('news').textContent"
        browser.wait_for(f"{said}.includes('example/event: Running')")
        browser.wait_for("document.querySelectorAll('#run-list tr[data-state]').length === 2")
        assert browser.run("document.activeElement.value") == "example-function"
        assert browser.run("location.search") == ""

        browser.run("document.querySelector('button[value=example-function]').value = 'gone'")
        browser.press("Enter")
        browser.wait_for("document.getElementById('note').innerText.includes('no function')")


def test_new_function_appears_and_the_focus_stays(running: Workspace) -> None:
    with Browser() as browser:
        browser.open(running.app_url)
        browser.run("document.querySelector('button[value=example-function]').focus()")

        running.dev_server("new", "order-placed")

        browser.wait_for("document.querySelector('button[value=order-placed]') !== null")
        assert browser.run("document.activeElement.value") == "example-function"


def test_send_without_scripts_says_so_after_the_reload(running: Workspace) -> None:
    location = post(running, "example-function").headers["Location"]

    assert location == "/?sent=example-function#runs"
    page = get(running, location)
    assert ">Sent example/event; its run shows among the last ones.</p>" in page.text


def test_answer_own_pages_only(running: Workspace) -> None:
    host = running.app_url.removeprefix("http://")

    assert get(running, "/").status_code == 200
    assert get(running, "/", Host="rebound.example.com").status_code == 404
    catalog = "/_inngest-dev/catalog"
    assert get(running, catalog).json()["examples"]["workflow/start"] == {"source": "example"}
    assert get(running, catalog, Host="rebound.example.com:80").status_code == 404
    assert get(running, catalog, **{"Sec-Fetch-Site": "cross-site"}).status_code == 404

    for foreign in ("http://evil.example.com", "null", "http://127.0.0.1:1"):
        assert post(running, "example-function", Origin=foreign).status_code == 404
    foreign_page = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert post(running, "example-function", **foreign_page).status_code == 404
    assert post(running, "example-function", Origin=f"http://{host}").status_code == 303
    assert post(running, "nowhere").status_code == 502
    assert running.dev_server("logs").stdout.count("received event event=example/event") == 1

    page = get(running, "/_inngest-dev/doctor")
    assert "own settings and the network" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_leave_the_apps_own_root_alone(workspace: Workspace) -> None:
    workspace.add_route("root", '@router.get("/")\nasync def root() -> str:\n    return "mine"\n')
    terminal = workspace.spawn("dev", "--no-server")
    terminal.wait_for("Ctrl-C ends it.")

    assert get(workspace, "/").json() == "mine"
    (workspace.path / "src/server/routes/root.py").unlink()
    terminal.wait_for("Reload: src/server/routes/root.py")

    def shows_page() -> bool:
        try:
            return "The Dev Server does not answer" in get(workspace, "/").text
        except httpx.HTTPError:
            return False

    wait_for(shows_page, "the page, which says that there is no server")


def test_show_no_page_outside_of_dev(workspace: Workspace) -> None:
    arguments = ("-m", "uvicorn", "server.main:app", "--port", str(workspace.app_port))
    workspace.spawn("python", *arguments).wait_for("running on")

    assert get(workspace, "/").status_code == 404
    assert get(workspace, "/_inngest-dev/catalog").status_code == 404


def test_send_example_and_own_data(running: Workspace) -> None:
    def send(*arguments: str) -> str:
        result = running.run("inngest-dev", "send", *arguments)
        return result.stdout + result.stderr

    assert send("multi-step-workflow").startswith("Sent workflow/start {'source': 'example'} as ")
    assert "{'request_id': '7', 'approved': True}" in send(
        "approval/decided", "request_id=7", "approved=true"
    )
    assert "{'tenant_id': 'example', 'action': 'a=b'}" in send("tenant/action", "action=a=b")
    assert send("scheduled-task").startswith("Started scheduled-task.")
    assert "other/event {'number': 3}" in send("other/event", "number=3")
    assert "ERROR:    There is no function or event 'nope'. There are: " in send("nope")
    assert "ERROR:    nonsense is no field: write name=value." in send("example/event", "nonsense")
    log = running.dev_server("logs", "-n", "500").stdout
    assert "invoke function=my-app-scheduled-task" in log


def test_send_without_an_app_names_the_command(workspace: Workspace) -> None:
    failed = workspace.run("inngest-dev", "send", "example/event")

    assert failed.returncode == 1
    assert f"No app that `dev` has started answers at {workspace.app_url}" in failed.stderr
