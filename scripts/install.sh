#!/usr/bin/env bash
# Installs what pgsm needs to be developed, tested and tried:
#   scripts/install.sh            Debian packages, then .venv
#   scripts/install.sh packages   Debian packages alone
#   scripts/install.sh python     .venv alone
# Does nothing where nothing is missing.  PYTHON names the interpreter to use.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

oldest_server=15
drop_in=/etc/postgresql-common/createcluster.d/pgsm.conf

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $1"; [ $# -lt 2 ] || say "hint: $2"; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
        return
    fi
    command -v sudo >/dev/null ||
        die "packages are missing, and neither root nor sudo is here to install them" \
            "as root: scripts/install.sh packages"
    sudo "$@"
}

is_installed() {
    [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

# The newest server that is here, else what the distribution has.
server_version() {
    local newest
    newest=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null |
        cut -d / -f 5 | sort -n | tail -1)
    if [ "${newest:-0}" -ge "$oldest_server" ]; then
        echo "$newest"
        return
    fi
    apt-cache policy postgresql 2>/dev/null |
        sed -n 's/^ *Candidate: \([0-9]*\).*/\1/p'
}

missing_of() {
    local package
    for package in "$@"; do
        is_installed "$package" || echo "$package"
    done
}

# Says what it does in one line, and all that apt said when it fails.
apt_install() {
    command -v apt-get >/dev/null ||
        die "apt-get is not here to install: $*" \
            "install PostgreSQL $oldest_server or later with plpython3 and pg_cron, and sqitch"
    say "installing $*"
    local log
    log=$(mktemp)
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends "$@" >"$log" 2>&1 ||
        { cat "$log" >&2; die "apt-get failed, see above"; }
    rm -f "$log"
}

apt_update() {
    say "looking for packages"
    as_root apt-get update -qq >&2
}

# While the server's package is being installed Debian would start a cluster of its own.
without_main_cluster() {
    as_root mkdir -p "$(dirname "$drop_in")"
    echo "create_main_cluster = false" | as_root tee "$drop_in" >/dev/null
    trap 'as_root rm -f "$drop_in"' EXIT
    "$@"
    as_root rm -f "$drop_in"
    trap - EXIT
}

install_packages() {
    command -v dpkg-query >/dev/null || return 0
    local version packages missing
    version=$(server_version)
    mapfile -t packages < <(wanted_packages "$version")
    mapfile -t missing < <(missing_of "${packages[@]}")
    [ "${#missing[@]}" -gt 0 ] || return 0
    apt_update
    version=$(server_version)
    [ "${version:-0}" -ge "$oldest_server" ] ||
        die "this distribution has PostgreSQL ${version:-nothing}, pgsm needs $oldest_server or later" \
            "add the repository of https://wiki.postgresql.org/wiki/Apt"
    mapfile -t packages < <(wanted_packages "$version")
    mapfile -t missing < <(missing_of "${packages[@]}")
    without_main_cluster apt_install "${missing[@]}"
}

wanted_packages() {
    local version=${1:-$oldest_server}
    printf '%s\n' "postgresql-$version" "postgresql-client-$version" \
        "postgresql-plpython3-$version" "postgresql-$version-cron" \
        "postgresql-$version-plpgsql-check" pgbouncer sqitch libdbd-pg-perl python3-jsonschema \
        graphviz
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.{14,13,12,11,10}; do
        if is_recent "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# Debian's own python3 comes without ensurepip, a small system without python3.
install_venv_maker() {
    local python
    if python=$(find_python) && "$python" -c 'import ensurepip' 2>/dev/null; then
        return
    fi
    apt_update
    apt_install python3 python3-venv
    python=$(find_python) ||
        die "no Python 3.10 or later was found" "name one: make install PYTHON=…"
    "$python" -c 'import ensurepip' 2>/dev/null ||
        die "$python cannot make a venv: it lacks ensurepip" \
            "name another one: make install PYTHON=/usr/bin/python3"
}

install_python() {
    local stamp=.venv/.installed wanted
    wanted=$(sha256sum pyproject.toml hatch_build.py pgsm/__init__.py | sha256sum)
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        install_venv_maker
        say "making .venv"
        "$(find_python)" -m venv --clear .venv
    fi
    say "installing the Python packages into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
    echo "$wanted" >"$stamp"
}

case ${1:-all} in
    all) install_packages; install_python ;;
    packages) install_packages ;;
    python) install_python ;;
    *) die "what is to be installed: packages, python or both?" ;;
esac
