#!/usr/bin/env bash
# What validation on the way costs the hub: `benches/validate/hub.sh`. Needs nginx and wrk.
#
# Two platforms that differ in `contracts.validate` alone (off and log) stand before the same producer; runs alternate, and
# medians of the rounds are printed. Request and answer are samples of a contract that ships, so that every byte of both is
# judged. ROUNDS, SECONDS_EACH and CONNECTIONS can be set; ANSLUT names a binary to measure.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
hub=$root/benches/hub rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3} connections=${CONNECTIONS:-32}
fail() { echo "benches/validate/hub: $*" >&2; exit 1; }
for tool in nginx wrk curl awk; do command -v "$tool" >/dev/null || fail "$tool is not installed"; done
anslut=${ANSLUT:-${CARGO_TARGET_DIR:-$root/target}/release/anslut}
[ -x "$anslut" ] || cargo build --release --quiet --manifest-path "$root/Cargo.toml"

dir=$(mktemp -d); chmod 755 "$dir"
# shellcheck source=benches/common.sh
source "$root/benches/common.sh"
contract=urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2
upstream=$(free_port)
mkdir -p "$dir/answers"
"$anslut" contracts sample GetDiagnosis:2 --direction request |
  sed 's#\(<[^/>]*LogicalAddress[^>]*>\)[^<]*#\1BENCH#' >"$dir/request.xml"
"$anslut" contracts sample GetDiagnosis:2 --direction response >"$dir/answers/answer.xml"
sed -e "s#@DIR@#$dir#g" -e "s#@UPSTREAM@#$upstream#g" "$hub/upstream.conf" >"$dir/upstream.conf"
nginx -p "$dir" -c "$dir/upstream.conf" 2>>"$dir/err" & started+=($!)

declare -A url pid
for mode in off log; do
  mkdir -p "$dir/$mode/tak"
  listen=$(free_port) admin=$(free_port)
  sed -e "s#@DIR@#$dir/$mode#g" -e "s#@HUB@#$listen#g" -e "s#@ADMIN@#$admin#g" "$hub/anslut.toml" >"$dir/$mode/anslut.toml"
  sed -e "s#@UPSTREAM@#$upstream#g" -e "s#urn:riv:bench:OpResponder:1#$contract#g" "$hub/tak.toml" >"$dir/$mode/tak/bench.toml"
  "$anslut" serve "$dir/$mode" --ephemeral --set listen.index_update=off --set listen.index_find=off \
    --set listen.aggregation=off --set listen.catalogue=off --set "contracts.validate=$mode" >"$dir/$mode.out" 2>&1 & pid[$mode]=$!
  started+=("${pid[$mode]}") url[$mode]=http://127.0.0.1:$listen/vp
  ready=
  for _ in $(seq 100); do
    if curl -sf "http://127.0.0.1:$admin/health/ready" >/dev/null 2>&1; then ready=1; break; fi
    sleep 0.1
  done
  curl -s -o "$dir/answer" -H 'content-type: text/xml' -H 'x-vp-sender-id: SENDER' -H 'x-vp-instance-id: BENCH' \
    --data-binary "@$dir/request.xml" "${url[$mode]}" || true
  { [ -n "$ready" ] && cmp -s "$dir/answer" "$dir/answers/answer.xml"; } || { cat "$dir/$mode.out" "$dir/answer" >&2; fail "$mode does not answer"; }
  curl -s "http://127.0.0.1:$admin/api/v1/exchanges/1" >"$dir/record"
  judged=$({ grep -o '"direction":"[a-z]*","contract":"[^"]*","version":"[^"]*","valid":true' "$dir/record" || true; } | wc -l)
  [ "$judged" = "$([ "$mode" = off ] && echo 0 || echo 2)" ] || fail "with $mode, $judged messages were judged and found valid"
done

ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
hertz=$(getconf CLK_TCK)
measure() {
  local before after
  before=$(ticks "${pid[$1]}")
  REQUEST=$dir/request.xml wrk -t1 "-c$connections" "-d${seconds}s" -s "$hub/call.lua" "${url[$1]}" >"$dir/wrk"
  after=$(ticks "${pid[$1]}")
  ! grep -E 'Non-2xx|Socket errors' "$dir/wrk" >&2 || fail "$1 did not answer every call"
  awk -v who="$1" -v ticks="$((after - before))" -v hertz="$hertz" '
    / requests in / { count = $1 }
    /^Requests\/sec:/ { printf "%s %.0f %.1f\n", who, $2, ticks * 1000000 / hertz / count }' "$dir/wrk" >>"$dir/rounds"
  : >"$dir/$1/anslut.log"
}
for mode in off log; do measure "$mode"; done
: >"$dir/rounds"
for _ in $(seq "$rounds"); do for mode in off log; do measure "$mode"; done; done

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
of() { awk -v who="$1" -v field="$2" '$1 == who { print $field }' "$dir/rounds" | median; }
printf 'request %s bytes, answer %s bytes\n' "$(stat -c %s "$dir/request.xml")" "$(stat -c %s "$dir/answers/answer.xml")"
for mode in off log; do printf '%-4s %8s calls/s %8s CPU us a call\n' "$mode" "$(of $mode 2)" "$(of $mode 3)"; done
awk -v off="$(of off 2)" -v logged="$(of log 2)" 'BEGIN { printf "log carries %.3f of the calls that off does\n", logged / off }'
