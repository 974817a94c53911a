#!/bin/bash -e
# Starts the guest's kernel, given as arguments, where it cannot write to any file of the host: in a mount namespace
# (made by the caller) whose mounts are all read-only. The one exception is a new tmpfs for the guest's memory; the
# guest's command is stored there too: its arguments, each ended by a NUL, come from standard input.

findmnt --raw --noheadings --output TARGET | while read -r target; do
  mount -o remount,bind,ro "$(printf %b "$target")"
done
mount -t tmpfs tmpfs /dev/shm
cat >/dev/shm/command

# No exec: a kernel that panics aborts, which the first process of a pid namespace cannot do.
HOME=/dev/shm TMPDIR=/dev/shm "$@" </dev/null
