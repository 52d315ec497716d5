"""`Trigger(event=...)` is `TriggerEvent`, `Trigger(cron=...)` is `TriggerCron`."""

import libcst as cst
from inngest_devtools.migrate.source import argument
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import t

BY_KEYWORD = {"event": "TriggerEvent", "cron": "TriggerCron"}


def rewrite_triggers(work: Work) -> None:
    source = work.source
    for call in source.calls:
        if "inngest.Trigger" not in source.qualified(call.func):
            continue
        new = [name for keyword, name in BY_KEYWORD.items() if argument(call, keyword)]
        if len(new) != 1:
            work.report(
                call, t("Trigger is TriggerEvent(event=...) or TriggerCron(cron=...) today")
            )
            continue
        name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
        work.replace(name, new[0])
        work.release(call.func)
        work.note(call, t("Trigger is {name}", name=new[0]))
