#!/bin/sh -e
# A host of its own for one candidate, in network and mount namespaces that it is started in: an empty /run and /var/lib, a
# /dev, and a /sys of this network namespace. It lives until its standard input ends.
#   host.sh STATE, the directory on disk for /var/lib/cni: a real host keeps this state on disk, too

mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /run/dev
[ ! -e /dev/net ] || cp -a /dev/net /run/dev
mount --bind /run/dev /dev
mount -t tmpfs tmpfs /var/lib
mount -t sysfs sysfs /sys
mkdir /run/lock /run/netns /run/secrets /var/lib/cni
mount --bind "$1" /var/lib/cni
ip link set lo up
ip netns add there
echo ready
exec cat >/dev/null
