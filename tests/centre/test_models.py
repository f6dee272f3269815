"""What holds for the centre's tables, whichever app they belong to."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_every_change_of_a_table_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
