/** The migrations that each release of the shop brings, with what their operations do. */

export interface Migration {
  readonly app: string
  readonly name: string
}

/** One operation, as far as a database and its reader tell it. */
export type Operation =
  | { readonly type: 'CreateModel'; readonly model: string; readonly table: string; readonly columns: string }
  | {
      readonly type: 'AddField'
      readonly model: string
      readonly table: string
      readonly column: string
      readonly of: string
      readonly nullable?: true
      readonly maxLength?: number
      /** What rows that are there get; none where they get nothing. */
      readonly default?: string
    }
  | {
      readonly type: 'RunPython'
      readonly function: string
      readonly says: string
      readonly table: string
      /** The function of the way back; `noop` for nothing to do; left out where nobody thought of one. */
      readonly back?: { readonly function: string; readonly says: string } | 'noop'
    }
  | {
      readonly type: 'RunSQL'
      readonly sql: string
      readonly back?: string
      readonly table: string
      readonly rename?: readonly [from: string, to: string]
      /** Wrapped, so that Django’s plan does not tell that there is no way back. */
      readonly wrapped?: true
    }

export interface ReleaseMigration extends Migration {
  /** As `app.name`. */
  readonly dependsOn: readonly string[]
  readonly operations: readonly Operation[]
}

const migration = (
  app: string,
  name: string,
  dependsOn: readonly string[],
  operations: readonly Operation[],
): ReleaseMigration => ({ app, name, dependsOn, operations })

const created = (model: string, table: string, columns: string): Operation => ({
  type: 'CreateModel',
  model,
  table,
  columns: `id ${columns}`,
})

/** Django's own; those after each first one change what this world does not keep. */
const DJANGO: readonly ReleaseMigration[] = [
  migration(
    'contenttypes',
    '0001_initial',
    [],
    [created('ContentType', 'django_content_type', 'app_label model')],
  ),
  migration('contenttypes', '0002_remove_content_type_name', ['contenttypes.0001_initial'], []),
  migration(
    'auth',
    '0001_initial',
    ['contenttypes.0001_initial'],
    [
      created(
        'User',
        'auth_user',
        'password last_login is_superuser username email is_staff is_active date_joined',
      ),
      created('Group', 'auth_group', 'name'),
      created('Permission', 'auth_permission', 'name content_type_id codename'),
    ],
  ),
  migration('auth', '0002_alter_permission_name_max_length', ['auth.0001_initial'], []),
  migration('auth', '0003_alter_user_email_max_length', ['auth.0002_alter_permission_name_max_length'], []),
  migration('auth', '0012_alter_user_first_name_max_length', ['auth.0003_alter_user_email_max_length'], []),
  migration(
    'admin',
    '0001_initial',
    ['auth.0001_initial'],
    [created('LogEntry', 'django_admin_log', 'action_time object_id user_id')],
  ),
  migration('admin', '0002_logentry_remove_auto_add', ['admin.0001_initial'], []),
  migration('admin', '0003_logentry_add_action_flag_choices', ['admin.0002_logentry_remove_auto_add'], []),
  migration(
    'sessions',
    '0001_initial',
    [],
    [created('Session', 'django_session', 'session_key session_data expire_date')],
  ),
]

const FIRST: readonly ReleaseMigration[] = [
  migration(
    'products',
    '0001_initial',
    [],
    [
      created('Category', 'products_category', 'name'),
      created('Product', 'products_product', 'name slug description price created_at category_id'),
    ],
  ),
  migration(
    'products',
    '0002_product_stock',
    ['products.0001_initial'],
    [
      {
        type: 'AddField',
        model: 'product',
        table: 'products_product',
        column: 'stock',
        of: 'integer',
        default: '0',
      },
    ],
  ),
  migration(
    'products',
    '0003_review',
    ['products.0002_product_stock'],
    [created('Review', 'products_review', 'stars text product_id')],
  ),
  migration(
    'products',
    '0004_fill_slugs',
    ['products.0003_review'],
    [
      {
        type: 'RunPython',
        table: 'products_product',
        function: 'fill_slugs',
        says: 'Make each slug from the product’s name',
        back: { function: 'clear_slugs', says: 'Empty every slug again' },
      },
    ],
  ),
  migration(
    'orders',
    '0001_initial',
    ['products.0001_initial'],
    [
      created('Order', 'orders_order', 'email status total created_at'),
      created('OrderLine', 'orders_orderline', 'quantity unit_price order_id product_id'),
    ],
  ),
  migration(
    'orders',
    '0002_orderline_product_slug',
    ['orders.0001_initial', 'products.0004_fill_slugs'],
    [
      {
        type: 'AddField',
        model: 'orderline',
        table: 'orders_orderline',
        column: 'product_slug',
        of: 'varchar(200)',
        maxLength: 200,
        default: '',
      },
      {
        type: 'RunPython',
        table: 'orders_orderline',
        function: 'copy_slugs',
        says: 'Copy each product’s slug into its order lines',
        back: 'noop',
      },
    ],
  ),
  migration(
    'payments',
    '0001_initial',
    ['orders.0001_initial'],
    [created('Payment', 'payments_payment', 'mollie_id status amount webhook_url created_at order_id')],
  ),
  migration(
    'payments',
    '0002_merge_states',
    ['payments.0001_initial'],
    [
      {
        type: 'RunSQL',
        table: 'payments_payment',
        sql: "UPDATE payments_payment SET status = 'open' WHERE status IN ('pending', 'created')",
        wrapped: true,
      },
    ],
  ),
]

const SECOND: readonly ReleaseMigration[] = [
  migration(
    'products',
    '0005_product_sku',
    ['products.0004_fill_slugs'],
    [
      {
        type: 'AddField',
        model: 'product',
        table: 'products_product',
        column: 'sku',
        of: 'varchar(20)',
        maxLength: 20,
        default: '',
      },
    ],
  ),
  migration(
    'products',
    '0006_generate_skus',
    ['products.0005_product_sku'],
    [
      {
        type: 'RunPython',
        table: 'products_product',
        function: 'generate_skus',
        says: 'Give every product a number',
      },
    ],
  ),
  migration(
    'orders',
    '0003_orderline_sku',
    ['orders.0002_orderline_product_slug', 'products.0006_generate_skus'],
    [
      {
        type: 'AddField',
        model: 'orderline',
        table: 'orders_orderline',
        column: 'sku',
        of: 'varchar(20)',
        maxLength: 20,
        default: '',
      },
      {
        type: 'RunPython',
        table: 'orders_orderline',
        function: 'copy_skus',
        says: 'Copy each product’s number into its order lines',
        back: 'noop',
      },
    ],
  ),
  migration(
    'payments',
    '0003_payment_method',
    ['payments.0002_merge_states'],
    [
      {
        type: 'AddField',
        model: 'payment',
        table: 'payments_payment',
        column: 'method',
        of: 'varchar(20)',
        maxLength: 20,
        nullable: true,
      },
    ],
  ),
]

/** The bad one: the code goes on reading `stock`. */
const THIRD: readonly ReleaseMigration[] = [
  migration(
    'products',
    '0007_warehouse',
    ['products.0006_generate_skus'],
    [
      {
        type: 'AddField',
        model: 'product',
        table: 'products_product',
        column: 'warehouse',
        of: 'varchar(20)',
        maxLength: 20,
        default: '',
      },
      {
        type: 'RunPython',
        table: 'products_product',
        function: 'assign_warehouses',
        says: 'Assign every product to a warehouse',
        back: 'noop',
      },
      {
        type: 'RunSQL',
        table: 'products_product',
        sql: 'ALTER TABLE products_product RENAME COLUMN stock TO stock_on_hand',
        back: 'ALTER TABLE products_product RENAME COLUMN stock_on_hand TO stock',
        rename: ['stock', 'stock_on_hand'],
      },
    ],
  ),
]

/** All migrations of a release, in the order in which they are applied. */
export function migrationsOf(version: string): readonly ReleaseMigration[] {
  return [
    ...DJANGO,
    ...FIRST,
    ...(version === 'v1.0.0' ? [] : SECOND),
    ...(version === 'v1.2.0' ? THIRD : []),
  ]
}

export const keyOf = ({ app, name }: Migration): string => `${app}.${name}`

/** The tables that a release's code knows, with the columns that its queries name. */
export function modelsOf(version: string): { model: string; table: string; columns: string[] }[] {
  const found = new Map<string, { model: string; table: string; columns: string[] }>()
  for (const { app, operations } of migrationsOf(version))
    for (const operation of operations) {
      if (operation.type === 'CreateModel')
        found.set(operation.table, {
          model: `${app}.${operation.model}`,
          table: operation.table,
          columns: operation.columns.split(' '),
        })
      // Of v1.2.0's model the code knows `warehouse`; that `stock` has another name now it does not.
      if (operation.type === 'AddField') found.get(operation.table)?.columns.push(operation.column)
    }
  return [...found.values()]
}
