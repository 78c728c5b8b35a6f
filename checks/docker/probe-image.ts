/** A tiny image that can look names up, made of the server's own files: no registry is asked. */

import { z } from 'zod'
import { PROBE_IMAGE } from '../../src/facts/container-dns.ts'
import { lastingAction } from '../../src/model/action.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'

/** getent and every library it is linked to; older C libraries load the two for names while they run. */
const BUILD = sh`
  set -eu
  umask 022
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  program=$(command -v getent)
  ldd "$program" | grep -o '/[^ ]*' > "$work/files"
  folder=$(dirname "$(grep '/libc\\.' "$work/files")")
  for name in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
    if [ -e "$folder/$name" ]; then echo "$folder/$name" >> "$work/files"; fi
  done
  mkdir -p "$work/root/usr/bin" "$work/root/etc"
  cp -L "$program" "$work/root/usr/bin/getent"
  while read -r file; do cp -L --parents "$file" "$work/root"; done < "$work/files"
  echo 'hosts: files dns' > "$work/root/etc/nsswitch.conf"
  chmod 755 "$work/root"
  tar -C "$work/root" --owner=0 --group=0 -c . |
    docker import --change 'ENTRYPOINT ["/usr/bin/getent"]' --message 'getent of this server, by Kneeboard' \\
      - ${PROBE_IMAGE}
`

export const buildProbeImage = remedy({
  id: 'docker/build-probe-image',
  title: 'Make a tiny image that can look names up',
  why: 'Only a container can tell what containers see, and this server has no image with a getent. This one is made of the server’s own getent and C library: some megabytes, and nothing is downloaded.',
  risk: 'One image more. docker image prune --all removes it; then it can be made again.',
  grade: 'reversible',
  params: z.object({}),
  async plan() {
    return {
      actions: [lastingAction(`Import ${PROBE_IMAGE}`, BUILD, { timeoutSeconds: 120 })],
      touches: [`the image ${PROBE_IMAGE}, 2 to 5 MB`],
      undo: `docker rmi ${PROBE_IMAGE}`,
      expectedSeconds: 5,
    }
  },
})
