"""The HTML of the page at `/`: plain, and complete without anything from elsewhere."""

import json
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from inngest_devtools.dev_server.runs import Run
from inngest_devtools.landing.catalog import Catalog, FunctionEntry
from inngest_devtools.project import command
from inngest_devtools.words import read_language, t

STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --ok: #157347; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ok: #5ecb92; --bad: #ff8a7d; } }
html { scroll-padding-top: 4rem; }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
nav ul, .functions { list-style: none; padding: 0; margin: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav a { display: inline-block; padding: .4rem 0; }
.functions li { border-top: 1px solid var(--line); padding: .75rem 0; display: grid;
  grid-template-columns: minmax(0, 1fr) auto; gap: .25rem 1rem; align-items: start; }
.functions h3 { font-size: 1rem; }
.functions :is(h3, p) { margin: 0; overflow-wrap: anywhere; }
.functions p code { display: inline-block; }
.functions details { grid-column: 1 / -1; }
code, pre { font: .9em ui-monospace, monospace; }
pre { background: var(--soft); padding: .5rem; margin: .25rem 0; overflow-x: auto; }
button { font: inherit; min-height: 2.75rem; padding: 0 1rem; border: 1px solid var(--line);
  border-radius: .4rem; background: var(--soft); color: inherit; cursor: pointer; }
button:hover { border-color: currentColor; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line);
  vertical-align: top; }
.ok { color: var(--ok); } .fail, .warn { color: var(--bad); }
#note { position: sticky; top: 0; background: Canvas; }
#note:not(:empty) { border-inline-start: .25rem solid var(--ok); padding: .25rem .75rem; }
#news { position: absolute; clip-path: inset(50%); }
[role=alert] { border-inline-start: .25rem solid var(--bad); padding: .25rem .75rem; }
.status { font-weight: 600; }
thead th, .status { white-space: nowrap; }
td code { overflow-wrap: anywhere; }
@media (max-width: 30rem) { #run-list :is(th, td):nth-child(3) { display: none; } }
@media (min-width: 64rem) {
  body { max-width: 80rem; }
  main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 3rem; }
  main > p { grid-column: 1 / -1; }
}
"""
# Without it the page works as well; a button then loads it anew, and the runs are as old as it is.
SCRIPT = """
const note = document.getElementById("note");
const news = document.getElementById("news");
const runs = document.getElementById("run-list");
const functions = document.getElementById("function-list");
const latest = new Map();

function readStates() {
  const rows = [...runs.querySelectorAll("tr[data-state]")];
  return new Map(rows.map(row => [row.id, row.dataset.state]));
}

// A screen reader is told what has changed, not the whole table.
function showRuns(html) {
  const before = readStates();
  runs.innerHTML = html;
  const changed = [...readStates()].filter(([id, state]) => before.get(id) !== state);
  news.textContent = changed.map(([, state]) => state).join(". ");
}

// What is new in the sources; what the page came with stays as it is, and the focus where it is.
function showFunctions(html) {
  if (!latest.has("functions")) return;
  const { value } = document.activeElement;
  functions.innerHTML = html;
  [...functions.querySelectorAll("button")].find(button => button.value === value)?.focus();
}

async function refresh(name, show) {
  const reply = await fetch(`/_inngest-dev/${name}`);
  const html = await reply.text();
  if (!reply.ok || html === latest.get(name)) return;
  show(html);
  latest.set(name, html);
}

async function refreshAll() {
  if (document.hidden) return;
  try {
    await Promise.all([refresh("runs", showRuns), refresh("functions", showFunctions)]);
  } catch { /* the app is being reloaded */ }
}
refreshAll();
setInterval(refreshAll, 1000);

// The focus stays on the button.
document.addEventListener("submit", async event => {
  event.preventDefault();
  const { name, value } = event.submitter;
  note.textContent = "";
  try {
    const body = new URLSearchParams({ [name]: value });
    const reply = await fetch(event.target.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    note.textContent = page.querySelector("[role=alert], #note").textContent;
  } catch {
    note.textContent = note.dataset.offline;
  }
});
"""
LANGUAGES = {"en": "en", "zh": "zh-CN"}
GOOD, BAD = ("COMPLETED",), ("FAILED", "CANCELLED")


def render_page(
    *,
    title: str,
    catalog: Catalog,
    runs: Sequence[Run],
    problem: str | None,
    sent: str,
    dashboard: str,
    docs_url: str | None,
) -> str:
    """The whole page.

    Args:
        title: The app's id.
        catalog: Its functions and events.
        runs: The last ones, the latest first.
        problem: Why there are none, if they could not be read.
        sent: The function that a button has just started; empty for none.
        dashboard: The Dev Server's address.
        docs_url: The path of the API docs; None where the app has none.
    """
    links = {t("Dashboard"): dashboard, t("Check the set-up"): "/_inngest-dev/doctor"}
    if docs_url:
        links[t("API docs")] = docs_url
    links[t("Inngest's documentation")] = "https://www.inngest.com/docs"
    known = {entry.id: entry for entry in catalog.functions}
    note = _render_note(known.get(sent), problem)
    return _render_document(
        title,
        f"""
<header>
<h1>{escape(title)}</h1>
<p>{_render_reason()}</p>
<nav aria-label="{t("Links")}"><ul>{"".join(map(_render_link, links.items()))}</ul></nav>
</header>
<main>
{note}
<p id="news" role="status"></p>
<section aria-labelledby="functions">
<h2 id="functions">{t("Functions")}</h2>
<div id="function-list">{render_functions(catalog)}</div>
</section>
<section aria-labelledby="runs">
<h2 id="runs">{t("Last runs")}</h2>
<div id="run-list" class="scroll" tabindex="0" aria-labelledby="runs" role="region">
{"" if problem else render_runs(runs)}
</div>
</section>
</main>
<script src="/_inngest-dev/page.js"></script>""",
    )


def render_functions(catalog: Catalog) -> str:
    """The list of the functions, each with its button."""
    if not catalog.functions:
        words = t("There is none yet; this writes one:")
        return f"<p>{words} <code>{escape(command('new NAME'))}</code></p>"
    items = "".join(_render_function(entry, catalog) for entry in catalog.functions)
    return f'<ul class="functions">{items}</ul>'


def render_runs(runs: Sequence[Run]) -> str:
    """The table of the last runs."""
    if not runs:
        return f"<p>{t('None yet: press a button.')}</p>"
    rows = "".join(map(_render_run, runs))
    head = _render_head(t("Function"), t("Status"), t("Started"), t("Result"))
    return f"<table>{head}<tbody>{rows}</tbody></table>"


def render_checks(checks: Sequence[Any]) -> str:
    """What the doctor found."""
    rows = "".join(
        f'<tr><th scope="row">{escape(check.name)}</th>'
        f'<td class="status {check.status}">{check.status}</td><td>{escape(check.detail)}'
        + (f"<br><code>{escape(check.fix)}</code>" if check.fix else "")
        + "</td></tr>"
        for check in checks
    )
    head = _render_head(t("Check"), t("Status"), t("Found"))
    table = f"<table>{head}<tbody>{rows}</tbody></table>"
    title = t("Checks")
    back = f'<p><a href="/">{t("Back")}</a></p>'
    body = f'<main><h1>{title}</h1>{back}<div class="scroll">{table}</div></main>'
    return _render_document(title, body)


def render_error(message: str) -> str:
    title = t("Not sent")
    body = f'<main><h1>{title}</h1><p role="alert">{escape(message)}</p>'
    return _render_document(title, body + f'<p><a href="/">{t("Back")}</a></p></main>')


def _render_reason() -> str:
    words = t(
        "This page is there while the app is developed, because the app has none of its own at `/`."
    )
    return escape(words).replace("`/`", "<code>/</code>")


def _render_head(*names: str) -> str:
    cells = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _render_document(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="{LANGUAGES[read_language()]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>{body}
</body>
</html>
"""


def _render_link(link: tuple[str, str]) -> str:
    name, url = link
    return f'<li><a href="{escape(url)}">{escape(name)}</a></li>'


def _render_note(sent: FunctionEntry | None, problem: str | None) -> str:
    """What the last button did; a problem stands above it."""
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    offline = escape(t("The app does not answer: is it being reloaded?"))
    words = escape(_describe_sent(sent)) if sent and not problem else ""
    return f'{alert}<p id="note" role="status" data-offline="{offline}">{words}</p>'


def _describe_sent(sent: FunctionEntry) -> str:
    if sent.event:
        return t("Sent {event}; its run shows among the last ones.", event=sent.event)
    return t("Started {name}; its run shows among the last ones.", name=sent.name)


def _render_function(entry: FunctionEntry, catalog: Catalog) -> str:
    triggers = ", ".join(f"<code>{escape(trigger)}</code>" for trigger in entry.triggers)
    button = t("Send") if entry.event else t("Run now")
    example = ""
    if entry.event:
        text = json.dumps(catalog.example_of(entry.event), indent=2, ensure_ascii=False)
        summary = t("What is sent")
        example = f"<details><summary>{summary}</summary><pre>{escape(text)}</pre></details>"
    return f"""<li><div><h3>{escape(entry.name)}</h3>
<p><code>{escape(entry.id)}</code> {t("on {triggers}", triggers=triggers)}</p></div>
<form method="post" action="/_inngest-dev/send">
<button name="function" value="{escape(entry.id)}"
aria-label="{button}: {escape(entry.name)}">{button}</button>
</form>{example}</li>"""


def _render_run(run: Run) -> str:
    function, status = escape(run.function), _name_status(run.status)
    result = escape(_shorten(run.output or ""))
    return (
        f'<tr id="run-{escape(run.id)}" data-state="{function}: {status}">'
        f'<th scope="row">{function}</th>'
        f'<td class="status {_classify(run.status)}">{status}</td>'
        f"<td>{_render_time(run.queued_at)}</td><td><code>{result}</code></td></tr>"
    )


def _classify(status: str) -> str:
    if status in GOOD:
        return "ok"
    return "fail" if status in BAD else ""


def _name_status(status: str) -> str:
    names = {
        "QUEUED": t("Queued"),
        "RUNNING": t("Running"),
        "COMPLETED": t("Completed"),
        "FAILED": t("Failed"),
        "CANCELLED": t("Cancelled"),
    }
    return names.get(status, escape(status.capitalize()))


def _render_time(moment: datetime) -> str:
    local = moment.astimezone()
    return f'<time datetime="{moment.isoformat()}">{local:%H:%M:%S}</time>'


def _shorten(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
