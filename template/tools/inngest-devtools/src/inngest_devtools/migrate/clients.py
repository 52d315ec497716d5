"""Tells Inngest clients from other things, by what their names stand for."""

import libcst as cst
from inngest_devtools.migrate import annotations
from inngest_devtools.migrate.project import (
    Project,
    Target,
    annotation_of,
    assigned_value,
    find_method,
    returned_values,
)
from inngest_devtools.migrate.source import Source, dotted_name

MOST_HOPS = 8  # of a name that is handed on from place to place


class Clients:
    """Tells clients from other things."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def is_client(
        self, source: Source, node: cst.CSTNode | None, hops: int = MOST_HOPS
    ) -> bool | None:
        """Whether an expression is an Inngest client; None if the files do not tell."""
        if node is None or hops == 0:
            return None
        if isinstance(node, cst.Await):
            return self.is_client(source, node.expression, hops)
        if isinstance(node, cst.Call):
            return self._makes_client(source, node, hops - 1)
        verdicts = [
            self._is_client_target(target, hops - 1)
            for target in self.project.resolve(source, node)
        ]
        if isinstance(node, cst.Attribute) and not verdicts:
            verdicts = self._attribute_verdicts(source, node, hops - 1)
        if True in verdicts:
            return True
        known = [verdict for verdict in verdicts if verdict is not None]
        return False if known and len(known) == len(verdicts) else None

    def _makes_client(self, source: Source, call: cst.Call, hops: int) -> bool | None:
        verdicts: list[bool | None] = []
        for target in self.project.resolve(source, call.func):
            if target.kind == "sdk":
                verdicts.append(target.name.rpartition(".")[2] == "Inngest")
            elif target.kind == "class":
                verdicts.append(self._is_client_class(target, hops))
            elif target.kind == "function" and isinstance(target.node, cst.FunctionDef):
                verdicts.append(self._returns_client(target, hops))
            else:
                verdicts.append(None)
        if True in verdicts:
            return True
        return False if verdicts and None not in verdicts else None

    def _is_client_class(self, target: Target, hops: int) -> bool:
        if not isinstance(target.node, cst.ClassDef) or target.source is None or hops == 0:
            return False
        if find_method(target.node, "send_event"):
            return False
        for base in target.node.bases:
            for each in self.project.resolve(target.source, base.value):
                if each.kind == "sdk" and each.name.endswith(".Inngest"):
                    return True
                if each.kind == "class" and self._is_client_class(each, hops - 1):
                    return True
        return False

    def _returns_client(self, target: Target, hops: int) -> bool | None:
        source, function = target.source, target.node
        if source is None or not isinstance(function, cst.FunctionDef):
            return None
        kind = annotations.kind_of(source, function.returns)
        if kind is not None:
            return kind == "client"
        verdicts = [self.is_client(source, value, hops) for value in returned_values(function)]
        if True in verdicts:
            return True
        return None if None in verdicts else False

    def _is_client_target(self, target: Target, hops: int) -> bool | None:
        source, node = target.source, target.node
        if target.kind in ("sdk", "function", "class", "module"):
            return False
        if source is None or node is None:
            return None
        kind = annotations.kind_of(source, annotation_of(source, node))
        if kind is not None:
            return kind == "client"
        if target.kind == "parameter":
            return None
        value = assigned_value(source, node)
        if isinstance(value, cst.Name) and value.value == "None":
            return None
        if isinstance(value, cst.BooleanOperation | cst.IfExp):
            sides = (
                [value.left, value.right]
                if isinstance(value, cst.BooleanOperation)
                else [value.body, value.orelse]
            )
            return True if any(self.is_client(source, side, hops) for side in sides) else None
        return self.is_client(source, value, hops)

    def _attribute_verdicts(
        self, source: Source, node: cst.Attribute, hops: int
    ) -> list[bool | None]:
        """Of `self.client`: what the methods of the class assign to it."""
        base = dotted_name(node.value)
        classes = [each for each in source.ancestors(node) if isinstance(each, cst.ClassDef)]
        if base not in ("self", "cls") or not classes:
            return []
        owner = classes[0]
        verdicts: list[bool | None] = []
        for each in source.attributes:
            same = each.attr.value == node.attr.value and dotted_name(each.value) == base
            if same and source.inside(each, owner):
                value = assigned_value(source, each)
                if value is not None:
                    verdicts.append(self.is_client(source, value, hops))
        for line in owner.body.body:
            parts = line.body if isinstance(line, cst.SimpleStatementLine) else ()
            for part in parts:
                if isinstance(part, cst.AnnAssign) and dotted_name(part.target) == node.attr.value:
                    kind = annotations.kind_of(source, part.annotation)
                    verdicts.append(kind == "client" if kind else None)
        return verdicts
