"""Django, set up as these tests are looked for: the others do without."""

import os

import django
import pytest

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.centre.settings"
django.setup()
# Read by now. Processes that tests start are told their settings by whoever starts them.
del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a browser, PostgreSQL, or many seconds, runs where it is asked for: deselected, never skipped."""
    asked, on_postgres = config.getoption("markexpr"), os.environ.get("DATABASE_URL", "").startswith("postgresql:")
    given = {"browser": asked == "browser", "postgres": on_postgres, "served": asked == "served" or on_postgres}
    missing = [name for name, is_there in given.items() if not is_there]
    left_out = [item for item in items if any(map(item.get_closest_marker, missing))]
    if left_out:
        items[:] = [item for item in items if item not in set(left_out)]
        config.hook.pytest_deselected(items=left_out)
