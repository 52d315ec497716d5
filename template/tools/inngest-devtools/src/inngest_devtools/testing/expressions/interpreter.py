"""Evaluates nodes as CEL does, with fields that an event lacks as `UNKNOWN`."""

from collections.abc import Iterator, Mapping

from inngest_devtools.testing.expressions.functions import call
from inngest_devtools.testing.expressions.nodes import (
    Call,
    Fold,
    Has,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
)
from inngest_devtools.testing.expressions.values import (
    NO_OVERLOAD,
    TYPE_NAMES,
    UNKNOWN,
    Failure,
    TypeName,
    Value,
    has,
    is_missing,
    select,
    type_of,
)
from inngest_devtools.testing.unsupported import Unsupported

Variables = Mapping[str, Value]


class Interpreter:
    """CEL, strictly: a missing field makes all around it unknown, a wrong type a failure.

    Args:
        node: The whole expression, of which the paths are looked up in the variables beforehand.
        variables: `event`, `async` and `vars`, those of them that there are.
    """

    def __init__(self, node: Node, variables: Variables) -> None:
        self.variables = variables
        self.missing = [path for path in _paths(node) if not _exists(path, variables)]

    def evaluate(self, node: Node, scope: Variables) -> Value:
        match node:
            case Literal(value):
                return value
            case Name() | Select():
                return self._attribute(node, scope)
            case Has(operand, field):
                return self._has(operand, field, scope)
            case Call("_[_]"):
                return self._attribute(node, scope)
            case Call("_&&_" | "_||_" as function, (left, right)):
                values = (self.evaluate(left, scope), self.evaluate(right, scope))
                return self.logical(*values, absorbing=function == "_||_")
            case Call("_?_:_", (condition, when_true, when_false)):
                chosen = self.condition(self.evaluate(condition, scope))
                if is_missing(chosen):
                    return chosen
                return self.evaluate(when_true if chosen else when_false, scope)
            case Call(function, args, target):
                operands = args if target is None else (target, *args)
                return self.call(function, [self.evaluate(arg, scope) for arg in operands])
            case ListOf(items):
                return _first_missing(self._values(items, scope))
            case MapOf(entries):
                return self._map(entries, scope)
            case Fold():
                return self._fold(node, scope)

    def call(self, function: str, args: list[Value]) -> Value:
        missing = next(filter(is_missing, args), None)
        return call(function, args) if missing is None else missing

    def logical(self, left: Value, right: Value, *, absorbing: bool) -> Value:
        """`||` with `absorbing` True, `&&` with False: either operand can decide it alone."""
        if left is absorbing or right is absorbing:
            return absorbing
        if left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        wrong = [value for value in (left, right) if not isinstance(value, bool)]
        if not wrong:
            return not absorbing
        return wrong[0] if isinstance(wrong[0], Failure) else NO_OVERLOAD

    def condition(self, value: Value) -> Value:
        """What `?` makes of the value before it."""
        return value if isinstance(value, bool) or is_missing(value) else NO_OVERLOAD

    # --- Attributes: `event.data.list[0].name`

    def _attribute(self, node: Node, scope: Variables) -> Value:
        root, keys = self._path(node, scope)
        if isinstance(root, Name) and self._is_unknown(root.name, keys):
            return UNKNOWN
        return self._resolve(root, keys, scope)

    def _resolve(self, root: Node, keys: list[Value], scope: Variables) -> Value:
        if isinstance(root, Name):
            value = self._named(root.name, scope)
        else:
            value = self.evaluate(root, scope)
        for key in keys:
            if is_missing(value):
                return value
            value = select(value, key)
        return value

    def _path(self, node: Node, scope: Variables) -> tuple[Node, list[Value]]:
        keys: list[Value] = []
        while True:
            match node:
                case Select(operand, field):
                    keys.insert(0, field)
                case Call("_[_]", (operand, index)):
                    keys.insert(0, self.evaluate(index, scope))
                case _:
                    return node, keys
            node = operand

    def _is_unknown(self, root: str, keys: list[Value]) -> bool:
        """Whether a missing path overlaps with this one: a whole is unknown where a part is."""
        for missing_root, *missing_keys in self.missing:
            overlap = zip(keys, missing_keys, strict=False)
            if missing_root == root and all(key == other for key, other in overlap):
                return True
        return False

    def _named(self, name: str, scope: Variables) -> Value:
        if name in scope:
            return scope[name]
        if name in self.variables:
            return self.variables[name]
        return TypeName(name) if name in TYPE_NAMES else Failure(f"no such attribute(s): {name}")

    def _has(self, operand: Node, field: str, scope: Variables) -> Value:
        root, keys = self._path(operand, scope)
        if isinstance(root, Name) and self._is_unknown(root.name, [*keys, field]):
            return UNKNOWN
        return has(self._resolve(root, keys, scope), field)

    # --- Lists, maps and the macros over them

    def _values(self, nodes: tuple[Node, ...], scope: Variables) -> list[Value]:
        return [self.evaluate(node, scope) for node in nodes]

    def _map(self, entries: tuple[tuple[Node, Node], ...], scope: Variables) -> Value:
        keys = self._values(tuple(key for key, _ in entries), scope)
        values = self._values(tuple(value for _, value in entries), scope)
        for missing in filter(is_missing, [*keys, *values]):
            return missing
        if not all(isinstance(key, str) for key in keys) or len({*keys}) < len(keys):
            raise Unsupported("a map in an expression, with keys that are no texts or come twice")
        return dict(zip(keys, values, strict=True))

    def _fold(self, fold: Fold, scope: Variables) -> Value:
        source = self.evaluate(fold.source, scope)
        if is_missing(source):
            return source
        if not isinstance(source, (list, dict)):
            return Failure(f"got '{type_of(source)}', expected iterable type")
        items: list[Variables] = [{**scope, fold.variable: item} for item in source]
        if fold.macro in ("all", "exists"):
            return self._quantify(fold.predicate, items, absorbing=fold.macro == "exists")
        if fold.macro == "exists_one":
            return self._count(fold.predicate, items)
        return self._collect(fold, items)

    def _quantify(self, predicate: Node, items: list[Variables], *, absorbing: bool) -> Value:
        """`exists` and `all`: an `||` or `&&` of all items, until no other can change it."""
        result: Value = not absorbing
        for scope in items:
            going_on = self.call("!_", [result]) if absorbing else result
            if not self.may_go_on(going_on):
                break
            result = self.logical(result, self.evaluate(predicate, scope), absorbing=absorbing)
        return result

    def may_go_on(self, value: Value) -> bool:
        return value is not False

    def _count(self, predicate: Node, items: list[Variables]) -> Value:
        count: Value = 0
        for scope in items:
            counts = self.condition(self.evaluate(predicate, scope))
            if is_missing(counts):
                count = counts
            elif counts:
                count = self.call("_+_", [count, 1])
        return self.call("_==_", [count, 1])

    def _collect(self, fold: Fold, items: list[Variables]) -> Value:
        """`filter` and `map`."""
        transform = fold.transform or Name(fold.variable)
        collected: Value = []
        for scope in items:
            belongs = self.condition(self.evaluate(fold.predicate, scope))
            if is_missing(belongs):
                collected = belongs
            elif belongs:
                item = self.evaluate(ListOf((transform,)), scope)
                collected = self.call("_+_", [collected, item])
        return collected


def _first_missing(values: list[Value]) -> Value:
    return next(filter(is_missing, values), values)


def _exists(path: tuple[str, ...], variables: Variables) -> bool:
    value: Value = variables
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True


def _paths(node: Node) -> Iterator[tuple[str, ...]]:
    """The paths in an expression that the server looks up beforehand, to know which are missing.

    It looks neither at what a method is called on, nor into lists, maps, and the bodies of macros;
    a path that is missing there is a failure and not unknown. Source: pkg/expressions/attrs.go.
    """
    match node:
        case Select() | Has():
            yield from _path_of(node)
        case Call(_, args):
            for arg in args:
                yield from _paths(arg)
        case Fold(_, source):
            yield from _paths(source)


def _path_of(node: Node) -> Iterator[tuple[str, ...]]:
    names: list[str] = []
    while isinstance(node, (Select, Has)):
        names.insert(0, node.field)
        node = node.operand
    match node:
        case Name(root):
            yield (root, *names)
        case Call("_[_]", (Name(root), index)):
            # Of the index it knows literal text alone, of which lifting leaves none.
            key = index.value if isinstance(index, Literal) else ""
            yield (root, key if isinstance(key, str) else "", *names)
