/** What every scenario is called and what its operator is told, for lists: the worlds behind them are loaded in the server's own process. */

export interface ScenarioBrief {
  /** What is typed after `kneeboard practice` and `-t practice:`. */
  readonly name: string
  readonly title: string
  /** What an operator is told: what was seen, not what it is. */
  readonly briefing: string
  /** False for a server to look around on, where there is nothing to find. */
  readonly isScored: boolean
}

export const scenarioBriefs = [
  {
    name: 'bare',
    title: 'A bare server',
    briefing: 'A new Debian server, as a provider delivers it. Make it ready for the shop.',
    isScored: false,
  },
  {
    name: 'healthy-shop',
    title: 'A healthy shop',
    briefing: 'The webshop runs, and nothing is wrong with it. Look around.',
    isScored: false,
  },
  {
    name: '502-after-deploy',
    title: '502 after a deploy',
    briefing:
      'A deployment went through a minute ago. Since then the shop’s API answers 502. Every container is healthy.',
    isScored: true,
  },
  {
    name: 'aaaa-of-another-host',
    title: 'The AAAA of another host',
    briefing:
      'Some customers see a stranger’s page instead of the shop, others see the shop. A certificate order failed with “unauthorized … 404”.',
    isScored: true,
  },
  {
    name: 'full-disk',
    title: 'The full disk',
    briefing: 'Orders fail since tonight. Nobody has deployed anything.',
    isScored: true,
  },
  {
    name: 'bad-migration',
    title: 'The bad migration',
    briefing:
      'v1.2.0 was deployed this morning. The health endpoint says that all is well, yet pages with products answer 500.',
    isScored: true,
  },
  {
    name: 'expired-certificate',
    title: 'The expired certificate',
    briefing: 'Browsers warn about the shop since this morning. The server runs as ever.',
    isScored: true,
  },
  {
    name: 'env-without-effect',
    title: 'The environment change without effect',
    briefing:
      'Payments are not confirmed. Somebody has corrected BACKEND_URL in the env file and restarted the backend, “but it did not help”.',
    isScored: true,
  },
  {
    name: 'redis-password',
    title: 'Redis’ password',
    briefing:
      'Redis’ password was changed yesterday, as the rules demand. Today the health endpoint answers 503.',
    isScored: true,
  },
  {
    name: 'drill-truncated-backup',
    title: 'The monthly drill with a truncated backup',
    briefing:
      'The first of the month: restore the newest backup into a database of its own, and prove that it can be used.',
    isScored: true,
  },
  {
    name: 'surprise',
    title: 'A surprise',
    briefing: 'The phone rings: “The shop is broken.” That is all that they say.',
    isScored: true,
  },
] as const satisfies readonly ScenarioBrief[]

export type ScenarioName = (typeof scenarioBriefs)[number]['name']

export const scenarioTitles: Readonly<Record<string, string>> = Object.fromEntries(
  scenarioBriefs.map(({ name, title }) => [name, title]),
)

export const scenarioNames: readonly string[] = scenarioBriefs.map(({ name }) => name)

/** What is told of a scenario, for the file that makes it. */
export function briefOf(name: ScenarioName): ScenarioBrief {
  const found = scenarioBriefs.find(brief => brief.name === name)
  if (found === undefined) throw new Error(`there is no scenario ${name}`)
  return found
}
