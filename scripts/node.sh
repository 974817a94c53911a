#!/bin/sh
# Runs a program on the Node of our npm packages, not the machine's own: `sh scripts/node.sh FILE [ARGUMENT…]`.
# First installs the npm packages, and the library libatomic1, which this Node needs and a minimal Debian lacks.
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "$1" >&2
  exit 1
}

case $(uname -m) in
  x86_64) architecture=x64 ;;
  aarch64) architecture=arm64 ;;
  *) fail "Patchbay is built on x86_64 and aarch64; this is $(uname -m)" ;;
esac
bin=$PWD/node_modules/node-linux-$architecture/bin

# .npmrc says how: without install scripts and warnings.
[ -x "$bin/node" ] && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci ||
  fail "npm could not install the packages, see its error above; by hand: npm ci"
[ -x "$bin/node" ] || fail "npm left out the package node-linux-$architecture: it could not fetch it; by hand: npm ci"

if ! "$bin/node" --version >/dev/null 2>&1; then
  remedy="npm's Node does not run here; most likely libatomic.so.1 is missing, as root: apt-get update && apt-get install libatomic1"
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "$remedy"
  echo "npm's Node needs a package that is missing, installing: libatomic1" >&2
  export DEBIAN_FRONTEND=noninteractive
  get="apt-get --yes --no-install-recommends --option DPkg::Lock::Timeout=300"
  $get install libatomic1 >/dev/null 2>&1 || { $get update >&2 && $get install libatomic1 >&2; } || fail "$remedy"
  "$bin/node" --version >/dev/null || fail "$remedy"
fi

# In PATH, since some versions of npm do not link node_modules/.bin/node, where programs of the packages look for Node.
# Tests and the demo call libc by node:ffi, of which Node would warn each time.
PATH=$bin:$PATH exec "$bin/node" --disable-warning=ExperimentalWarning "$@"
