/** Amounts as a person reads them. */

const GIB = 1024 ** 3

/** `7.6 GiB`. */
export function gibibytes(bytes: number): string {
  return `${inGibibytes(bytes).toFixed(1)} GiB`
}

export function inGibibytes(bytes: number): number {
  return bytes / GIB
}
