"""Opens an issue for each job of this workflow run that failed, or comments on the one that is
open.
"""

import json
import os
import subprocess
from typing import Any

LABEL = "newest"
BODY = "{url}\n\nWhat to do: CONTRIBUTING.md, *A newer version*."


def main() -> None:
    run = f"repos/{os.environ['GITHUB_REPOSITORY']}/actions/runs/{os.environ['GITHUB_RUN_ID']}"
    jobs = json.loads(gh("api", f"{run}/jobs?per_page=100"))["jobs"]
    # None: this one
    failed = [job for job in jobs if job["conclusion"] not in (None, "success", "skipped")]
    if failed:
        report(failed)


def report(jobs: list[dict[str, Any]]) -> None:
    gh(
        "label",
        "create",
        LABEL,
        "--force",
        "--description",
        "Fails with a version that is newer than ours",
    )
    listed = gh(
        "issue",
        "list",
        "--label",
        LABEL,
        "--state",
        "open",
        "--limit",
        "100",
        "--json",
        "number,title",
    )
    numbers = {issue["title"]: str(issue["number"]) for issue in json.loads(listed)}
    for job in jobs:
        title = f"Newest versions: {job['name']}"
        body = BODY.format(url=job["html_url"])
        if title in numbers:
            gh("issue", "comment", numbers[title], "--body", body)
        else:
            gh("issue", "create", "--title", title, "--label", LABEL, "--body", body)


def gh(*arguments: str) -> str:
    return subprocess.run(["gh", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
