#!/bin/bash -e
# The guest's first process: mounts an overlay on the host's root, starts itself again there, runs the command and
# powers off. Output goes to separate consoles (standard output to tty1, errors to tty2, exit status to tty3), so
# that no kernel message is mixed in. When a command here fails, the kernel panics, and the caller shows its messages.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
modules=$guest_modules # a kernel argument

# With mount(2), because hostfs takes a path as its option; newer versions of mount(8) use another system call.
mount_host() { LIBMOUNT_FORCE_MOUNT2=always mount -t hostfs -o "$1" hostfs "$2"; }

# Written by confine.sh in the tmpfs that the host has on /dev/shm.
read_command() {
  mount_host /dev/shm /mnt
  mapfile -t -d '' command </mnt/command
  output=${command[0]} command=("${command[@]:1}")
  umount /mnt
}

# The root is the host's through hostfs, read-only; what the guest writes goes to a tmpfs.
lay_overlay() {
  mount -t tmpfs tmpfs /mnt
  mkdir /mnt/upper /mnt/work /mnt/root
  insmod "$modules/kernel/fs/overlayfs/overlay.ko"
  mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
}

# /run must be a tmpfs: namespaces are mounted there, which hostfs does not allow.
mount_system() {
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  mount -t devtmpfs devtmpfs dev
  mkdir dev/pts dev/shm dev/net
  mknod dev/net/tun c 10 200 # as udev makes it from modules.devname: opening it loads the module
  mount -t devpts devpts dev/pts
  mount -t tmpfs tmpfs dev/shm
  ln -s /proc/self/fd dev/fd
  mount -t tmpfs tmpfs run
  mkdir -p "lib/modules/${modules##*/}"
  mount --bind "$modules" "lib/modules/${modules##*/}"
}

run() {
  # Newer kernels panic when a program maps its io_uring.
  [ ! -e /proc/sys/kernel/io_uring_disabled ] || echo 2 >/proc/sys/kernel/io_uring_disabled
  # Built into most kernels; here they may be modules that are not loaded automatically.
  [ -d /proc/sys/net/ipv6 ] || modprobe ipv6
  modprobe nf_tables
  # Loaded by a test, its sysctls would be a change of the machine.
  modprobe sctp
  ip link set lo up
  for tty in tty1 tty2 tty3; do stty -F /dev/$tty raw; done
  mkfifo /run/stdout /run/stderr # the command writes into pipes, as it would for the caller on the host
  cat /run/stdout >/dev/tty1 &
  cat /run/stderr >/dev/tty2 &
  status=0
  "$@" </dev/null >/run/stdout 2>/run/stderr || status=$?
  wait
  echo $status >/dev/tty3
  echo o >/proc/sysrq-trigger
  sleep infinity
}

if [ "$1" = run ]; then "$@"; fi
read_command
lay_overlay
cd /mnt/root
mount_system
[ ! "$output" ] || mount_host /dev/shm/output ".$output"
mount --no-mtab --move . / # a bare chroot would forbid user namespaces
exec chroot . "$0" run "${command[@]}"
