#!/usr/bin/env bash
# TLS with clients and servers that are not ours: openssl and curl before the hub, openssl s_server behind it, keytool on the
# key store, .NET with the key store before the hub. Every case says which alert or which detail it expects, and which word the log must have for it.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
for tool in curl openssl; do
    command -v "$tool" >/dev/null || { apt-get update -qq && apt-get install -y -qq "$tool" >/dev/null; }
done
if [ -z "${ANSLUT:-}" ]; then
    cargo build --release --quiet --manifest-path "$here/Cargo.toml"
    ANSLUT=${CARGO_TARGET_DIR:-$here/target}/release/anslut
fi
work=$(mktemp -d)
started=()
clean_up() {
    for pid in "${started[@]:-}"; do [ -z "$pid" ] || kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
fail() {
    printf 'tls: %s\n' "$*" >&2
    tail -n 15 "$work"/*.err >&2 || true
    exit 1
}
cases=0
holds() { cases=$((cases + 1)); }

# Certificates of every kind, by our own CA and by a stranger's.
pki() { "$ANSLUT" pki "$@" >/dev/null; }
K=SE5565594230-K001
pki init "$work/ca"
pki init "$work/other"
issue() { pki issue "$work/ca" --hsa-id "$K" "$@"; }
issue --name good --p12 --password hemligt
issue --name expired --expired
issue --name early --not-yet-valid
issue --name server-only --usage server
issue --name revoked
issue --name hub --host localhost --host 127.0.0.1
pki issue "$work/other" --hsa-id "$K" --name stranger
for name in good-host expired-host early-host revoked-host; do
    flag=; [ "$name" = expired-host ] && flag=--expired; [ "$name" = early-host ] && flag=--not-yet-valid
    issue --name "$name" --host localhost $flag
done
issue --name other-host --host elsewhere.example
issue --name client-only --host localhost --usage client
pki issue "$work/other" --hsa-id "$K" --name stranger-host --host localhost
pki revoke "$work/ca" "$work/ca/issued/revoked.pem" "$work/ca/issued/revoked-host.pem"
ca=$work/ca/ca.pem certs=$work/ca/issued
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/rsa.key" 2>/dev/null
issue --name rsa --key "$work/rsa.key"

# What others make of the files.
[ "$(stat -c %a "$certs/good.key" "$certs/good.p12" "$work/ca/ca.key" | sort -u)" = 600 ] || fail "keys others can read"
openssl verify -CAfile "$ca" -untrusted "$work/ca/intermediate.pem" "$certs/good.pem" >/dev/null || fail "openssl verify"
openssl x509 -in "$certs/good.pem" -noout -subject | grep -q "serialNumber = $K" || fail "the HSA-id in the subject"
openssl pkcs12 -in "$certs/good.p12" -passin pass:hemligt -nodes 2>/dev/null | grep -q 'BEGIN PRIVATE KEY' || fail "openssl pkcs12"
openssl crl -in "$work/ca/intermediate.crl" -CAfile "$work/ca/intermediate.pem" -noout 2>&1 | grep -q 'verify OK' || fail "openssl crl"
if command -v keytool >/dev/null; then
    keytool -list -v -keystore "$certs/good.p12" -storepass hemligt >"$work/keytool" 2>&1 || fail "keytool: $(cat "$work/keytool")"
    grep -q "Owner: SERIALNUMBER=$K" "$work/keytool" || fail "keytool does not see the HSA-id"
    grep -q 'Certificate chain length: 3' "$work/keytool" || fail "keytool does not see the chain"
    keys="openssl, keytool"
else
    keys="openssl (no keytool here)"
fi

# The platform, twice: the second is the first one's producer.
serve() { # name, environment, further --set
    local name=$1 environment=$2; shift 2
    RUST_LOG=info "$ANSLUT" serve "$environment" --ephemeral --print-addresses --set log.messages=off \
        --set listen.hub_http=127.0.0.1:0 --set listen.hub_https=127.0.0.1:0 --set listen.producers=off \
        --set listen.index_update=off --set listen.index_find=off --set listen.admin=off --set listen.catalogue=off --set listen.aggregation=off \
        --set "tls.ca=$ca" --set "tls.cert=$certs/hub.pem" --set "tls.key=$certs/hub.key" \
        --set "tls.crl=$work/ca/intermediate.crl" "$@" >"$work/$name.out" 2>"$work/$name.err" &
    started+=($!)
    for _ in $(seq 200); do
        grep -q '^hub_https=' "$work/$name.out" && return
        kill -0 "${started[-1]}" 2>/dev/null || fail "$name ended before it was ready"
        sleep 0.05
    done
    fail "$name was not ready in time"
}
port_of() { sed -n "s/^$2=.*://p" "$work/$1.out"; }
serve platform demo
platform=${started[-1]} https=$(port_of platform hub_https)

call() { # curl options
    curl -sSv --cacert "$ca" "https://localhost:$https/vp" -H 'Content-Type: text/xml; charset=UTF-8' \
        --data-binary "@$here/fixtures/demo/requests/first-call.xml" "$@" 2>&1 || true
}
shown() { echo "--cert $1/issued/$2.pem --key $1/issued/$2.key"; }
logged() { # word: one more line with it than before
    for _ in $(seq 100); do
        [ "$(grep -c "TLS handshake refused.*cause=$1" "$work/platform.err")" -gt "${before[$1]:-0}" ] && break
        sleep 0.02
    done
    local now; now=$(grep -c "TLS handshake refused.*cause=$1" "$work/platform.err" || true)
    [ "$now" -gt "${before[$1]:-0}" ] || fail "no line in the log says: $1"
    before[$1]=$now
}
declare -A before=()
accepted() { # what, options
    local what=$1; shift
    local answer; answer=$(call "$@")
    grep -q GetCareDocumentationResponse <<<"$answer" || fail "$what: $answer"
    holds
}
refused() { # what, alert, word in the log, options
    local what=$1 alert=$2 log=$3; shift 3
    local answer; answer=$(call "$@")
    # curl shows a fatal alert as 512 and its number.
    grep -qE "IN\), TLS alert, [A-Za-z ]+\($((512 + alert))\)" <<<"$answer" || fail "$what: expected alert $alert, got: $answer"
    logged "$log"
    holds
}
for version in 1.2 1.3; do
    v="--tlsv$version --tls-max $version"
    # shellcheck disable=SC2046,SC2086
    {
        accepted "good, $version" $v $(shown "$work/ca" good)
        accepted "RSA, $version" $v $(shown "$work/ca" rsa)
        accepted "PKCS#12, $version" $v --cert-type P12 --cert "$certs/good.p12:hemligt"
        refused "none, $version" 116 'no certificate' $v
        refused "expired, $version" 45 'expired' $v $(shown "$work/ca" expired)
        refused "not yet valid, $version" 45 'not yet valid' $v $(shown "$work/ca" early)
        refused "other CA, $version" 48 'unknown CA' $v $(shown "$work/other" stranger)
        refused "wrong usage, $version" 43 'wrong key usage' $v $(shown "$work/ca" server-only)
        refused "revoked, $version" 44 'revoked' $v $(shown "$work/ca" revoked)
    }
done
# Our certificate does not name the host that is called: curl's own verdict.
answer=$(call --cert "$certs/good.pem" --key "$certs/good.key" --connect-to "wrong.example:443:localhost:$https" https://wrong.example/vp)
grep -qi 'no alternative certificate subject name matches' <<<"$answer" || fail "wrong name: $answer"
holds

s_client() { openssl s_client -connect "127.0.0.1:$https" -CAfile "$ca" -verify_return_error "$@" </dev/null 2>&1 || true; }
for version in tls1 tls1_1; do
    s_client "-$version" -cipher 'ALL:@SECLEVEL=0' -cert "$certs/good.pem" -key "$certs/good.key" >"$work/s_client"
    # 70 is the version's own alert; the library stumbles over what such clients do not say, and sends 40.
    grep -qE 'alert number (40|70)' "$work/s_client" || fail "$version: $(cat "$work/s_client")"
    holds
done
logged 'TLS version too old'
for version in tls1_2 tls1_3; do
    ask() { (printf 'OPTIONS /vp HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'; sleep 0.3) | openssl s_client -quiet -no_ign_eof \
        -connect "127.0.0.1:$https" -CAfile "$ca" -cert "$certs/good.pem" -cert_chain "$certs/good.pem" -key "$certs/good.key" "$@" 2>&1 || true; }
    ask "-$version" -sess_out "$work/session" >"$work/s_client"
    grep -q '200 OK' "$work/s_client" || fail "$version: $(cat "$work/s_client")"
    (sleep 0.3) | openssl s_client -connect "127.0.0.1:$https" -CAfile "$ca" "-$version" -sess_in "$work/session" >"$work/s_client" 2>&1 || true
    grep -q '^Reused' "$work/s_client" || fail "$version: the session is not taken up again: $(cat "$work/s_client")"
    holds
done

# Revoked while it is connected: SIGHUP reads the lists again, and nobody else is disturbed.
issue --name leaver
accepted "before it is revoked" --cert "$certs/leaver.pem" --key "$certs/leaver.key"
pki revoke "$work/ca" "$certs/leaver.pem"
kill -HUP "$platform"
for _ in $(seq 100); do
    answer=$(call --cert "$certs/leaver.pem" --key "$certs/leaver.key")
    grep -qF 'alert, certificate revoked' <<<"$answer" && break
    sleep 0.05
done
grep -qF 'alert, certificate revoked' <<<"$answer" || fail "revoked and read again: $answer"
accepted "good, after the files were read again" --cert "$certs/good.pem" --key "$certs/good.key"

# Producers: s_server with every wrong certificate, and the platform itself as a good one.
mkdir -p "$work/env/tak"
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
C=urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2
route() { # logical address, url
    printf '[[route]]\ncontract = "%s"\naddress = "%s"\nprofile = "RIVTABP21"\nurl = "%s"\n' "$C" "$1" "$2"
    printf '[[permission]]\nconsumer = "%s"\ncontract = "%s"\naddress = "%s"\n' "$K" "$C" "$1"
} >>"$work/env/tak/routes.toml"
producer() { # logical address, certificate, s_server options
    local address=$1 certificate=$2 port; shift 2
    port=$(free_port)
    openssl s_server -accept "127.0.0.1:$port" -cert "$certificate.pem" -key "$certificate.key" -cert_chain "$certificate.pem" \
        -quiet -naccept 100 "$@" >"$work/$address.producer" 2>&1 &
    started+=($!)
    route "$address" "https://localhost:$port/"
}
route SE2321000016-S001 "https://localhost:$https/vp"
producer EXPIRED "$certs/expired-host"
producer EARLY "$certs/early-host"
producer STRANGER "$work/other/issued/stranger-host"
producer REVOKED "$certs/revoked-host"
producer CLIENTONLY "$certs/client-only"
producer OTHERHOST "$certs/other-host"
producer OLD "$certs/good-host" -tls1_1 -cipher 'ALL:@SECLEVEL=0'
producer MISTRUSTS "$certs/good-host" -Verify 2 -verify_return_error -CAfile "$work/other/ca.pem" -tls1_2
producer MISTRUSTS13 "$certs/good-host" -Verify 2 -verify_return_error -CAfile "$work/other/ca.pem" -tls1_3
printf '[properties]\n"vp.instance.id" = "CALLER"\n"producer.https.hostnameVerification" = "true"\n' >"$work/env/anslut.toml"
serve caller "$work/env" --set "tls.producer.cert=$certs/good.pem" --set "tls.producer.key=$certs/good.key"
caller=$(port_of caller hub_http)
through() { # logical address
    sed "s/SE2321000016-S001/$1/" "$here/fixtures/demo/requests/first-call.xml" |
        curl -sS "http://127.0.0.1:$caller/vp" -H "x-vp-sender-id: $K" -H 'x-vp-instance-id: CALLER' \
            -H 'Content-Type: text/xml; charset=UTF-8' --data-binary @-
}
detail() { # logical address, words
    local answer; answer=$(through "$1")
    grep -q 'VP009' <<<"$answer" && grep -qE "SSLHandshakeException: $2" <<<"$answer" || fail "$1: expected $2, got: $answer"
    holds
}
answer=$(through SE2321000016-S001)
grep -q GetCareDocumentationResponse <<<"$answer" || fail "a platform before a platform: $answer"
holds
detail EXPIRED expired
detail EARLY 'not yet valid'
detail STRANGER 'unknown CA'
detail REVOKED revoked
detail CLIENTONLY 'wrong key usage'
detail OTHERHOST 'wrong name: it is for .*elsewhere.example'
detail OLD '(received fatal alert: |no TLS version)'
detail MISTRUSTS 'received fatal alert: (unknown_ca|handshake_failure|bad_certificate)'
detail MISTRUSTS13 'received fatal alert: (unknown_ca|handshake_failure|bad_certificate)'

# .NET, whose runtime a package of PyPI carries; it binds the OpenSSL of Debian 11.
cannot() { printf 'tls: .NET cannot be had: %s\n' "$*" >&2; tail -n 5 "$work/dotnet.log" >&2; exit 3; }
package=libssl1.1_1.1.1w-0+deb11u1_amd64.deb
python3 -m venv "$work/python" >"$work/dotnet.log" 2>&1 || cannot "python3 -m venv failed"
timeout 180 "$work/python/bin/pip" install --quiet --disable-pip-version-check 'pythonnet==3.*' 'dotnetcore2==3.1.*' >"$work/dotnet.log" 2>&1 ||
    cannot "pip could not install pythonnet and dotnetcore2"
curl -fsS --max-time 120 -o "$work/$package" "http://deb.debian.org/debian/pool/main/o/openssl/$package" 2>"$work/dotnet.log" || cannot "$package"
dpkg -x "$work/$package" "$work/openssl" >"$work/dotnet.log" 2>&1 || cannot "$package cannot be unpacked"
dotnet=$(LD_LIBRARY_PATH=$(echo "$work"/openssl/usr/lib/*) DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 timeout 60 "$work/python/bin/python" "$here/ci/dotnet.py" \
    "$certs/good.p12" hemligt "https://localhost:$https/vp" "$here/fixtures/demo/requests/first-call.xml" 2>"$work/dotnet.err") ||
    fail ".NET: $(tail -n 3 "$work/dotnet.err")"
holds
keys+=", $dotnet"

echo "tls: $cases cases with curl and openssl; key store read by $keys"
