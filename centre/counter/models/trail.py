"""The audit trail: who did what, when, to which card. Rows are added, never changed or taken away."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models


class _Appended(models.QuerySet["TrailEntry"]):
    def update(self, **_values: Any) -> NoReturn:
        """Nothing is changed."""
        raise TypeError("the audit trail is not changed")

    def delete(self) -> NoReturn:
        """Nothing is taken away."""
        raise TypeError("nothing is taken out of the audit trail")


class TrailEntry(models.Model):
    """One thing that somebody did. Names, addresses and telephones never stand here, only which of them changed.

    `link` is the hash of this entry and the one before it (`centre.counter.trail.link`): an entry that was changed or
    taken out by other means breaks the chain, and the page of the trail says where.
    """

    at_s = models.BigIntegerField(db_index=True)
    who = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    scheme = models.CharField(max_length=32, blank=True)
    what = models.CharField(max_length=32)
    operation = models.CharField(max_length=32, blank=True)
    idm = models.CharField(max_length=16, blank=True, db_index=True)
    number = models.CharField(max_length=24, blank=True)
    """The engraved number but for its end, masked."""
    asked = models.UUIDField(null=True, db_index=True)
    """The operation that it belongs to (`Asked.key`)."""
    yen = models.IntegerField(default=0)
    """Taken in, or given if negative."""
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    said = models.CharField(max_length=200, blank=True)
    link = models.CharField(max_length=64, unique=True)

    objects = _Appended.as_manager()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add it; TypeError for one that stands already."""
        if not self._state.adding:
            raise TypeError("the audit trail is not changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Nothing is taken away."""
        raise TypeError("nothing is taken out of the audit trail")


class TrailHead(models.Model):
    """The newest link: one row, locked by whoever adds an entry, so that entries stand in one line."""

    link = models.CharField(max_length=64)
