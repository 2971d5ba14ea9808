#!/bin/sh
# Runs a program in a root folder as an image's user would see it: read-only, as user and group 65532, with one folder to write to.
#
#   unshare --user --map-root-user --mount enter_root.sh ROOT SOCKETS PROGRAM [ARGUMENTS]
set -eu
root=$1 sockets=$2
shift 2
mkdir -p "$root/proc" "$root/dev"
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$sockets" "$root/tmp/dapr-components-sockets"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
exec unshare --user --map-user=65532 --map-group=65532 --root="$root" --wd=/ "$@"
