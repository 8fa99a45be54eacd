# shellcheck shell=bash
# Finds a Python that Odoo 19 runs on, or installs Debian's, and hands over to main.py.
# Needs bash, the core utilities and apt only.

supported() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
        2>/dev/null
}

find_python() {
    local name
    for name in python3 /usr/bin/python3 python3.{11,12,13,10}; do
        if supported "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

install_python() {
    local -a root=() apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    local log
    if ! command -v apt-get >/dev/null; then
        echo "No Python from 3.10 to 3.13 with venv is here; install one and set PYTHON to it." >&2
        return 2
    fi
    if [ "$(id -u)" != 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            echo "Python's packages are missing and only an administrator can install them:" \
                "sudo apt-get install --no-install-recommends python3 python3-venv" >&2
            return 2
        fi
        root=(sudo -n)
    fi
    echo "-- installing python3 and python3-venv"
    log=$(mktemp) || return 2
    if ! { "${root[@]}" "${apt[@]}" update &&
        "${root[@]}" "${apt[@]}" install --yes --no-upgrade --no-remove \
            --no-install-recommends python3 python3-venv; } >"$log" 2>&1; then
        echo "Python can't be installed ($(tail -n 1 "$log"));" \
            "check the network and the disk, or set PYTHON to a Python from 3.10 to 3.13." >&2
        rm -f "$log"
        return 2
    fi
    rm -f "$log"
}

python=${PYTHON:-}
if [ -n "$python" ]; then
    if ! supported "$python"; then
        echo "PYTHON=$python isn't supported; give a Python from 3.10 to 3.13 with its venv module." >&2
        exit 2
    fi
elif ! python=$(find_python); then
    install_python || exit
    if ! python=$(find_python); then
        echo "This system's Python isn't supported; install one from 3.10 to 3.13 and set PYTHON to it." >&2
        exit 2
    fi
fi
