"""Rules for code that runs again at every step: what differs, what is repeated, what is lost."""

import ast
import re
from collections.abc import Iterator

from inngest_devtools.testing.durable_code.finding import Finding, hint, mistake
from inngest_devtools.testing.durable_code.module import Module
from inngest_devtools.testing.durable_code.names import (
    Function,
    Owner,
    Scope,
    find_assigned,
    find_called,
    own_calls,
    own_nodes,
    parameters,
    resolve,
)
from inngest_devtools.words import t

CLOCK = (
    r"(datetime\.date(time)?|pendulum|arrow)\.(now|utcnow|today)|django\.utils\.timezone\.now"
    r"|time\.(time|monotonic|perf_counter)(_ns)?"
)
# A generator that is made with a seed is left out: it is the same at every replay.
CHANCE = (
    r"(numpy\.)?random\.(?!([A-Z]\w+|default_rng|seed)$)\w+"
    r"|secrets\.(?!compare_digest$)\w+|os\.urandom|uuid\.uuid[1467]"
)
DIFFERS = re.compile(rf"({CLOCK}|{CHANCE})(\(\))?")

HTTP_METHOD = r"(get|post|put|patch|delete|head|options|request|stream|send)"
BLOCKING_IO = (
    rf"(requests|httpx)\.{HTTP_METHOD}|urllib\.request\.(urlopen|urlretrieve)"
    r"|subprocess\.(run|call|check_call|check_output)|os\.system|smtplib\.SMTP(_SSL)?"
    r"|(psycopg2?|pymysql)\.connect"
)
IO = re.compile(
    rf"{BLOCKING_IO}|subprocess\.Popen|asyncio\.create_subprocess_(exec|shell)"
    r"|(asyncpg|aiomysql)\.connect|aiosmtplib\.send"
)
BLOCKING = re.compile(rf"{BLOCKING_IO}|time\.sleep|sqlite3\.connect")
SLEEP = re.compile(r"(time|asyncio|anyio|trio)\.sleep")
# What makes a client whose methods are requests.
HTTP_CLIENT = re.compile(r"(httpx\.(Async)?Client|requests\.[sS]ession|aiohttp\.ClientSession)\(")

SEND_FUNCTION = re.compile(r"(.*\.)?(events|sending)\.send_event")
TELLS_PEOPLE = re.compile(
    r"(.*\.)?_*log(ger|ging)?\.\w+|print|.*\.(observe|timing|histogram)", re.IGNORECASE
)
NEW_CONTAINER = re.compile(r"(list|dict|set|defaultdict|deque|Counter)\(")
CHANGING_METHODS = frozenset(
    [
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "update",
    ]
)


def check_replays(function: Owner, module: Module, *, is_replayed: bool) -> Iterator[Finding]:
    """Check handler code.

    Args:
        function: The code.
        module: Its module.
        is_replayed: Whether there are steps around it. Without any it runs again after a fault
            alone.
    """
    scope = module.scopes[function]
    told = _find_told_to_people(list(own_nodes(function)), scope)
    http_clients = _find_http_clients(function, scope)
    ends_of_sleeps = _find_ends_of_sleeps(function, module)
    for call in own_calls(function):
        if call in ends_of_sleeps:
            continue
        name = resolve(call.func, scope)
        if _differs(call, name):
            yield _say_logged(call) if call in told else _say_differs(call)
        elif _sends_events(call, name):
            yield _say_sends(call)
        elif is_replayed and SLEEP.fullmatch(name):
            yield _say_waits(call)
        elif is_replayed and (IO.fullmatch(name) or _is_request(call.func, http_clients)):
            yield _say_repeats(call)
        elif isinstance(function, ast.AsyncFunctionDef):
            yield from _check_blocking(call, scope)
        for step_function in module.find_handed(call, scope):
            yield from _check_step_function(step_function, function, module)


def _find_ends_of_sleeps(function: Owner, module: Module) -> set[ast.AST]:
    """The arguments of `sleep_until`: the server keeps the first that it is told."""
    scope = module.scopes[function]
    return {
        child
        for call in own_calls(function)
        if module.is_step(call.func, scope) and resolve(call.func, scope).endswith(".sleep_until")
        for child in ast.walk(call)
        if child is not call
    }


def _say_logged(call: ast.Call) -> Finding:
    code = ast.unparse(call.func)
    return hint(call, t("{code} is this replay's, and so is the time that is logged", code=code))


def _say_differs(call: ast.Call) -> Finding:
    code = ast.unparse(call.func)
    message = t(
        "{code} outside a step differs at every replay: call it in a step's function", code=code
    )
    return mistake(call, message)


def _say_sends(call: ast.Call) -> Finding:
    code = ast.unparse(call.func)
    message = t(
        "{code} outside a step sends again at every replay: use ctx.step.send_event", code=code
    )
    return mistake(call, message)


def _say_waits(call: ast.Call) -> Finding:
    code = ast.unparse(call.func)
    message = t("{code} outside a step waits again at every replay: use ctx.step.sleep", code=code)
    return mistake(call, message)


def _say_repeats(call: ast.Call) -> Finding:
    code = ast.unparse(call.func)
    message = t(
        "{code} outside a step is done again at every replay: call it in a step's function",
        code=code,
    )
    return mistake(call, message)


def _differs(call: ast.Call, name: str) -> bool:
    with_seed = bool(call.args or call.keywords)
    return bool(DIFFERS.fullmatch(name if with_seed else f"{name}()"))


def _check_step_function(
    step_function: Function, function: Owner, module: Module
) -> Iterator[Finding]:
    called = find_called(own_nodes(step_function), module.scopes[step_function])
    inside = set(ast.walk(function))
    for each in (step_function, *called):
        if each in inside:
            yield from _check_changed_state(each, function, module)
        if isinstance(function, ast.FunctionDef):
            continue  # a sync handler has a thread of its own
        for call in own_calls(each):
            yield from _check_blocking(call, module.scopes[each])


def _check_blocking(call: ast.Call, scope: Scope) -> Iterator[Finding]:
    if BLOCKING.fullmatch(resolve(call.func, scope)):
        yield hint(
            call,
            t(
                "{code} holds up the event loop, and every other run with it: await an async call, "
                "or asyncio.to_thread",
                code=ast.unparse(call.func),
            ),
        )


# --- Sending


def _sends_events(call: ast.Call, name: str) -> bool:
    """Whether it is ours, or an Inngest client's `send`: by what is sent or, if not, by whom.

    HTTP clients have a method `send`, too.
    """
    if SEND_FUNCTION.fullmatch(name):
        return True
    owner, _, method = name.rpartition(".")
    if method not in ("send", "send_sync"):
        return False
    sent = " ".join(ast.unparse(arg) for arg in call.args).lower()
    if "request" in sent and "event" not in sent:
        return False
    return owner.endswith("client") or bool(re.search(r"\.to_event\(|\bevent\(", sent))


# --- I/O


def _find_http_clients(function: Owner, scope: Scope) -> set[str]:
    """The names that a function gives to HTTP clients: `async with httpx.AsyncClient() as x`."""
    names = set()
    for node in own_nodes(function):
        match node:
            case ast.withitem(context_expr=ast.Call() as made, optional_vars=ast.Name(name)):
                pass
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call() as made):
                pass
            case _:
                continue
        if HTTP_CLIENT.match(resolve(made, scope)):
            names.add(name)
    return names


def _is_request(node: ast.expr, http_clients: set[str]) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(name), attr=method):
            return name in http_clients and bool(re.fullmatch(HTTP_METHOD, method))
    return False


# --- Clocks that are told to people


def _find_told_to_people(nodes: list[ast.AST], scope: Scope) -> set[ast.AST]:
    """The code whose values go to log lines and measures, and nowhere else."""
    told = {
        child
        for node in nodes
        if isinstance(node, ast.Call) and _tells_people(node, scope)
        for child in ast.walk(node)
    }
    # A value that is kept in a name is told if all that reads the name is.
    while True:
        names = _find_names_that_only(told, nodes)
        values = {
            child
            for node in nodes
            if isinstance(node, ast.Assign)
            and all(isinstance(each, ast.Name) and each.id in names for each in node.targets)
            for child in ast.walk(node.value)
        }
        if values <= told:
            return told
        told |= values


def _tells_people(call: ast.Call, scope: Scope) -> bool:
    name = resolve(call.func, scope).lstrip("?@")
    return bool(TELLS_PEOPLE.fullmatch(name))


def _find_names_that_only(told: set[ast.AST], nodes: list[ast.AST]) -> set[str]:
    loads = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    used = {name.id for name in loads if name in told}
    return used - {name.id for name in loads if name not in told}


# --- The handler's variables that a step changes


def _check_changed_state(
    step_function: Function, function: Owner, module: Module
) -> Iterator[Finding]:
    """A replay does not run a step again, so what it changed besides its output is lost."""
    if isinstance(function, ast.Module):
        return
    of_handler = set(find_assigned(own_nodes(function)))
    containers = _find_containers(function, module.scopes[function])
    inside = set(ast.walk(step_function))
    read = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in inside
    }
    for name, node in _find_changes(step_function, containers):
        if name in of_handler and name in read:
            yield mistake(
                node,
                t(
                    "{name} is changed in a step, which no replay runs again: return it from "
                    "the step",
                    name=name,
                ),
            )


def _find_containers(function: Owner, scope: Scope) -> set[str]:
    """The names that a function gives to new lists, dicts and sets."""
    literals = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    names = set()
    for name, value in _find_assignments(function):
        is_call = isinstance(value, ast.Call) and NEW_CONTAINER.match(resolve(value, scope))
        if isinstance(value, literals) or is_call:
            names.add(name)
    return names


def _find_assignments(function: Owner) -> Iterator[tuple[str, ast.expr]]:
    for node in own_nodes(function):
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(names)], value=ast.Tuple(values)):
                for target, value in zip(names, values, strict=False):
                    if isinstance(target, ast.Name):
                        yield target.id, value


def _find_changes(step_function: Function, containers: set[str]) -> Iterator[tuple[str, ast.expr]]:
    """The variables around a function that it changes: rebinds, or changes what is in them."""
    nodes = list(own_nodes(step_function))
    nonlocals = {name for node in nodes if isinstance(node, ast.Nonlocal) for name in node.names}
    own = {*find_assigned(nodes), *(each.arg for each in parameters(step_function))} - nonlocals
    for node in nodes:
        match node:
            case ast.Name(name, ctx=ast.Store()) if name in nonlocals:
                yield name, node
            case ast.Subscript(value=ast.Name(name), ctx=ast.Store() | ast.Del()):
                if name in containers - own:
                    yield name, node
            case ast.Call(func=ast.Attribute(value=ast.Name(name), attr=method)):
                if name in containers - own and method in CHANGING_METHODS:
                    yield name, node
