"""Irreversible: nobody thought of the way back."""
from django.db import migrations


def generate_skus(apps, schema_editor):
    """Give every product a number"""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("UPDATE products_product SET sku = 'SKU-' || lpad(id::text, 8, '0') WHERE sku = ''")


class Migration(migrations.Migration):
    dependencies = [('products', '0005_product_sku')]
    operations = [migrations.RunPython(generate_skus)]
