from django.db import migrations
from django.db.models import F, Func, Value
from django.db.models.functions import Lower


def fill_slugs(apps, schema_editor):
    """Make each slug from the product's name"""
    slug = Func(Lower(F('name')), Value(' '), Value('-'), function='replace')
    apps.get_model('products', 'Product').objects.filter(slug='').update(slug=slug)


def clear_slugs(apps, schema_editor):
    """Empty every slug again"""
    apps.get_model('products', 'Product').objects.update(slug='')


class Migration(migrations.Migration):
    dependencies = [('products', '0003_review')]
    operations = [migrations.RunPython(fill_slugs, clear_slugs)]
