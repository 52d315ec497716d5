"""What is to be done in one file, as the transformers gather it."""

from dataclasses import dataclass, field

import libcst as cst
from inngest_devtools.migrate.source import Edits, Source, walk


@dataclass
class Work:
    """Edits of a file, what they are, and what a person has to decide about it."""

    source: Source
    edits: Edits = field(default_factory=Edits)
    notes: list[tuple[int, str]] = field(default_factory=list)
    findings: list[tuple[int, str]] = field(default_factory=list)
    # Names whose use an edit took away: their import goes if nothing else needs it.
    released: set[str] = field(default_factory=set)

    def note(self, node: cst.CSTNode, text: str) -> None:
        self.notes.append((self.source.line(node), text))

    def report(self, node: cst.CSTNode, text: str) -> None:
        self.findings.append((self.source.line(node), text))

    def replace(self, node: cst.CSTNode, new: str) -> None:
        self.edits.replace(self.source.start(node), self.source.end(node), new)

    def is_replaced(self, node: cst.CSTNode) -> bool:
        """Whether an edit puts something else in a node's place."""
        start, end = self.source.start(node), self.source.end(node)
        return any(first <= start and end <= last for first, last, _ in self.edits.items)

    def release(self, node: cst.CSTNode | None) -> None:
        """Remember the names in code that goes."""
        if node is None:
            return
        for each in walk(node):
            if isinstance(each, cst.Name):
                self.released.add(each.value)
            elif isinstance(each, cst.SimpleString):
                text = str(each.evaluated_value)
                self.released |= set(text.replace("[", ".").replace("]", ".").split("."))


class Works:
    """The work of each file, made when it is first asked for."""

    def __init__(self) -> None:
        self._by_path: dict[object, Work] = {}

    def of(self, source: Source) -> Work:
        return self._by_path.setdefault(source.path, Work(source))

    def all(self) -> list[Work]:
        return list(self._by_path.values())
