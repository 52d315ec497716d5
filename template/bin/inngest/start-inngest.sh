#!/bin/sh
# The Inngest Dev Server of this project: ./bin/inngest/start-inngest.sh COMMAND, the same as `uv run dev-server COMMAND`.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
PATH="$PATH:${HOME:-}/.local/bin:${HOME:-}/.cargo/bin"

if ! command -v uv >/dev/null 2>&1; then
    echo "uv is not installed: install it from https://docs.astral.sh/uv, open a new terminal and try again." >&2
    exit 1
fi

[ $# -gt 0 ] || set -- --help
exec uv run dev-server "$@"
