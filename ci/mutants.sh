#!/usr/bin/env bash
# The tester tested: cases made from a contract, tried on a producer that does everything right and on its eighty mutants.
# Fails where a mutant is not caught by what should catch it, where the well-behaved producer is complained of, or where
# it takes longer than 45 s on two cores. `SCALE` shortens delays and the limits they are judged by.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${ANSLUT:-}" ]; then
    cargo build --release --quiet
    ANSLUT=${CARGO_TARGET_DIR:-target}/release/anslut
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
began=$(date +%s)
ANSLUT_DATA=$work timeout 120 "$ANSLUT" qa run fixtures/qa/GetDiagnosis --generated --mutants --scale "${SCALE:-0.02}" --seed 1 |
    tee "$work/out" | grep -v '^caught' || true
tail -1 "$work/out" | grep -q ' 0 by something else, 0 missed; 0 findings' || { echo "mutants: not all as it should be" >&2; exit 1; }
took=$(($(date +%s) - began))
echo "took $took s"
[ "$took" -le 45 ] || { echo "mutants: took $took s, at most 45" >&2; exit 1; }
