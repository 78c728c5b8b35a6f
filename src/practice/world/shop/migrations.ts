/** The migrations that each release of the shop brings. */

export interface Migration {
  readonly app: string
  readonly name: string
}

const DJANGO: readonly Migration[] = [
  ...['0001_initial', '0002_remove_content_type_name'].map(name => ({ app: 'contenttypes', name })),
  ...[
    '0001_initial',
    '0002_alter_permission_name_max_length',
    '0003_alter_user_email_max_length',
    '0012_alter_user_first_name_max_length',
  ].map(name => ({ app: 'auth', name })),
  ...['0001_initial', '0002_logentry_remove_auto_add', '0003_logentry_add_action_flag_choices'].map(name => ({
    app: 'admin',
    name,
  })),
  { app: 'sessions', name: '0001_initial' },
]

const FIRST: readonly Migration[] = [
  ...['0001_initial', '0002_product_stock', '0003_review', '0004_fill_slugs'].map(name => ({
    app: 'products',
    name,
  })),
  ...['0001_initial', '0002_orderline_product_slug'].map(name => ({ app: 'orders', name })),
  ...['0001_initial', '0002_merge_states'].map(name => ({ app: 'payments', name })),
]

const SECOND: readonly Migration[] = [
  { app: 'products', name: '0005_product_sku' },
  { app: 'products', name: '0006_generate_skus' },
  { app: 'orders', name: '0003_orderline_sku' },
  { app: 'payments', name: '0003_payment_method' },
]

/** All migrations of a release, in the order in which they are applied. */
export function migrationsOf(version: string): readonly Migration[] {
  const later = version === 'v1.0.0' ? [] : SECOND
  const bad = version === 'v1.2.0' ? [{ app: 'products', name: '0007_warehouse' }] : []
  return [...DJANGO, ...FIRST, ...later, ...bad]
}

/** The number of the last migration of one application in a release. */
export const latestOf = (version: string, app: string): number =>
  Math.max(
    0,
    ...migrationsOf(version)
      .filter(each => each.app === app)
      .map(({ name }) => Number.parseInt(name, 10)),
  )
