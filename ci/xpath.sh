#!/usr/bin/env bash
# Our XPath 2.0 beside Saxon, with which SoapUI evaluates (PyPI's saxonche). Exit codes: 0 alike, 1 not, 3 could not run.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cannot() { printf 'xpath: cannot run: %s\n' "$*" >&2; tail -n 5 "$work/log" >&2; exit 3; }
command -v python3 >/dev/null || { echo "xpath: cannot run: python3 is needed" >&2; exit 3; }
python3 -m venv "$work/python" >"$work/log" 2>&1 || cannot "python3 -m venv failed"
timeout 180 "$work/python/bin/pip" install --quiet --disable-pip-version-check 'saxonche==12.*' >"$work/log" 2>&1 ||
    cannot "pip could not install saxonche"
"$work/python/bin/python" "$here/ci/xpath.py" "$here/src/qa/xpath/tests.rs"
