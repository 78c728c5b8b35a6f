/** How much a test tries: a quick share of it each time, all of it with KNEEBOARD_THOROUGH=1. */

export const THOROUGH = process.env.KNEEBOARD_THOROUGH === '1'

/** What docs/reliability.md gives figures for: the cases of every property. */
export const ALL_CASES = 100_000

/** Cases to try now. */
export const cases = (usual: number): number => (THOROUGH ? ALL_CASES : usual)

/** Milliseconds until a property test counts as hung. */
export const PROPERTY_TIMEOUT = THOROUGH ? 1_800_000 : 60_000
