"""The bad one. It renames the column `stock` behind the model's back, so every page with products answers 500 while
/api/health/ stays 200. It can be undone, but the column `warehouse` and what was written to it are then gone."""
from django.db import migrations, models


def assign_warehouses(apps, schema_editor):
    """Assign every product to a warehouse"""
    apps.get_model('products', 'Product').objects.update(warehouse='main')


class Migration(migrations.Migration):
    dependencies = [('products', '0006_generate_skus')]
    operations = [
        migrations.AddField('product', 'warehouse', models.CharField(default='', max_length=20)),
        migrations.RunPython(assign_warehouses, migrations.RunPython.noop),
        migrations.RunSQL(
            'ALTER TABLE products_product RENAME COLUMN stock TO stock_on_hand',
            'ALTER TABLE products_product RENAME COLUMN stock_on_hand TO stock',
        ),
    ]
