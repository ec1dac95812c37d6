#!/usr/bin/env bash
# A newcomer's first minutes, scripted: a fresh clone, the README's two commands, the printed curl, a VP004 and a VP007.
# TESTS=off leaves the second command out, where it has just been run on the same checkout.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
platform=""
clean_up() {
    [ -z "$platform" ] || kill "$platform" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
fail() { printf 'newcomer: %s\n' "$*" >&2; tail -n 20 "$work"/*.log >&2 || true; exit 1; }

git clone --quiet "$here" "$work/anslut"
cd "$work/anslut"
# Dependencies that are built already are not built again; what is tried is the clone, not the compiler.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/target}"
export XDG_DATA_HOME="$work/data"

# Command one. Its ports are the documented ones: they must be free.
cargo run --release >"$work/out.log" 2>"$work/err.log" &
platform=$!
for _ in $(seq 1 1200); do
    grep -q '^curl ' "$work/out.log" && break
    kill -0 "$platform" 2>/dev/null || fail "the platform ended before it was ready"
    sleep 0.5
done
grep '^curl ' "$work/out.log" >"$work/first-call.sh" || fail "no curl line was printed"

answer=$(bash "$work/first-call.sh")
grep -q 'GetCareDocumentationResponse' <<<"$answer" || fail "the printed curl got: $answer"

answer=$(bash <(sed 's/SE2321000016-S001/SE2321000016-NOBODY/' "$work/first-call.sh"))
grep -q 'VP004 \[NTjP Demo\]' <<<"$answer" || fail "a changed address got: $answer"

answer=$(curl -sS http://127.0.0.1:8080/vp -H 'Content-Type: text/xml; charset=UTF-8' \
    --data-binary @fixtures/demo/requests/get-care-documentation-vp007.xml)
grep -q 'VP007 \[NTjP Demo\]' <<<"$answer" || fail "a call without permission got: $answer"

curl -sSf http://127.0.0.1:9090/health/ready >/dev/null || fail "not ready"
curl -sSf http://127.0.0.1:9090/api/v1/exchanges | grep -q 'VP007' || fail "the refused call is not on record"

kill -TERM "$platform"
wait "$platform" || fail "SIGTERM did not end the platform in good order"
platform=""

# Command two.
if [ "${TESTS:-on}" = off ]; then
    echo "newcomer: a first call, a VP004, a VP007, a clean stop"
    exit
fi
cargo test --quiet >"$work/test.log" 2>&1 || fail "cargo test"
echo "newcomer: a first call, a VP004, a VP007, a clean stop, and all tests"
