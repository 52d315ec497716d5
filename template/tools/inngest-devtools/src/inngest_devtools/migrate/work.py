"""What is to be done in one file, as the transformers gather it: edits of its text, findings."""

from dataclasses import dataclass, field

import libcst as cst
from inngest_devtools.migrate.source import Source, walk


@dataclass
class Edits:
    """Changes to a text; each replaces a piece of it, and no two may overlap."""

    items: list[tuple[int, int, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, new: str) -> bool:
        """Plan a change. False, and nothing planned, where it overlaps another one."""
        if (start, end, new) in self.items:
            return True
        for other_start, other_end, _ in self.items:
            if start < other_end and other_start < end:
                return False
        self.items.append((start, end, new))
        return True

    def replace_all(self, start: int, end: int, new: str) -> None:
        """Plan a change in place of those that were planned inside of it."""
        self.items = [each for each in self.items if not (start <= each[0] and each[1] <= end)]
        self.replace(start, end, new)

    def insert(self, position: int, new: str) -> None:
        self.items.append((position, position, new))

    def apply(self, text: str) -> str:
        # The sort keeps insertions at one place in the order in which they were planned.
        ordered = sorted(self.items, key=lambda edit: edit[:2])
        for start, end, new in reversed(ordered):
            text = text[:start] + new + text[end:]
        return text


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
