#!/bin/sh
# `inngest-dev` by whatever runs Python in this project: ./bin/inngest/run.sh COMMAND
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
PATH="$PATH:${HOME:-}/.local/bin:${HOME:-}/.cargo/bin"
[ $# -gt 0 ] || set -- --help

if [ -n "${VIRTUAL_ENV:-}" ] && [ -x "$VIRTUAL_ENV/bin/inngest-dev" ]; then
    exec "$VIRTUAL_ENV/bin/inngest-dev" "$@"
fi
for venv in .venv venv env; do
    [ ! -x "$venv/bin/inngest-dev" ] || exec "$venv/bin/inngest-dev" "$@"
done
by_uv() { exec uv run --with-editable ./tools/inngest-devtools inngest-dev "$@"; }
if [ -f uv.lock ] && command -v uv >/dev/null 2>&1; then
    by_uv "$@"
fi
if [ -f poetry.lock ] && command -v poetry >/dev/null 2>&1; then
    exec poetry run inngest-dev "$@"
fi
if [ -f pdm.lock ] && command -v pdm >/dev/null 2>&1; then
    exec pdm run inngest-dev "$@"
fi
if grep -q '^\[tool\.hatch\.envs' pyproject.toml 2>/dev/null && command -v hatch >/dev/null 2>&1; then
    exec hatch run inngest-dev "$@"
fi
if [ -f pyproject.toml ] && command -v uv >/dev/null 2>&1; then
    by_uv "$@"
fi
if [ "$1" = adopt ]; then # which says how to install the rest, and needs Python alone
    shift
    exec python3 tools/inngest-devtools/src/inngest_devtools/adopt "$@"
fi
echo "inngest-dev is not installed: activate the project's environment, then type \`pip install -e ./tools/inngest-devtools\`." >&2
exit 1
