#!/bin/sh -e
# Makes a mount namespace whose root is another directory, and prints the id of a process that keeps it: `namespace.sh ROOT`.
# A file cannot keep it: Linux 6.18 sometimes refuses to bind a mount namespace (EINVAL), as its ids do not grow across processors.

mkfifo "$1-made"
exec 3<>"$1-made"
rm "$1-made"
unshare --mount --propagation private sh -c '
  cd "$1" && pivot_root . . && /bin/busybox umount -l . && echo made >&3 && exec /bin/busybox sleep 1000000 2>/dev/null 3>&-
  echo failed >&3' sh "$1" >/dev/null &
read -r state <&3
test "$state" = made
echo $!
