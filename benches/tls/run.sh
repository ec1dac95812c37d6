#!/usr/bin/env bash
# Handshakes and calls over mutual TLS through the hub beside nginx, with the same certificates: `benches/tls/run.sh`. Needs
# nginx. Runs alternate; the median of the rounds is printed, with the CPU time of the server alone, since the load takes its
# share of the same processors. ROUNDS, SECONDS_EACH, HANDSHAKERS and CONNECTIONS can be set; ANSLUT and LOAD name binaries to
# use instead of fresh builds.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3} handshakers=${HANDSHAKERS:-8} connections=${CONNECTIONS:-32}
fail() { echo "benches/tls: $*" >&2; exit 1; }
for tool in nginx curl awk cargo; do command -v "$tool" >/dev/null || fail "$tool is not installed"; done
if [ -z "${ANSLUT:-}" ]; then
    cargo build --release --quiet --manifest-path "$root/Cargo.toml"
    ANSLUT=${CARGO_TARGET_DIR:-$root/target}/release/anslut
fi
if [ -z "${LOAD:-}" ]; then
    LOAD=$(cargo bench --quiet --no-run --message-format=json --bench tls_load --manifest-path "$root/Cargo.toml" |
        grep '"name":"tls_load"' | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
fi
[ -x "$LOAD" ] || fail "no load at $LOAD"
dir=$(mktemp -d); chmod 755 "$dir"
# shellcheck source=benches/common.sh
source "$here/../common.sh"
upstream=$(free_port) proxy=$(free_port) hub=$(free_port)
"$ANSLUT" pki init "$dir/ca" >/dev/null
"$ANSLUT" pki issue "$dir/ca" --hsa-id SENDER --name client >/dev/null
"$ANSLUT" pki issue "$dir/ca" --hsa-id HUB --name server --host localhost >/dev/null
certs=$dir/ca/issued ca=$dir/ca/ca.pem
mkdir -p "$dir/env/tak" "$dir/answers"
sed -e "s#@DIR@#$dir#g" -e "s#@UPSTREAM@#$upstream#g" "$here/../hub/upstream.conf" >"$dir/upstream.conf"
sed -e "s#@UPSTREAM@#$upstream#g" "$here/../hub/tak.toml" >"$dir/env/tak/bench.toml"
cat >"$dir/proxy.conf" <<CONF
worker_processes auto;
daemon off;
pid $dir/proxy.pid;
error_log $dir/proxy.err;
events { worker_connections 2048; }
http {
  access_log $dir/access.log combined buffer=64k flush=1s;
  client_body_temp_path $dir/proxy-body;
  proxy_temp_path $dir/proxy-temp;
  keepalive_requests 1000000000;
  upstream producer { server 127.0.0.1:$upstream; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:$proxy ssl backlog=1024;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate $certs/server.pem;
    ssl_certificate_key $certs/server.key;
    ssl_client_certificate $ca;
    ssl_verify_client on;
    ssl_verify_depth 3;
    ssl_session_cache shared:tls:16m;
    location / {
      if (\$request_method = OPTIONS) { return 200; }
      proxy_pass http://producer; proxy_http_version 1.1; proxy_set_header Connection "";
    }
  }
}
CONF
cat >"$dir/env/anslut.toml" <<TOML
[listen]
hub_http = "off"
hub_https = "127.0.0.1:$hub"
index_update = "off"
index_find = "off"
producers = "off"
admin = "off"
[tls]
ca = "$ca"
cert = "$certs/server.pem"
key = "$certs/server.key"
[log]
messages = "$dir/anslut.log"
TOML
head='<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:riv:itintegration:registry:1" xmlns:urn1="urn:riv:bench:OpResponder:1"><soapenv:Header><urn:LogicalAddress>BENCH</urn:LogicalAddress></soapenv:Header><soapenv:Body><urn1:Op><urn1:x>'
tail='</urn1:x></urn1:Op></soapenv:Body></soapenv:Envelope>'
{ printf '%s' "$head"; head -c "$((2048 - ${#head} - ${#tail}))" /dev/zero | tr '\0' a; printf '%s' "$tail"; } >"$dir/2k.xml"
cp "$dir/2k.xml" "$dir/answers/answer.xml"
nginx -p "$dir" -c "$dir/upstream.conf" 2>>"$dir/err" & started+=($!)
nginx -p "$dir" -c "$dir/proxy.conf" 2>>"$dir/err" & proxy_pid=$!; started+=("$proxy_pid")
"$ANSLUT" serve "$dir/env" --ephemeral >"$dir/out" 2>&1 & hub_pid=$!; started+=("$hub_pid")
declare -A port=([nginx]=$proxy [anslut]=$hub)
for name in nginx anslut; do
    ready=
    for _ in $(seq 100); do
        curl -s -o "$dir/answer" --cacert "$ca" --cert "$certs/client.pem" --key "$certs/client.key" \
            --connect-to "localhost:${port[$name]}:127.0.0.1:${port[$name]}" -H 'Content-Type: text/xml' \
            --data-binary "@$dir/2k.xml" "https://localhost:${port[$name]}/vp" && cmp -s "$dir/answer" "$dir/2k.xml" && ready=1 && break
        sleep 0.1
    done
    [ -n "$ready" ] || { cat "$dir/err" "$dir/out" "$dir/answer" >&2; fail "$name does not answer"; }
done
nginx_pids=$(cat "/proc/$proxy_pid/task/$proxy_pid/children")
ticks() {
    local pid
    for pid in "$@"; do cat "/proc/$pid/stat"; done | awk '{ sub(/.*\) /, ""); sum += $12 + $13 } END { print sum }'
}
hertz=$(getconf CLK_TCK)
measure() { # who, what, threads
    local before after pids=$hub_pid line
    [ "$1" = anslut ] || pids=$nginx_pids
    # shellcheck disable=SC2086
    before=$(ticks $pids)
    line=$("$LOAD" "$2" "127.0.0.1:${port[$1]}" "$ca" "$certs/client.pem" "$certs/client.key" "$seconds" "$3" "$dir/2k.xml")
    # shellcheck disable=SC2086
    after=$(ticks $pids)
    awk -v who="$1" -v what="$2" -v used="$((after - before))" -v hertz="$hertz" \
        '{ printf "%s %s %.0f %.2f %.2f %.1f\n", what, who, $1 / $2, $3 / 1000, $4 / 1000, used * 1000000 / hertz / $1 }' <<<"$line" >>"$dir/rounds"
}
for what in full resumed requests; do
    threads=$handshakers; [ "$what" = requests ] && threads=$connections
    for name in nginx anslut; do measure "$name" "$what" "$threads"; done
    sed -i "/^$what /d" "$dir/rounds"
    for _ in $(seq "$rounds"); do for name in nginx anslut; do measure "$name" "$what" "$threads"; done; done
done
echo "what who rate/s p50ms p99ms cpu-us-each (medians of $rounds rounds of $seconds s; load $(cut -d' ' -f1 /proc/loadavg))"
for what in full resumed requests; do
    for name in nginx anslut; do
        for column in 3 4 5 6; do
            grep "^$what $name " "$dir/rounds" | awk -v c="$column" '{ print $c }' | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
        done | paste -sd' ' | sed "s/^/$what $name /"
    done
done
