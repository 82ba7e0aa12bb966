#!/usr/bin/env bash
# Prepares a machine for building and testing. Names what it does, does nothing twice, and says what to run if it cannot.
#
#   tests/setup/setup.sh compiler   Rust and a C compiler (SQLite is compiled in)
#   tests/setup/setup.sh wasm       Rust's target for browsers
#   tests/setup/setup.sh tools      strace, mount and unshare, for the tests of crashes and full disks
#   tests/setup/setup.sh postgres   PostgreSQL, of which the tests start servers of their own
#   tests/setup/setup.sh python     a virtual environment in target/python with the published Python package
#   tests/setup/setup.sh node       Node and npm, and in target/npm-tools what the tests of the npm package need
#   tests/setup/setup.sh page       in web/node_modules what the dashboard is made and tested with
#   tests/setup/setup.sh browser    Chromium
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { echo "setup: $*" >&2; }
fail() {
  say "$1"
  shift
  for line in "$@"; do echo "    $line" >&2; done
  exit 1
}

# Installs Debian packages, as root or with a sudo that asks nothing; names the line to run otherwise.
install() {
  local -a packages=("$@") as_root=()
  local manual="sudo apt-get update && sudo apt-get install -y ${packages[*]}"
  command -v apt-get >/dev/null || fail "missing: ${packages[*]} (names as on Debian). Install them and try again."
  if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then fail "missing: ${packages[*]}. Run this and try again:" "$manual"; fi
    as_root=(sudo)
  fi
  say "installing ${packages[*]}"
  local -x DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq || say "could not refresh the list of packages; trying with the old one"
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
    fail "could not install ${packages[*]}. To see why:" "$manual"
}

compiler() {
  command -v cargo >/dev/null ||
    fail "Rust is missing. Run this and try again:" \
      "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . \"\$HOME/.cargo/env\""
  command -v cc >/dev/null || install gcc libc6-dev
}

wasm() {
  local target=wasm32-unknown-unknown
  [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || return 0
  command -v rustup >/dev/null || fail "Rust's target $target is missing, and so is rustup to add it. Install the target and try again."
  say "adding Rust's target $target"
  rustup target add "$target" || fail "could not add it. To try again:" "rustup target add $target"
}

tools() {
  command -v strace >/dev/null || install strace
  { command -v unshare && command -v mount; } >/dev/null || install util-linux mount
}

postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || install postgresql
}

python() {
  local folder=target/python wanted
  # The interpreter's full path is part of what is wanted: an environment does not survive a change of it.
  local describe='import sys; assert sys.version_info >= (3, 10); import ensurepip, venv; print(sys.version, sys.base_prefix)'
  if ! wanted=$(python3 -c "$describe" 2>/dev/null); then
    install python3 python3-venv
    wanted=$(python3 -c "$describe") || fail "$(command -v python3) has no module venv or is older than 3.10."
  fi
  wanted=$(echo "$wanted" "$PWD" | cat - tests/python/requirements.txt tests/python/constraints.txt)
  if [ -x "$folder/bin/python" ] && [ "$wanted" = "$(cat "$folder/installed.txt" 2>/dev/null)" ]; then return 0; fi

  say "installing the published Python package into $folder (about a minute)"
  rm -rf "$folder"
  mkdir -p target
  python3 -m venv "$folder" || fail "could not make a virtual environment in $folder."
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --requirement tests/python/requirements.txt --constraint tests/python/constraints.txt ||
    fail "could not install the Python packages; the message above says why. To try again:" "make setup"
  echo "$wanted" >"$folder/installed.txt" # last, so that an interrupted installation is begun anew
  say "$folder is ready"
}

# The npm package asks for Node 18; what pages are built with asks for more.
enough_node() {
  local enough='const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major >= 22 || (major === 20 && minor >= 19) ? 0 : 1)'
  # Not `command -v`, which finds the function.
  { type -P node && type -P npm; } >/dev/null || install nodejs npm
  command node -e "$enough" ||
    fail "Node $(command node --version) is too old: $1 needs 20.19 or newer, which Debian has from 13 on." \
      "Install it from https://nodejs.org or https://github.com/nodesource/distributions and try again."
}

node() {
  local folder=target/npm-tools wanted
  enough_node "what the npm package is tested with"
  wanted=$(command node --version | cat - tests/npm/package.json tests/npm/package-lock.json)
  if [ "$wanted" = "$(cat "$folder/installed.txt" 2>/dev/null)" ]; then return 0; fi

  say "installing what the tests of the npm package need into $folder (about half a minute)"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp tests/npm/package.json tests/npm/package-lock.json tests/npm/.npmrc "$folder"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel error >&2 ||
    fail "could not install the npm packages; the message above says why. To try again:" "make setup"
  echo "$wanted" >"$folder/installed.txt" # last, so that an interrupted installation is begun anew
  say "$folder is ready"
}

page() {
  local folder=web/node_modules wanted
  enough_node "what the dashboard is made with"
  wanted=$(command node --version | cat - web/package.json web/package-lock.json)
  if [ "$wanted" = "$(cat "$folder/installed.txt" 2>/dev/null)" ]; then return 0; fi

  say "installing what the dashboard is made with into $folder (about half a minute)"
  npm ci --prefix web --ignore-scripts --no-audit --no-fund --loglevel error >&2 ||
    fail "could not install the npm packages; the message above says why. To try again:" "make setup"
  echo "$wanted" >"$folder/installed.txt" # last, so that an interrupted installation is begun anew
}

browser() {
  [ -x "${LIGHTNING_STORE_CHROMIUM:-/usr/bin/chromium}" ] || install chromium
}

for step in "$@"; do
  case "$step" in
    compiler | wasm | tools | postgres | python | node | page | browser) "$step" ;;
    *) fail "unknown step '$step'; there are: compiler, wasm, tools, postgres, python, node, page, browser" ;;
  esac
done
