"""Fills an empty shop in about a second: PostgreSQL makes the rows itself."""
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from products.models import Product

CATEGORIES = """
INSERT INTO products_category (name)
SELECT 'Category ' || n FROM generate_series(1, 20) n
"""

# Columns that came with later releases are filled where they exist, so that one command seeds them all.
PRODUCTS = """
INSERT INTO products_product (name, slug, description, price, stock, category_id, created_at{columns})
SELECT 'Product ' || n, 'product-' || n, repeat('Printed by hand. ', 5), 5 + mod(n, 200), mod(n, 90),
       (SELECT min(id) FROM products_category) + mod(n, 20), now() - n * interval '1 hour'{values}
FROM generate_series(1, %(products)s) n
"""

ORDERS = """
INSERT INTO orders_order (email, status, total, created_at)
SELECT 'customer' || mod(n, 4000) || '@example.org', (ARRAY['paid', 'shipped', 'open'])[1 + mod(n, 3)], 10 + mod(n, 300),
       now() - (%(orders)s - n) * interval '9 minutes'
FROM generate_series(1, %(orders)s) n
"""

LINES = """
INSERT INTO orders_orderline (order_id, product_id, quantity, unit_price, product_slug{columns})
SELECT o.id, p.id, 1 + mod(o.id, 3), p.price, p.slug{values}
FROM orders_order o CROSS JOIN generate_series(1, 2) line
JOIN products_product p ON p.id = (SELECT min(id) FROM products_product) + mod(o.id * line * 7, %(products)s)
"""

PAYMENTS = """
INSERT INTO payments_payment (order_id, mollie_id, status, amount, webhook_url, created_at{columns})
SELECT o.id, 'tr_' || md5(o.id::text), CASE o.status WHEN 'open' THEN 'open' ELSE 'paid' END, o.total, '',
       o.created_at{values}
FROM orders_order o
"""

NEWER_COLUMNS = [
    # table, column, statement's key, value
    ('products_product', 'sku', 'PRODUCTS', "'SKU-' || lpad(n::text, 8, '0')"),
    ('orders_orderline', 'sku', 'LINES', 'p.sku'),
    ('payments_payment', 'method', 'PAYMENTS', "(ARRAY['ideal', 'creditcard', 'paypal'])[1 + mod(o.id, 3)]"),
]


class Command(BaseCommand):
    help = 'Inserts products, orders, lines and payments into an empty shop.'

    def add_arguments(self, parser):
        parser.add_argument('--products', type=int, default=5000)
        parser.add_argument('--orders', type=int, default=20000)

    @transaction.atomic
    def handle(self, *args, **options):
        if Product.objects.exists():
            self.stdout.write('There are products already: nothing seeded')
            return
        statements = {'PRODUCTS': PRODUCTS, 'ORDERS': ORDERS, 'LINES': LINES, 'PAYMENTS': PAYMENTS}
        with connection.cursor() as cursor:
            cursor.execute(CATEGORIES)
            for key, statement in statements.items():
                newer = [row for row in NEWER_COLUMNS if row[2] == key and self.has_column(cursor, row[0], row[1])]
                columns = ''.join(f', {row[1]}' for row in newer)
                values = ''.join(f', {row[3]}' for row in newer)
                cursor.execute(statement.format(columns=columns, values=values), options)
        self.stdout.write(f"Seeded {options['products']} products and {options['orders']} orders")

    def has_column(self, cursor, table, column):
        return column in {field.name for field in connection.introspection.get_table_description(cursor, table)}
