#!/usr/bin/env bash
# Finds what the tests need beside Python: PostgreSQL (15 or later) with PostGIS (3.3 or later), Chromium and what drives it, a Chinese font.
# Installs what is missing with apt-get, as root or with sudo; otherwise one sentence says what to install. Quiet when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# The newest installed server that is new enough, or nothing.
server() {
    local found="" folder
    for folder in /usr/lib/postgresql/*/; do
        [ -x "$folder/bin/initdb" ] && at_least 15 "$(basename "$folder")" && found=$(printf '%s\n' $found "$(basename "$folder")" | sort -V | tail -n 1)
    done
    echo "$found"
}

postgis() {
    local control="/usr/share/postgresql/$1/extension/postgis.control"
    [ -f "$control" ] && at_least 3.3 "$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$control")"
}

missing_database() {
    [ -n "${GRIDMAP_TEST_DATABASE_URL:-}" ] && return
    local version; version=$(server)
    if [ -z "$version" ]; then echo postgresql postgresql-postgis
    elif ! postgis "$version"; then echo "postgresql-$version-postgis-3"; fi
}

missing_font() {
    compgen -G '/usr/share/fonts/*/*/*CJK*' >/dev/null || compgen -G '/usr/share/fonts/*/*CJK*' >/dev/null || echo fonts-noto-cjk
}

# Ubuntu's package is a stub that leads to a snap, which cannot be driven from a test: Playwright brings its own there.
playwrights_own() { [ ! -x /usr/bin/chromium ] && grep -q '^ID=ubuntu' /etc/os-release; }

missing_browser() { [ -x /usr/bin/chromium ] || playwrights_own || echo chromium; }

# Playwright's driver is a Node that wants libatomic, which a machine without a compiler does not have.
missing_driver() { compgen -G '/usr/lib*/libatomic.so.1' >/dev/null || compgen -G '/usr/lib/*/libatomic.so.1' >/dev/null || echo libatomic1; }

install() {
    local become=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null && become=sudo
        [ -t 0 ] || become=${become:+sudo -n}
    fi
    if ! command -v apt-get >/dev/null || { [ "$(id -u)" != 0 ] && ! { [ -n "$become" ] && $become true; }; }; then
        echo "The tests need more than Python. As root, run: apt-get install -y --no-install-recommends $* (or what your system calls these), then make test again." >&2
        exit 1
    fi
    echo "Installing $* …"
    $become apt-get update -qq || true # one source that does not answer must not stop the others
    $become env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

missing=$(missing_database; missing_font; missing_browser; missing_driver)
# shellcheck disable=SC2086
[ -z "$missing" ] || install $missing
if playwrights_own && ! .venv/bin/python -c 'import os, sys; from playwright.sync_api import sync_playwright as s; p = s().start(); found = os.path.exists(p.chromium.executable_path); p.stop(); sys.exit(not found)'; then
    .venv/bin/python -m playwright install --with-deps chromium
fi
