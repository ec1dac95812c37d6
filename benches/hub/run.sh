#!/usr/bin/env bash
# Calls through the hub beside the same calls through nginx: `benches/hub/run.sh`. Needs nginx and wrk.
#
# Both proxy to the same producer over kept connections and write their log to a file. Runs alternate, so that whatever
# else the machine does falls on both; the median of the rounds is printed. ROUNDS, SECONDS_EACH and CONNECTIONS can be set;
# ANSLUT names a binary to measure instead of a fresh release build.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-4} connections=${CONNECTIONS:-32}

fail() { echo "benches/hub: $*" >&2; exit 1; }
for tool in nginx wrk curl awk cargo; do
  command -v "$tool" >/dev/null || fail "$tool is not installed"
done
[ -r /proc/self/stat ] || fail "CPU time is read from /proc, which is not there"

if [ -z "${ANSLUT:-}" ]; then
  cargo build --release --quiet --manifest-path "$root/Cargo.toml"
  ANSLUT=${CARGO_TARGET_DIR:-$root/target}/release/anslut
fi
[ -x "$ANSLUT" ] || fail "no binary at $ANSLUT"

dir=$(mktemp -d)
chmod 755 "$dir"
# shellcheck source=benches/common.sh
source "$here/../common.sh"
upstream=$(free_port) proxy=$(free_port) hub=$(free_port) admin=$(free_port)
[ "$(printf '%s\n' "$upstream" "$proxy" "$hub" "$admin" | sort -u | wc -l)" = 4 ] || fail "drew a port twice; run again"

filled() {
  sed -e "s#@DIR@#$dir#g" -e "s#@UPSTREAM@#$upstream#g" -e "s#@PROXY@#$proxy#g" -e "s#@HUB@#$hub#g" \
    -e "s#@ADMIN@#$admin#g" "$here/$1" >"$2"
}
mkdir -p "$dir/env/tak" "$dir/answers"
filled upstream.conf "$dir/upstream.conf"
filled proxy.conf "$dir/proxy.conf"
filled anslut.toml "$dir/env/anslut.toml"
filled tak.toml "$dir/env/tak/bench.toml"

# A message of so many bytes in all.
message() {
  local head='<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:riv:itintegration:registry:1" xmlns:urn1="urn:riv:bench:OpResponder:1"><soapenv:Header><urn:LogicalAddress>BENCH</urn:LogicalAddress></soapenv:Header><soapenv:Body><urn1:Op><urn1:x>'
  local tail='</urn1:x></urn1:Op></soapenv:Body></soapenv:Envelope>'
  printf '%s' "$head"
  head -c "$(($1 - ${#head} - ${#tail}))" /dev/zero | tr '\0' a
  printf '%s' "$tail"
}
message 2048 >"$dir/2k.xml"
message 51200 >"$dir/50k.xml"

nginx -p "$dir" -c "$dir/upstream.conf" 2>>"$dir/err" & started+=($!)
nginx -p "$dir" -c "$dir/proxy.conf" 2>>"$dir/err" & proxy_pid=$!; started+=("$proxy_pid")
"$ANSLUT" serve "$dir/env" --ephemeral >"$dir/out" 2>&1 & hub_pid=$!; started+=("$hub_pid")

declare -A url=([nginx]="http://127.0.0.1:$proxy/vp" [anslut]="http://127.0.0.1:$hub/vp")
cp "$dir/2k.xml" "$dir/answers/answer.xml"
for name in nginx anslut; do
  ready=
  for _ in $(seq 100); do
    status=$(curl -s -o "$dir/answer" -w '%{http_code}' -H 'content-type: text/xml' -H 'x-vp-sender-id: SENDER' \
      -H 'x-vp-instance-id: BENCH' --data-binary "@$dir/2k.xml" "${url[$name]}" || true)
    if [ "$status" = 200 ] && cmp -s "$dir/answer" "$dir/2k.xml"; then ready=1; break; fi
    sleep 0.1
  done
  [ -n "$ready" ] || { cat "$dir/err" "$dir/out" "$dir/answer" 2>/dev/null >&2 || true; fail "$name does not answer"; }
done
nginx_pids=$(cat "/proc/$proxy_pid/task/$proxy_pid/children")

# Clock ticks that processes have used: user and system.
ticks() {
  local pid
  for pid in "$@"; do cat "/proc/$pid/stat"; done | awk '{ sub(/.*\) /, ""); user += $12; kernel += $13 } END { print user, kernel }'
}
hertz=$(getconf CLK_TCK)

measure() { # who, size
  local before after pids=$hub_pid
  [ "$1" = anslut ] || pids=$nginx_pids
  # shellcheck disable=SC2086
  before=$(ticks $pids)
  REQUEST=$dir/$2.xml wrk -t1 "-c$connections" "-d${seconds}s" --latency -s "$here/call.lua" "${url[$1]}" >"$dir/wrk"
  # shellcheck disable=SC2086
  after=$(ticks $pids)
  ! grep -E 'Non-2xx|Socket errors' "$dir/wrk" >&2 || fail "$1 did not answer every call"
  awk -v who="$1" -v size="$2" -v before="$before" -v after="$after" -v hertz="$hertz" '
    function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
    $1 == "50%" { p50 = ms($2) }
    $1 == "99%" { p99 = ms($2) }
    / requests in / { count = $1 }
    /^Requests\/sec:/ { rate = $2 }
    END {
      split(before, b, " "); split(after, a, " ")
      each = 1000000 / hertz / count
      printf "%s %s %.0f %.2f %.2f %.1f %.1f\n", who, size, rate, p50, p99, (a[1] - b[1]) * each, (a[2] - b[2]) * each
    }' "$dir/wrk" >>"$dir/rounds"
}

for size in 2k 50k; do
  cp "$dir/$size.xml" "$dir/answers/answer.xml"
  # A round that is not counted fills caches and pools.
  for name in nginx anslut; do measure "$name" "$size"; done
  sed -i "/ $size /d" "$dir/rounds"
  for _ in $(seq "$rounds"); do
    for name in nginx anslut; do measure "$name" "$size"; done
  done
  # The logs have done their duty, and would fill a small disk.
  : >"$dir/anslut.log"
  : >"$dir/access.log"
done

awk '
  function median(list, n,   i, j, t) {
    for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (list[j] < list[i]) { t = list[i]; list[i] = list[j]; list[j] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
  }
  { key = $1 " " $2; if (!(key in n)) order[++keys] = key; n[key]++; for (f = 3; f <= 7; f++) value[key, f, n[key]] = $f }
  END {
    printf "%-7s %-5s %11s %9s %9s %10s %10s %10s\n", "", "body", "requests/s", "p50 ms", "p99 ms", "user us", "system us", "CPU us"
    for (k = 1; k <= keys; k++) {
      key = order[k]; split(key, part, " ")
      for (f = 3; f <= 7; f++) { for (i = 1; i <= n[key]; i++) list[i] = value[key, f, i]; m[f] = median(list, n[key]) }
      rate[key] = m[3]; cpu[key] = m[6] + m[7]
      printf "%-7s %-5s %11.0f %9.2f %9.2f %10.1f %10.1f %10.1f\n", part[1], part[2], m[3], m[4], m[5], m[6], m[7], cpu[key]
    }
    split("2k 50k", sizes, " ")
    for (s = 1; s <= 2; s++) {
      size = sizes[s]
      printf "%s: anslut carries %.2f of the calls nginx does in the same time, at %.2f of its CPU time a call\n", size, rate["anslut " size] / rate["nginx " size], cpu["anslut " size] / cpu["nginx " size]
    }
  }' "$dir/rounds"
