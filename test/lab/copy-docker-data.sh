#!/bin/sh
# Copies the data folder of a stopped Docker daemon: copy-docker-data.sh FROM TO
#
# Image layers, by far the most of it, are never written to again, so they are shared as hard links; what containers
# wrote, their volumes and Docker's own books are copied.
set -eu
from=$1
to=$2
layers=$from/overlay2
[ -d "$layers" ] || exec cp --archive "$from/." "$to/"

for part in "$from"/* "$from"/.[!.]*; do
  if [ -e "$part" ] && [ "$part" != "$layers" ]; then cp --archive "$part" "$to/"; fi
done
mkdir -p "$to/overlay2"
chown --reference="$layers" "$to/overlay2"
chmod --reference="$layers" "$to/overlay2"
# Each container's layer is named in a file of its own, by 64 hexadecimal digits and no end of line.
written=$(cat "$from"/image/overlay2/layerdb/mounts/*/mount-id 2>/dev/null || true)
for layer in "$layers"/*; do
  name=${layer##*/}
  case "$written" in
    *"${name%-init}"*) cp --archive "$layer" "$to/overlay2/" ;;
    *) cp --archive --link "$layer" "$to/overlay2/" ;;
  esac
done
