#!/usr/bin/env bash
# The page in a real browser: a call made while it is open appears without a reload, and its seven stages light up.
#   ci/page.sh                       starts the demo of what was built last, release or debug, on free ports
#   ci/page.sh HUB_URL ADMIN_URL     looks at a platform that runs already, with the demo environment
# PAGE_SHOTS=DIR keeps screenshots, light, dark and narrow. Exit codes: 0 all seen, 1 something was not, 3 could not run.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
platform=""
clean_up() {
    [ -z "$platform" ] || { kill "$platform" 2>/dev/null && wait "$platform" 2>/dev/null; } || true
    rm -rf "$work"
}
trap clean_up EXIT
cannot() { printf 'page: cannot run: %s\n' "$*" >&2; exit 3; }

case $# in
0 | 2) ;;
*) cannot "expected no argument, or HUB_URL and ADMIN_URL; got $#" ;;
esac

browser=${CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$browser" ]; then
    { timeout 120 apt-get update && timeout 600 apt-get install -y chromium; } >"$work/apt.log" 2>&1 || { tail -n 5 "$work/apt.log" >&2; cannot "no $browser"; }
fi
[ -x "$browser" ] || cannot "no $browser"
command -v node >/dev/null && command -v npm >/dev/null || cannot "node and npm are needed"
timeout 120 npm install --prefix "$work" --no-audit --no-fund --ignore-scripts playwright-core@1 >"$work/npm.log" 2>&1 ||
    { tail -n 5 "$work/npm.log" >&2; cannot "npm could not install playwright-core"; }

if [ $# -eq 2 ]; then
    hub=$1 admin=$2
else
    binary="$here/target/release/anslut"
    [ ! "$here/target/debug/anslut" -nt "$binary" ] || binary="$here/target/debug/anslut"
    [ -x "$binary" ] || cannot "nothing is built: cargo build --release"
    "$binary" serve demo --ephemeral --set listen.hub_http=127.0.0.1:0 --set listen.hub_https=off --set listen.producers=127.0.0.1:0 \
        --set listen.admin=127.0.0.1:0 --set listen.index_update=127.0.0.1:0 --set listen.index_find=127.0.0.1:0 --set listen.catalogue=127.0.0.1:0 --set listen.aggregation=127.0.0.1:0 --set log.messages=off >"$work/out.log" 2>"$work/err.log" &
    platform=$!
    for _ in $(seq 1 100); do
        grep -q '^curl ' "$work/out.log" && break
        kill -0 "$platform" 2>/dev/null || { tail -n 5 "$work/err.log" >&2; cannot "the platform ended at once"; }
        sleep 0.1
    done
    hub=$(awk '$1 == "hub_http" { print $2 }' "$work/out.log")
    admin=$(awk '$1 == "admin" { print $2 }' "$work/out.log")
    [ -n "$hub" ] && [ -n "$admin" ] || cannot "the platform printed no addresses"
fi

cp "$here/ci/page/watch.cjs" "$work/"
code=0
BROWSER="$browser" HUB="${hub%/}" ADMIN="${admin%/}" REQUESTS="$here/fixtures/demo/requests" SHOTS="${PAGE_SHOTS:-}" \
    timeout 150 node "$work/watch.cjs" || code=$?
case $code in
0 | 1) exit "$code" ;;
*) cannot "the browser's script ended with $code" ;;
esac
