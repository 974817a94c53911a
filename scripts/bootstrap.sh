#!/bin/sh
# Runs before the scripts that a new user begins with, when there may be nothing but some Node with npm: installs npm's
# packages, and the library that the Node among them needs and a small Debian lacks.
set -eu

node=node_modules/.bin/node
[ -x "$node" ] || npm ci
"$node" --version >/dev/null 2>&1 && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "npm's Node does not run here, probably for want of libatomic.so.1; as root: apt-get install libatomic1" >&2
  exit 1
fi
echo "npm's Node needs a package that is missing, installing: libatomic1" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends libatomic1 >/dev/null 2>&1 || {
  apt-get update >&2
  apt-get install --yes --no-install-recommends libatomic1 >&2
}
"$node" --version >/dev/null
