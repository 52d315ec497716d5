"""One Python file: its text, its tree and its scopes, and the edits that are made to the text.

libcst says where things are and what a name means. What changes is the text itself, at those
places, so that whatever is not edited stays as it is, byte for byte.
"""

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst
from libcst.metadata import (
    Access,
    Assignment,
    BaseAssignment,
    GlobalScope,
    ImportAssignment,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
)

NEWLINE = re.compile(r"\r\n?|\n")
Function = cst.FunctionDef | cst.Lambda
OWNERS = (cst.FunctionDef, cst.Lambda, cst.ClassDef)


class _Collector(cst.CSTVisitor):
    """The nodes that the transformers look at, in the order of the text."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[cst.Call] = []
        self.functions: list[cst.FunctionDef] = []
        self.attributes: list[cst.Attribute] = []
        self.imports: list[cst.Import | cst.ImportFrom] = []

    def visit_Call(self, node: cst.Call) -> None:
        self.calls.append(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.functions.append(node)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        self.attributes.append(node)

    def visit_Import(self, node: cst.Import) -> None:
        self.imports.append(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self.imports.append(node)


class Source:
    """A parsed file.

    Args:
        path: Where it is.
        text: Its text, with the line ends that it has.

    Raises:
        libcst.ParserSyntaxError: It is no Python.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._scopes = wrapper.resolve(ScopeProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._starts = [0, *(match.end() for match in NEWLINE.finditer(text))]
        nodes = _Collector()
        self.module.visit(nodes)
        self.calls = nodes.calls
        self.functions = nodes.functions
        self.attributes = nodes.attributes
        self.imports = nodes.imports
        self.newline = self.module.default_newline
        self.has_lazy_annotations = self._imports_annotations()

    # Places

    def start(self, node: cst.CSTNode) -> int:
        position = self._positions[node].start
        return self._starts[position.line - 1] + position.column

    def end(self, node: cst.CSTNode) -> int:
        position = self._positions[node].end
        return self._starts[position.line - 1] + position.column

    def outer_span(self, node: cst.CSTNode) -> tuple[int, int]:
        """An expression with the parentheses around it."""
        start, end = self.start(node), self.end(node)
        for _ in getattr(node, "lpar", ()):
            start = self.text.rindex("(", 0, start)
        for _ in getattr(node, "rpar", ()):
            end = self.text.index(")", skip_blank(self.text, end)) + 1
        return start, end

    def line(self, node: cst.CSTNode) -> int:
        return self._positions[node].start.line

    def line_at(self, offset: int) -> int:
        return len(NEWLINE.findall(self.text, 0, offset)) + 1

    @property
    def last_line(self) -> int:
        return len(self._starts)

    def code(self, node: cst.CSTNode) -> str:
        return self.text[self.start(node) : self.end(node)]

    def line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, before its line end."""
        match = NEWLINE.search(self.text, offset)
        return match.start() if match else len(self.text)

    def next_line(self, offset: int) -> int:
        match = NEWLINE.search(self.text, offset)
        return match.end() if match else len(self.text)

    def indent(self, offset: int) -> str:
        """The white space that the line of an offset begins with."""
        line = self.text[self.line_start(offset) : self.line_end(offset)]
        return line[: len(line) - len(line.lstrip())]

    # The tree

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        parent = self.parent(node)
        while parent is not None:
            yield parent
            parent = self.parent(parent)

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The statement that a node is in: the line, not the part between semicolons."""
        for ancestor in (node, *self.ancestors(node)):
            if isinstance(ancestor, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                return ancestor
        return node

    def inside(self, node: cst.CSTNode, ancestor: cst.CSTNode) -> bool:
        return any(each is ancestor for each in self.ancestors(node))

    def owner(self, node: cst.CSTNode) -> Function | cst.ClassDef | None:
        """The function or class whose body a node is in; None at the top of the module."""
        child = node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, OWNERS) and child is ancestor.body:
                return ancestor
            child = ancestor
        return None

    # Names

    @property
    def top(self) -> GlobalScope:
        scope = self._scopes[self.module]
        assert isinstance(scope, GlobalScope)
        return scope

    def scope(self, node: cst.CSTNode) -> Scope:
        found = self._scopes.get(node)
        if found is None:
            found = next((self._scopes[a] for a in self.ancestors(node) if a in self._scopes), None)
        return found or self.top

    def inner_scope(self, function: cst.FunctionDef) -> Scope:
        return self.scope(function.body)

    def all_scopes(self) -> list[Scope]:
        return list({id(scope): scope for scope in self._scopes.values() if scope}.values())

    def assignments(self, name: str, scope: Scope) -> list[BaseAssignment]:
        return [each for each in scope[name] if isinstance(each, Assignment | ImportAssignment)]

    def own(self, scope: Scope, name: str) -> list[BaseAssignment]:
        return [each for each in scope.assignments if each.name == name]

    def imported_as(self, dotted: str, scope: Scope) -> set[str]:
        """What a dotted name stands for through imports: of `ig.Event`, `inngest.Event`."""
        first, _, rest = dotted.partition(".")
        found = set()
        for each in self.assignments(first, scope):
            if isinstance(each, ImportAssignment):
                for name in _import_names(each):
                    found.add(f"{name}.{rest}" if rest else name)
        return found

    def qualified(self, node: cst.CSTNode) -> set[str]:
        """What a name or attribute stands for through imports; empty if it is no import's."""
        dotted = dotted_name(node)
        return self.imported_as(dotted, self.scope(node)) if dotted else set()

    def references(self, scope: Scope, name: str) -> list[cst.CSTNode]:
        """The places that read a name of a scope, nested functions included."""
        found: dict[int, Access] = {}
        for each in self.own(scope, name):
            found |= {id(access.node): access for access in each.references}
        nodes = [access.node for access in found.values()]
        return sorted((_first(node) for node in nodes), key=self.start)

    def undefined(self) -> Iterator[tuple[str, cst.CSTNode]]:
        """Names that are read and bound nowhere, with the place; none if there is a star import."""
        if any(
            isinstance(i, cst.ImportFrom) and isinstance(i.names, cst.ImportStar)
            for i in self.imports
        ):
            return
        for scope in self.all_scopes():
            for access in scope.accesses:
                if not access.referents:
                    name = _access_name(access.node)
                    if name:
                        yield name, access.node

    def mentions(self, node: cst.CSTNode, name: str) -> bool:
        """Whether a name is read or bound anywhere in a node."""
        return any(isinstance(each, cst.Name) and each.value == name for each in walk(node))

    def is_type_checking(self, node: cst.CSTNode) -> bool:
        ancestors = [each for each in self.ancestors(node) if isinstance(each, cst.If)]
        return any((dotted_name(each.test) or "").endswith("TYPE_CHECKING") for each in ancestors)

    def _imports_annotations(self) -> bool:
        for each in self.imports:
            is_future = (
                isinstance(each, cst.ImportFrom) and dotted_name(each.module) == "__future__"
            )
            if is_future and "annotations" in self.code(each):
                return True
        return False


def bound_at(assignment: BaseAssignment) -> cst.CSTNode | None:
    """The node that binds a name; None of a name that Python itself has."""
    node = getattr(assignment, "node", None)
    return node if isinstance(node, cst.CSTNode) else None


def dotted_name(node: cst.CSTNode | None) -> str | None:
    """`a.b.c` of a name or attribute; None of anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted_name(node.value)
        return f"{base}.{node.attr.value}" if base else None
    return None


def argument(call: cst.Call, keyword: str) -> cst.Arg | None:
    for each in call.args:
        if each.keyword is not None and each.keyword.value == keyword:
            return each
    return None


def positional(call: cst.Call) -> list[cst.Arg]:
    return [each for each in call.args if each.keyword is None and not each.star]


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from walk(child)


def skip_blank(text: str, position: int) -> int:
    """Past white space, line ends and comments: only between tokens."""
    match = re.compile(r"(?:\s|\\\r?\n|#[^\r\n]*)*").match(text, position)
    return match.end() if match else position


def comments(text: str) -> Sequence[str]:
    """The comments in a piece of code."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass  # the piece ends within a bracket: what came before is there
    return found


def _import_names(assignment: ImportAssignment) -> set[str]:
    node = assignment.node
    names: set[str] = set()
    if isinstance(node, cst.ImportFrom):
        module = "." * len(node.relative) + (dotted_name(node.module) or "")
        if isinstance(node.names, cst.ImportStar):
            return names
        for alias in node.names:
            bound = alias.asname.name if alias.asname else alias.name
            if dotted_name(bound) == assignment.name:
                joiner = "" if module.endswith(".") or not module else "."
                names.add(f"{module}{joiner}{dotted_name(alias.name)}")
        return names
    if not isinstance(node, cst.Import):
        return names
    for alias in node.names:
        name = dotted_name(alias.name) or ""
        if alias.asname:
            if dotted_name(alias.asname.name) == assignment.name:
                names.add(name)
        elif name == assignment.name or name.startswith(assignment.name + "."):
            names.add(assignment.name)
    return names


def _first(node: cst.CSTNode) -> cst.CSTNode:
    """The name that an attribute begins with."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def _access_name(node: cst.CSTNode) -> str | None:
    first = _first(node)
    if isinstance(first, cst.Name):
        return first.value
    if isinstance(first, cst.SimpleString):
        match = re.match(r"\w+", str(first.evaluated_value))
        return match[0] if match else None
    return None
