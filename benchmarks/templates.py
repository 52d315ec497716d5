"""`copier copy` and `copier update` against a template of a single file, and a copy's time for each
file beside other templates.
"""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median

import yaml

from benchmarks.commands import commit, copier, run
from benchmarks.measure import Comparison, MeasureError, seconds

REPOSITORY = Path(__file__).parents[1]
BORN, NEWEST = "v1.0.0", "v2.0.0"
PER_FILE_BOUND = 1.0
NEWS = "what_is_new.txt"  # all that the second release brings
# others need trust; what their tasks do is not ours
ARGUMENTS = ("--quiet", "--defaults", "--trust", "--skip-tasks")


def compare(
    folder: Path, pairs: int, peers: list[Path], peer_answers: Path | None
) -> Iterator[Comparison]:
    """`peers` are checkouts of other templates, and `peer_answers` what they ask, as for Copier's
    `--data-file`: each takes what it knows.
    """
    ours = Template(REPOSITORY, folder / "ours")
    one_file = Template(_one_file_template(folder / "one-file-source"), folder / "one-file")
    answers = ("--data-file", str(peer_answers.absolute())) if peer_answers else ()
    others = [
        Template(peer, folder / f"peer-{number}", answers) for number, peer in enumerate(peers)
    ]
    against = "a one-file template"
    yield Comparison("copier copy", against).run(ours.copy, one_file.copy, pairs=pairs)
    yield Comparison("copier update", against).run(ours.update, one_file.update, pairs=pairs)
    if not others:
        return
    # Most of a copy is what Copier does for each file: a process of git, its path rendered.
    per_file = Comparison("copier copy, for each file", "the median of the peers", PER_FILE_BOUND)
    yield per_file.run(
        lambda: ours.copy_a_file(one_file),
        lambda: median(other.copy_a_file(one_file) for other in others),
        pairs=pairs,
    )


class Template:
    """The files of a template's checkout as two releases of their own, and projects of it."""

    def __init__(self, checkout: Path, folder: Path, answers: tuple[str, ...] = ()) -> None:
        self._answers = answers
        self._folder = folder
        self._numbers = count()
        self._source = folder / "template"
        subdirectory = _subdirectory(checkout)
        _copy_tracked_files(checkout, self._source)
        commit(self._source, tag=BORN)
        (self._source / subdirectory / NEWS).write_text("A release.\n")
        commit(self._source, tag=NEWEST)
        self._project = folder / "born"
        self._copy(BORN, self._project)
        commit(self._project)

    def copy(self) -> float:
        destination = self._new_folder()
        return seconds(lambda: self._copy(NEWEST, destination))

    def copy_a_file(self, one_file: "Template") -> float:
        """Seconds for each file, beyond what a template of one file takes."""
        files = sum(path.is_file() for path in self._project.rglob("*") if ".git" not in path.parts)
        return (self.copy() - one_file.copy()) / files

    def update(self) -> float:
        project = shutil.copytree(self._project, self._new_folder(), symlinks=True)
        took = seconds(lambda: copier("update", *ARGUMENTS, cwd=project))
        if not (project / NEWS).is_file():
            raise MeasureError(f"the update of {project} brought nothing")
        return took

    def _copy(self, tag: str, destination: Path) -> None:
        copier(
            "copy",
            *ARGUMENTS,
            *self._answers,
            "--vcs-ref",
            tag,
            self._source,
            destination,
            cwd=self._folder,
        )

    def _new_folder(self) -> Path:
        return self._folder / f"my-app-{next(self._numbers)}"


def _subdirectory(template: Path) -> str:
    for name in ("copier.yml", "copier.yaml"):
        if (template / name).is_file():
            settings = yaml.safe_load((template / name).read_text(encoding="utf-8"))
            return str(settings.get("_subdirectory", "."))
    raise MeasureError(f"{template} is no template: it has no copier.yml")


def _copy_tracked_files(checkout: Path, destination: Path) -> None:
    listed = run(
        "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=checkout
    )
    for name in filter(None, listed.split("\0")):
        if (checkout / name).exists():  # or deleted, but not yet committed
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, destination / name, follow_symlinks=False)


def _one_file_template(folder: Path) -> Path:
    """Its one file is the one without which nothing could be updated."""
    (folder / "template").mkdir(parents=True)
    (folder / "copier.yml").write_text("_subdirectory: template\n")
    (folder / "template" / "{{ _copier_conf.answers_file }}.jinja").write_text(
        "{{ _copier_answers | to_nice_yaml }}\n"
    )
    commit(folder)
    return folder
