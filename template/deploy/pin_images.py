"""Write beside the tag of each image the digest that it has now:

    uv run python deploy/pin_images.py

A tag can be moved to another image, a digest cannot. Run again, it takes the tags' newer images.
"""

import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
FILES = ("Dockerfile", "compose.yaml", "deploy/kubernetes/inngest-values.yaml")
# `FROM python:3.13-slim`, `image: inngest/inngest:v1.43.0`, and the Helm chart's `tag: v1.43.0`
IMAGE = re.compile(r"^( *(?:FROM|image:|tag:) )((?:[a-z/]+:)?v?\d[\w.-]*)(?:@sha256:\w+)?", re.M)


def main() -> None:
    paths = [PROJECT / name for name in FILES if (PROJECT / name).exists()]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    images = {full_name(match[2]) for text in texts for match in IMAGE.finditer(text)}
    digests = {image: ask_registry(image) for image in sorted(images)}

    def write_digest(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}@{digests[full_name(match[2])]}"

    for path, text in zip(paths, texts, strict=True):
        path.write_text(IMAGE.sub(write_digest, text), encoding="utf-8", newline="\n")
    for image, digest in digests.items():
        print(f"{image}@{digest}")


def full_name(image: str) -> str:
    return image if ":" in image else f"inngest/inngest:{image}"


def ask_registry(image: str) -> str:
    """Its digest for all platforms together."""
    command = ["docker", "buildx", "imagetools", "inspect", image]
    form = ["--format", "{{.Manifest.Digest}}"]
    try:
        answer = subprocess.run([*command, *form], check=True, stdout=subprocess.PIPE, text=True)
    except (OSError, subprocess.CalledProcessError):
        sys.exit(f"ERROR:    {image} has no digest, nothing was written. Try: {' '.join(command)}")
    return answer.stdout.strip()


if __name__ == "__main__":
    main()
