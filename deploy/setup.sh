#!/usr/bin/env bash
# Sets up what a make target needs and says what it does. Each step is skipped when its inputs have not changed.
# Usage: deploy/setup.sh python|release|edge|rust-tools|bench-tools|test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly VENV=.venv
readonly STAMPS=.venv/stamps

say() { printf '· %s\n' "$*" >&2; }
fail() { printf 'furrow: %s\n' "$*" >&2; exit 1; }

# Digest of the named files, so that a stamp holds for what they say, not for when they were touched.
digest() { cat -- "$@" | sha256sum | cut -d' ' -f1; }

# stamped NAME DIGEST: true when the step was done with exactly these inputs.
stamped() { [[ -f "$STAMPS/$1" && "$(<"$STAMPS/$1")" == "$2" ]]; }
stamp() { mkdir -p "$STAMPS"; printf '%s' "$2" >"$STAMPS/$1"; }

# Prints the prefix that runs a command as root, or fails when there is none.
root_prefix() {
  if [[ $(id -u) -eq 0 ]]; then echo ""; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then echo "sudo -n"; else return 1; fi
}

# need_package COMMAND PACKAGE...: installs Debian packages when COMMAND is absent.
need_package() {
  local command=$1 sudo; shift
  ! command -v "$command" >/dev/null || return 0
  command -v apt-get >/dev/null || fail "'$command' is missing and there is no apt-get to install it with; please install it (Debian: apt install $*)."
  sudo=$(root_prefix) || fail "'$command' is missing and may not be installed without root; please run: sudo apt-get install $*"
  say "installing $* (for '$command') with apt"
  install_quietly "$sudo" "$@" || fail "apt could not install $*; please install '$command' by hand."
}

# Debian starts a packaged service at once, which would take the very ports the stack wants: forbid it meanwhile.
install_quietly() {
  local sudo=$1 policy=/usr/sbin/policy-rc.d placed="" status=0; shift
  if [[ -d /run/systemd/system && ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null && $sudo chmod 755 "$policy" && placed=1
  fi
  { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null || status=$?
  if [[ -n $placed ]]; then
    $sudo rm -f "$policy"
    for unit in caddy prometheus; do
      if [[ " $* " == *" $unit "* ]]; then $sudo systemctl disable --quiet "$unit" || true; fi
    done
  fi
  return $status
}

python() {
  command -v "$PYTHON" >/dev/null || fail "'$PYTHON' is missing; Furrow needs Python 3.11 or newer (Debian: apt install python3)."
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$("$PYTHON" --version) is too old; Furrow needs Python 3.11 or newer (make PYTHON=python3.11 …)."
  if [[ ! -x $VENV/bin/python ]] || ! "$VENV/bin/python" -c '' 2>/dev/null; then
    # Debian ships the venv module without ensurepip until python3-venv is there.
    if ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
      need_package ensurepip python3-venv
    fi
    say "making $VENV with $("$PYTHON" --version)"
    rm -rf "$VENV"
    "$PYTHON" -m venv "$VENV"
  fi
  local inputs; inputs=$(digest pyproject.toml deploy/constraints.txt deploy/setup.sh)
  stamped python "$inputs" && return 0
  say "installing Python packages into $VENV"
  # Dependency groups (PEP 735) need pip 25.1.
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "pip>=25.1"
  "$VENV/bin/python" - >"$VENV/requirements.txt" <<'PY'
import tomllib
with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["project"]["dependencies"], sep="\n")
PY
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
    --constraint deploy/constraints.txt --requirement "$VENV/requirements.txt" --group dev
  stamp python "$inputs"
}

need_cargo() {
  command -v cargo >/dev/null || fail "'cargo' is missing; get Rust from https://rustup.rs (Debian 12's own is too old)."
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' rust_services/Cargo.toml)
  found=$(cargo --version | cut -d' ' -f2)
  [[ $(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -1) == "$wanted" ]] || fail "cargo $found is too old; Furrow needs $wanted or newer (rustup update)."
  # libdeflate and zstd are C.
  need_package cc build-essential
}

release() {
  need_cargo
  say "building the Rust services (release)"
  (cd rust_services && cargo --locked build --quiet --release --package furrow-bins)
}

rust_tools() {
  need_cargo
  local part
  for part in fmt clippy; do
    if ! cargo "$part" --version >/dev/null 2>&1; then
      command -v rustup >/dev/null || fail "'cargo $part' is missing; please install it (rustup component add rustfmt clippy)."
      say "adding rustfmt and clippy with rustup"
      rustup --quiet component add rustfmt clippy
    fi
  done
}

edge() {
  need_package caddy caddy
  need_package prometheus prometheus
  need_package promtool prometheus
}

# `docker compose config` is part of the tests where containers are at hand; in CI it must run.
compose() {
  [[ "${CI:-}" == true ]] || return 0
  docker compose version >/dev/null 2>&1 || need_package docker-compose docker-compose
}

# The tests of the database run on PostgreSQL too where its server is at hand; in CI they must.
postgresql() {
  [[ "${CI:-}" == true ]] || return 0
  need_package pg_createcluster postgresql
}

# Runs every test suite even when an earlier one fails, adds up their totals and fails if any failed.
run_tests() {
  need_cargo
  compose
  postgresql
  local log status=0
  log=$(mktemp -d)
  # Named now: the trap runs after this function, when its locals are gone.
  trap "rm -rf '$log'" EXIT
  say "cargo test"
  (cd rust_services && cargo --locked test --quiet --workspace) 2>&1 | tee "$log/rust" || status=1
  # The stack tests start this program.
  (cd rust_services && cargo --locked build --quiet --package furrow-bins) || status=1
  say "pytest"
  "$VENV/bin/pytest" --junitxml "$log/junit.xml" 2>&1 | tee "$log/python" || status=1
  "$VENV/bin/python" deploy/totals.py "$log/rust" "$log/junit.xml" || status=1
  return $status
}

case "${1:-}" in
  python) python ;;
  release) release ;;
  edge) edge ;;
  rust-tools) rust_tools ;;
  bench-tools) edge; need_package wrk wrk ;;
  test) run_tests ;;
  *) fail "unknown step '${1:-}'" ;;
esac
