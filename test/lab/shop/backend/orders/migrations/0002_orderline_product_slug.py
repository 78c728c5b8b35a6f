"""Crosses apps: it reads slugs, so it depends on products 0004, and `migrate products 0003` undoes it too."""
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_slugs(apps, schema_editor):
    """Copy each product's slug into its order lines"""
    slug = apps.get_model('products', 'Product').objects.filter(pk=OuterRef('product_id')).values('slug')
    apps.get_model('orders', 'OrderLine').objects.update(product_slug=Subquery(slug))


class Migration(migrations.Migration):
    dependencies = [('orders', '0001_initial'), ('products', '0004_fill_slugs')]
    operations = [
        migrations.AddField('orderline', 'product_slug', models.CharField(default='', max_length=200)),
        migrations.RunPython(copy_slugs, migrations.RunPython.noop),
    ]
