from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('payments', '0002_merge_states')]
    operations = [
        migrations.AddField('payment', 'method', models.CharField(max_length=20, null=True)),
    ]
