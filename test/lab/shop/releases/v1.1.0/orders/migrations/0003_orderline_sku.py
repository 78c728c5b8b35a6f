"""Depends on products 0006. So `migrate products 0005` first undoes this one, and then fails in the middle."""
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_skus(apps, schema_editor):
    """Copy each product's number into its order lines"""
    sku = apps.get_model('products', 'Product').objects.filter(pk=OuterRef('product_id')).values('sku')
    apps.get_model('orders', 'OrderLine').objects.update(sku=Subquery(sku))


class Migration(migrations.Migration):
    dependencies = [('orders', '0002_orderline_product_slug'), ('products', '0006_generate_skus')]
    operations = [
        migrations.AddField('orderline', 'sku', models.CharField(default='', max_length=20)),
        migrations.RunPython(copy_skus, migrations.RunPython.noop),
    ]
