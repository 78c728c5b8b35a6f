"""NOT NULL without a default in the database: v1.0.0 can still read this schema, but no longer insert a product."""
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('products', '0004_fill_slugs')]
    operations = [
        migrations.AddField('product', 'sku', models.CharField(default='', max_length=20), preserve_default=False),
    ]
