"""Bookings, their postings and days that were closed are only ever added: the database itself sees to it.

A later migration that alters one of these tables makes it anew on SQLite, and puts its guard up again.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLES = ("ledger_bookingrow", "ledger_postingrow", "ledger_dayclosed")


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """On SQLite only changes are refused, for a test's tables are emptied by deleting; PostgreSQL has TRUNCATE."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE FUNCTION ledger_added_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the ledger is only ever added to'; END $$"
        )
    for table in TABLES:
        if editor.connection.vendor == "postgresql":
            editor.execute(
                f"CREATE TRIGGER {table}_added_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION ledger_added_only()"
            )
        else:
            editor.execute(
                f"CREATE TRIGGER {table}_added_only BEFORE UPDATE ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END"
            )


def unguard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Back to the tables alone."""
    for table in TABLES:
        on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER {table}_added_only{on}")
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION ledger_added_only()")


class Migration(migrations.Migration):
    """Guards on three tables."""

    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
