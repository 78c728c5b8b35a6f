/** The release of Debian that the practice server runs, with the versions of what its packages bring. */

export const DEBIAN_13 = {
  id: 'debian',
  version: '13',
  codename: 'trixie',
  name: 'Debian GNU/Linux 13 (trixie)',
  kernel: '6.12.48+deb13-amd64',
  kernelBuild: '#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2026-09-20)',
  kernelPackage: '6.12.48-1',
  architecture: 'amd64',
  /** passwd -S prints dates in figures since shadow 4.14. */
  numeric: true,
} as const

export type Release = typeof DEBIAN_13

export const osRelease = (release: Release): string => `PRETTY_NAME="${release.name}"
NAME="Debian GNU/Linux"
VERSION_ID="${release.version}"
VERSION="${release.version} (${release.codename})"
VERSION_CODENAME=${release.codename}
ID=${release.id}
HOME_URL="https://www.debian.org/"
`
