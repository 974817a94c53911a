#!/bin/bash -e
# Starts the guest's kernel, given by the arguments from the second on, where it cannot write to any file of the host: in a
# mount namespace (made by the caller) whose mounts are all read-only. The exceptions are a directory for output, if
# the first argument names one, and a new tmpfs for the guest's memory. The guest's command is stored in the tmpfs:
# the directory for output and its words, each ended by a NUL, come from standard input.

output=$1
shift

findmnt --raw --noheadings --output TARGET | while read -r target; do
  mount -o remount,bind,ro "$(printf %b "$target")"
done
mount -t tmpfs tmpfs /dev/shm
cat >/dev/shm/command
if [ "$output" ]; then
  mkdir /dev/shm/output
  mount --bind "$output" /dev/shm/output
  mount -o remount,bind,rw /dev/shm/output
fi

# No exec: a kernel that panics aborts, which the first process of a pid namespace cannot do.
HOME=/dev/shm TMPDIR=/dev/shm "$@" </dev/null
