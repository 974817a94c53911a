#!/bin/sh -e
# Runs systemd as the first process of a copy of the machine, until a script in the copy has ended: `systemd.sh SCRIPT`. The caller gives it mount,
# process and network namespaces of its own, in which the copy is /mnt/root. A script that waits in vain is ended. Control groups are below one group, which goes at the end.

mkdir /mnt/groups
mount -t cgroup2 cgroup2 /mnt/groups
group=$(mktemp -d /mnt/groups/patchbay-deploy-XXXXXX) # process IDs are the same in each copy
trap 'find "$group" -depth -type d -exec rmdir {} +' EXIT

cat > /mnt/root/etc/systemd/system/trial.target <<END
[Unit]
DefaultDependencies=no
Wants=trial.service
END
cat > /mnt/root/etc/systemd/system/trial.service <<END
[Unit]
DefaultDependencies=no
After=trial.target
[Service]
Type=oneshot
TimeoutStartSec=600
ExecStart=/bin/sh $1
ExecStopPost=systemctl --force --force poweroff
END

cat > /mnt/start <<'END'
cd /mnt/root
for place in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $place; done
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom dev
touch dev/console
mount --move . / # services with settings such as ProtectSystem= need a root that is a mount
exec chroot . /lib/systemd/systemd --system --unit=trial.target --show-status=no
END
(
	echo 0 > "$group/cgroup.procs"
	exec env container=trial unshare --mount --pid --fork --kill-child --cgroup --uts --ipc sh -e /mnt/start
) || test $? = 130 # a power-off ends the first process of a namespace with SIGINT
