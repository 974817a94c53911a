# Runs a program on a root of its own: the machine's files under an overlay, /run, /var/lib and /dev new and empty.
# world.sh ROOT DIRECTORY… -- PROGRAM ARGUMENT…   The directories are mounted read-only. Own network, mount and
# process namespaces are those of the caller (unshare). What is written elsewhere appears below /run/outside.
set -e
world=$1
shift
mkdir -p "$world"
mount -t tmpfs tmpfs "$world"
mkdir "$world/root" "$world/upper" "$world/work"
mount -t overlay -o "lowerdir=/,upperdir=$world/upper,workdir=$world/work" overlay "$world/root"
root=$world/root
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$1"
  mount -o remount,bind,ro "$root$1"
  shift
done
shift
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
for path in dev run var/lib; do mount -t tmpfs tmpfs "$root/$path"; done
mkdir "$root/dev/net" "$root/run/test" "$root/run/lock" "$root/run/outside" "$root/var/lib/cni"
for node in 'null 1 3' 'zero 1 5' 'random 1 8' 'urandom 1 9' 'net/tun 10 200'; do
  set -- $node -- "$@"
  mknod -m 666 "$root/dev/$1" c "$2" "$3"
  shift 4
done
mount --bind "$world/upper" "$root/run/outside"
exec chroot "$root" "$@"
