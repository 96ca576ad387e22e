#!/usr/bin/env bash
# Runs a command with a Node that can build the page: the system's if it is new enough
# (Node >= 20.19, npm >= 11), otherwise one from PyPI, installed into .venv the first time.
#   deploy/with-node.sh npm --prefix web run build
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usable() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || return 1
    node -e 'const [a, b] = process.versions.node.split(".").map(Number)
             process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || return 1
    [ "$(npm --version | cut -d. -f1)" -ge 11 ]
}

if ! usable; then
    export PATH="$root/.venv/bin:$PATH"
    if ! usable; then
        echo "No Node >= 20.19 with npm >= 11 found: installing one into .venv" >&2
        "$root/.venv/bin/python" -m pip install -q --disable-pip-version-check \
            -r "$root/requirements-web.txt" -c "$root/constraints.txt"
        hash -r
    fi
fi
exec "$@"
