#!/usr/bin/env bash
# Our validator beside libxml2's streaming one: `benches/validate/run.sh`. Needs xmllint (libxml2-utils).
#
# One message, made by our own sampler of a contract that ships, is judged by both in turn, so that whatever else the
# machine does falls on both; medians of the rounds are printed, and the bars. Both read it from the same file, already in
# the system's cache. xmllint's time is that for the large message less that for one record, which takes its start and
# its compiling of the schema away; ours begins with the schema compiled. ROUNDS and MIB can be set; with ANSLUT_CORPUS
# set, the whole corpus is compiled too.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rounds=${ROUNDS:-7} mib=${MIB:-50}
fail() { echo "benches/validate: $*" >&2; exit 1; }
for tool in xmllint awk cargo; do command -v "$tool" >/dev/null || fail "$tool is not installed"; done

ours=$(cd "$root" && cargo bench --no-run --bench validate_stream 2>&1 | sed -n 's/^ *Executable.*(\(.*\))$/\1/p')
[ -n "$ours" ] || fail "the bench does not build: cargo bench --no-run --bench validate_stream"
case $ours in /*) ;; *) ours=$root/$ours ;; esac
schema=$root/contracts/clinicalprocess_healthcond_description/schemas/interactions/GetDiagnosisInteraction/GetDiagnosisResponder_2.0.xsd
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$ours" make "$dir" "$mib"
[ -z "${BUILD_ONLY:-}" ] || exit 0

theirs() { # file: seconds of one run
    local TIMEFORMAT=%R
    { time xmllint --stream --noout --schema "$schema" "$1" >/dev/null 2>"$dir/verdict"; } 2>&1
    grep -q 'validates$' "$dir/verdict" || { cat "$dir/verdict" >&2; fail "libxml2 does not find $1 valid"; }
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

theirs "$dir/large.xml" >/dev/null; "$ours" large "$dir/large.xml" >/dev/null
for _ in $(seq "$rounds"); do
    theirs "$dir/large.xml" >>"$dir/theirs"
    theirs "$dir/one.xml" >>"$dir/start"
    "$ours" large "$dir/large.xml" >"$dir/out"
    awk '$1 == "seconds" { print $2 }' "$dir/out" >>"$dir/ours"
    awk '$1 == "growth_kib" { print $2 }' "$dir/out" >>"$dir/growth"
    "$ours" small "$dir/answer.xml" >"$dir/out"
    awk '$1 == "small_us" { print $2 }' "$dir/out" >>"$dir/small"
    [ -z "${ANSLUT_CORPUS:-}" ] || "$ours" compile "$ANSLUT_CORPUS/contracts" | awk '$1 == "compile_seconds" { print $2 }' >>"$dir/compile"
done
bytes=$(stat -c %s "$dir/large.xml")
xmllint --version 2>&1 | sed -n 's/^.*using libxml version /libxml2 /p'
awk -v bytes="$bytes" -v all="$(median <"$dir/theirs")" -v start="$(median <"$dir/start")" -v ours="$(median <"$dir/ours")" \
    -v growth="$(sort -n "$dir/growth" | tail -n 1)" -v small="$(median <"$dir/small")" -v size="$(stat -c %s "$dir/answer.xml")" 'BEGIN {
    theirs = all - start
    printf "libxml2: %.1f MB in %.3f s (%.3f s less %.3f s for its start), %.0f MB/s\n", bytes / 1e6, theirs, all, start, bytes / 1e6 / theirs
    printf "anslut:  %.1f MB in %.3f s, %.0f MB/s\n", bytes / 1e6, ours, bytes / 1e6 / ours
    printf "ratio %.2f (at least 2)\n", theirs / ours
    printf "a message of %d bytes: %.2f us (at most 10)\n", size, small
    printf "memory beyond the read buffer, worst round: %s KiB (at most 4096)\n", growth
}'
[ ! -s "$dir/compile" ] || printf 'compiling the corpus: %s s (at most 2)\n' "$(median <"$dir/compile")"
