#!/usr/bin/env bash
# Installs what faced needs to run, be tested and be shown: Debian packages, .venv, the PAM module, message catalogues.
# Runs again in a second when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

packages="ca-certificates gcc gettext iproute2 ldap-utils libdlib-data libjson-c-dev libnss-wrapper libpam-wrapper libpam0g-dev
 libsystemd-dev make mmdebstrap openssl pamtester pkg-config python3 python3-dev python3-pypamtest python3-venv slapd
 swtpm swtpm-tools systemd systemd-container tpm2-tools util-linux valgrind"

missing=$(for package in $packages; do dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"; done)
if [ -n "$missing" ]; then
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Missing packages, and neither root nor sudo to install them:" $missing >&2; exit 1; }
        as_root="sudo"
    fi
    echo "Installing:" $missing
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -q >/dev/null
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
fi

python=/usr/bin/python3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "faced needs Python 3.11 or newer." >&2; exit 1; }
stamp=.venv/.installed
if ! [ -f "$stamp" ] || [ setup.cfg -nt "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "Making .venv"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install -q --disable-pip-version-check --use-pep517 -e '.[dev]'
    touch "$stamp"
fi

for catalogue in faced/locale/*/LC_MESSAGES/*.po; do
    [ -f "$catalogue" ] || continue
    [ "${catalogue%.po}.mo" -nt "$catalogue" ] || msgfmt --check -o "${catalogue%.po}.mo" "$catalogue"
done
make -s -C pam_module
