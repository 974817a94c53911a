#!/bin/sh -e
# Runs a command in another root directory: `enter.sh ROOT COMMAND…`, in mount and pid namespaces made by the
# caller. In a chroot `unshare` would fail, since / is not a mount point there.

root=$1
shift
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
for name in dev sys; do mount --rbind "/$name" "$name"; done
pivot_root . .
umount --lazy . # the old root, which now lies on the new one
exec chroot . "$@"
