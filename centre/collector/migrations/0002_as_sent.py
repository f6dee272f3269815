"""On PostgreSQL a segment's bytes are stored as they are: trying to compress them takes longer than all checks."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def _as_they_are(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE collector_segmentbytes ALTER COLUMN data SET STORAGE EXTERNAL")


class Migration(migrations.Migration):
    """Nothing to be done on SQLite."""

    dependencies = [("collector", "0001_initial")]

    operations = [migrations.RunPython(_as_they_are, migrations.RunPython.noop)]
