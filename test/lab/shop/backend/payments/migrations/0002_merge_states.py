"""Irreversible, but wrapped: `migrate --plan` prints a harmless "Undo Custom state/database change combination"."""
from django.db import migrations

MERGE = "UPDATE payments_payment SET status = 'open' WHERE status IN ('pending', 'created')"


class Migration(migrations.Migration):
    dependencies = [('payments', '0001_initial')]
    operations = [
        migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL(MERGE)]),
    ]
