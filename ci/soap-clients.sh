#!/usr/bin/env bash
# Stock SOAP clients, made from the hub's ?wsdl and nothing else, call the demo: zeep (PyPI), node-soap and strong-soap (npm).
#   ci/soap-clients.sh               starts the demo of what was built last, release or debug, on free ports
#   ci/soap-clients.sh HUB_URL       calls a platform that runs already, with the demo environment
# Exit codes: 0 all answers as expected, 1 something was not, 3 could not run.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
platform=""
clean_up() {
    [ -z "$platform" ] || { kill "$platform" 2>/dev/null && wait "$platform" 2>/dev/null; } || true
    rm -rf "$work"
}
trap clean_up EXIT
cannot() { printf 'soap-clients: cannot run: %s\n' "$*" >&2; exit 3; }

command -v python3 >/dev/null || cannot "python3 is needed"
command -v node >/dev/null && command -v npm >/dev/null || cannot "node and npm are needed"
python3 -m venv "$work/python" >"$work/venv.log" 2>&1 || { tail -n 5 "$work/venv.log" >&2; cannot "python3 -m venv failed"; }
timeout 120 "$work/python/bin/pip" install --quiet --disable-pip-version-check 'zeep==4.3.*' >"$work/pip.log" 2>&1 ||
    { tail -n 5 "$work/pip.log" >&2; cannot "pip could not install zeep"; }
timeout 120 npm install --prefix "$work" --no-audit --no-fund --ignore-scripts soap@1 strong-soap@5 >"$work/npm.log" 2>&1 ||
    { tail -n 5 "$work/npm.log" >&2; cannot "npm could not install soap and strong-soap"; }

case $# in
0)
    binary="$here/target/release/anslut"
    [ ! "$here/target/debug/anslut" -nt "$binary" ] || binary="$here/target/debug/anslut"
    [ -x "$binary" ] || cannot "nothing is built: cargo build --release"
    "$binary" serve demo --ephemeral --set listen.hub_http=127.0.0.1:0 --set listen.hub_https=off --set listen.producers=127.0.0.1:0 \
        --set listen.admin=off --set listen.index_update=127.0.0.1:0 --set listen.index_find=127.0.0.1:0 \
        --set log.messages=off >"$work/out.log" 2>"$work/err.log" &
    platform=$!
    for _ in $(seq 1 100); do
        grep -q '^curl ' "$work/out.log" && break
        kill -0 "$platform" 2>/dev/null || { tail -n 5 "$work/err.log" >&2; cannot "the platform ended at once"; }
        sleep 0.1
    done
    hub=$(awk '$1 == "hub_http" { print $2 }' "$work/out.log")
    [ -n "$hub" ] || cannot "the platform printed no address of the hub"
    ;;
1) hub=${1%/} ;;
*) cannot "expected no argument, or HUB_URL; got $#" ;;
esac

code=0
timeout 60 "$work/python/bin/python" "$here/ci/soap/zeep_client.py" "$hub" || code=1
cp "$here/ci/soap/node_clients.cjs" "$work/"
for library in node-soap strong-soap; do
    timeout 60 node "$work/node_clients.cjs" "$library" "$hub" || code=1
done
exit "$code"
