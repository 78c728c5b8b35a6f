/** One line of the benchmarks. */
export interface Figure {
  readonly what: string
  /** With its unit. */
  readonly figure: string
  /** What the project promises, where it promises something. */
  readonly limit?: string
  readonly isKept?: boolean
}

/** The value below which a share of them lies. @param share 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)
