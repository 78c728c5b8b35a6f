/** The names and what they are called, for the command line: the worlds behind them are loaded in the server's own process. */

export const scenarioTitles: Readonly<Record<string, string>> = {
  bare: 'A bare server',
  'healthy-shop': 'A healthy shop',
  '502-after-deploy': '502 after a deploy',
  'aaaa-of-another-host': 'The AAAA of another host',
  'full-disk': 'The full disk',
  'bad-migration': 'The bad migration',
  'expired-certificate': 'The expired certificate',
  'env-without-effect': 'The environment change without effect',
  'redis-password': 'Redis’ password',
  'drill-truncated-backup': 'The monthly drill with a truncated backup',
  surprise: 'A surprise',
}

export const scenarioNames: readonly string[] = Object.keys(scenarioTitles)
