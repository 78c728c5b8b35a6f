/**
 * apt keeps a cache of its lists on disk and renews it whenever root asks anything. A check writes nothing, not
 * even that, so every fact that asks apt says these words.
 */
export const WITHOUT_CACHE_FILES: readonly string[] = [
  '-o',
  'Dir::Cache::pkgcache=',
  '-o',
  'Dir::Cache::srcpkgcache=',
]
