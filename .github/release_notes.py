"""Prints what CHANGELOG.md says of a release, if it says all it has to.

python .github/release_notes.py v1.2.3 < CHANGELOG.md
"""

import argparse
import re
import sys

LABELS = ("Manual step:", "Trust:")
NOTHING = ("", "Manual step: none.\nTrust: none.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Print what CHANGELOG.md, on standard input, says of a release."
    )
    parser.add_argument("tag", help="as in v1.2.3")
    print(read_notes(parser.parse_args().tag, sys.stdin.read()))


def read_notes(tag: str, changelog: str) -> str:
    """The section of the version that a tag names.

    Raises:
        SystemExit: The tag or the changelog is not as a release needs it; the message is one line.
    """
    if not re.fullmatch(r"v(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", tag):
        raise SystemExit(f"{tag} is not the tag of a release: write it like v1.2.3.")
    version = tag.removeprefix("v")
    _, *parts = re.split(r"^## (.+)$", changelog, flags=re.MULTILINE)
    sections = {
        title.strip(): text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)
    }
    heading = re.compile(re.escape(version) + r" - \d{4}-\d\d-\d\d")
    notes = next((text for title, text in sections.items() if heading.fullmatch(title)), None)
    if notes is None:
        raise SystemExit(f'CHANGELOG.md has no section "## {version} - YYYY-MM-DD".')
    for label in LABELS:
        if not re.search(rf"^{label} \S", notes, re.MULTILINE):
            raise SystemExit(
                f'CHANGELOG.md has no line "{label}" for {version}: write "{label} none." or what '
                f"it is."
            )
    if sections.get("Unreleased", "") not in NOTHING:
        raise SystemExit(f"CHANGELOG.md still has notes under Unreleased: move them to {version}.")
    return notes


if __name__ == "__main__":
    main()
