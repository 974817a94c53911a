#!/bin/bash -e
# Starts the guest's kernel, given as arguments, where nothing of the host can be written to: in a mount namespace
# (made by the caller) whose mounts are all read-only. The one exception is a new tmpfs for the guest's memory; the
# command that the guest shall run waits there too, its words ended by NULs as they came on standard input.

findmnt --raw --noheadings --output TARGET | while read -r target; do
  mount -o remount,bind,ro "$(printf %b "$target")"
done
mount -t tmpfs tmpfs /dev/shm
cat >/dev/shm/command

# Not in this shell's place: a kernel that panics aborts, which the first process of a pid namespace cannot do.
HOME=/dev/shm TMPDIR=/dev/shm "$@" </dev/null
