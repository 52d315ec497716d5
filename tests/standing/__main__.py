"""`python -m tests.standing CHECKOUTS [NAME ...]`: adds Inngest to copies of public projects.

CHECKOUTS is a folder of clones, each at the commit that checkouts.py names. Wants uv, git and the
network; full-stack-fastapi-template also a PostgreSQL (see POSTGRES there).
"""

import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from tests.standing.checkouts import CHECKOUTS
from tests.standing.proof import Proof, Row

REPOSITORY = Path(__file__).parents[2]


def main() -> int:
    """Exit code 1 where a row has a problem."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sources, names = Path(sys.argv[1]).resolve(), sys.argv[2:]
    work = Path(tempfile.mkdtemp(prefix="standing-"))
    template = clone_template(work / "template")
    rows = []
    for checkout in CHECKOUTS:
        if names and checkout.name not in names:
            continue
        if not (sources / checkout.name).is_dir():
            print(f"{checkout.name}: skipped, no clone of {checkout.source} in {sources}")
            continue
        rows.append(prove(checkout.name, sources, template, work))
        show(rows[-1])
    return 1 if any(row.problems for row in rows) else 0


def clone_template(path: Path) -> Path:
    """The working tree as a release, so that it can be updated from."""
    path.mkdir()
    for name in ("copier.yml", "hooks", "template", ".gitattributes", ".gitignore"):
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, path / name)
    git = ["git", "-c", "user.name=proof", "-c", "user.email=proof@example.com", "-C", str(path)]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Release"], ["tag", "99.0.0"]):
        subprocess.run([*git, *command], check=True)
    return path


def prove(name: str, sources: Path, template: Path, work: Path) -> Row:
    checkout = next(one for one in CHECKOUTS if one.name == name)
    proof = Proof(checkout, sources, template, work)
    try:
        return proof.run()
    except Exception as error:
        traceback.print_exc(limit=2)
        proof.row.problems.append(f"stopped: {error}"[:300])
        return proof.row


def show(row: Row) -> None:
    print(f"\n## {row.name}: {'; '.join(row.problems) or 'as it should be'}")
    print(f"theirs before: {row.before}\ntheirs after:  {row.after}\nours: {row.ours}")
    print(f"their lines: {row.lines}")
    print("\n".join(f"    {line}" for line in row.said), flush=True)


if __name__ == "__main__":
    sys.exit(main())
