#!/bin/busybox sh
# The first process of a machine whose two NICs, of one MAC address, are a net_failover set: calls plugins with each of the three
# interfaces as the parent, pings the network through either NIC, and prints a line for each.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mkdir /run/netns
for module in $(cat /modules/order); do insmod "/modules/$module"; done

role() {
  case "$(readlink "/sys/class/net/$1/master"):$(readlink "/sys/class/net/$1/device/driver")" in
    ?*:*/vmxnet3) echo primary ;;
    ?*:*/virtio_net) echo standby ;;
    :*) echo master ;;
  esac
}

# QEMU plugs in the primary when the driver has accepted the feature STANDBY.
tries=0
while ! grep -q . /sys/class/net/*/master/ifindex || [ "$(ls /sys/class/net | wc -l)" -lt 4 ]; do
  tries=$((tries + 1))
  [ $tries -gt 3000 ] && break
  usleep 100000
done

for name in $(ls /sys/class/net | grep -v lo); do
  role=$(role "$name")
  eval "$role=$name"
  echo "interface $role $name $(cat "/sys/class/net/$name/ifindex") $(cat "/sys/class/net/$name/address")"
done
for name in $master $standby $primary; do ip link set "$name" up; done

call() {
  echo "$config" | CNI_COMMAND=$1 CNI_CONTAINERID=$role CNI_NETNS=/run/netns/$role CNI_IFNAME=eth0 CNI_PATH=/cni "/cni/$kind" \
    >/tmp/answer 2>/tmp/told && echo done || tr -d '\n' </tmp/answer
}

add() {
  eval "name=\$$role"
  touch "/run/netns/$role"
  unshare -n sh -c "mount --bind /proc/\$\$/ns/net /run/netns/$role"
  ipam='{"type":"static","addresses":[{"address":"10.0.2.50/24"}]}'
  config="{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"type\":\"$kind\",\"master\":\"$name\",\"ipam\":$ipam}"
  echo "add $kind $role $(call ADD)"
  echo "told $kind $role $(cat /tmp/told)"
}

del() {
  echo "del $kind $role $(call DEL)"
  umount "/run/netns/$role"
}

# Runs a command in the container's network namespace.
inside() {
  nsenter --net="/run/netns/$role" "$@"
}

pinged() {
  inside ping -q -c 3 -W 2 10.0.2.2 >/dev/null && echo answered || echo silent
}

for kind in macvlan ipvlan; do
  for role in master standby primary; do
    add
    echo "parent $kind $role $(inside sh -c 'mount -t sysfs sysfs /mnt; cat /mnt/class/net/eth0/iflink; umount /mnt')"
    echo "ping $kind $role $(pinged)"
    del
  done
done

# While the primary exists, the kernel receives no frames from the standby.
kind=macvlan role=primary
add >/dev/null
device=$(readlink -f "/sys/class/net/$primary/device")
echo "before $(pinged)"
echo 1 >"$device/remove"
echo "unplugged $(ls /sys/class/net | grep -c eth) interfaces, $(pinged)"
del
poweroff -f
