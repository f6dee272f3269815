"""What vehicles are told, and what of it they were told: see docs/centre/bundles.md."""

from collections.abc import Sequence

from django.conf import settings
from django.db import models
from django.db.models import Q

from centre.bundles.lifecycle import OPEN, Phase
from centre.cards.models import Card
from centre.users.models import User
from centre.words import both
from farebox.formats import bundle as form
from farebox.formats.bundle import Change


def _user(name: str) -> "models.ForeignKey[User | None, User | None]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name=name)


class Kind(models.TextChoices):
    """Each kind of bundle counts its versions for itself."""

    HOTLIST = form.Kind.HOTLIST.value, both("使用停止カード", "hotlist")
    DIRECTIVES = form.Kind.DIRECTIVES.value, both("翌日反映", "directives")
    TARIFF = form.Kind.TARIFF.value, both("運賃", "tariff")


class Listed(models.Model):
    """A card that stands on a list from one moment to another; until then, if it is lifted."""

    idm = models.CharField(max_length=16)  # 16 hex digits, upper case; of any operator's card
    why = models.CharField(max_length=200)
    since_s = models.BigIntegerField()
    until_s = models.BigIntegerField(null=True)

    class Meta:
        """The newest first."""

        abstract = True
        ordering = ["-since_s", "-id"]


class Stopped(Listed):
    """A card that every reader refuses (GEN-11)."""

    stopped_by = _user("cards_stopped")
    lifted_by = _user("cards_unstopped")
    lifted_why = models.CharField(max_length=200, blank=True)

    class Meta(Listed.Meta):
        """A card is stopped once at a time."""

        constraints = [models.UniqueConstraint(fields=["idm"], condition=Q(until_s=None), name="stopped_once")]


class NoAutoCharge(Listed):
    """A card that gets no credit, because its billing failed (AUT-6)."""

    class Meta(Listed.Meta):
        """A card is barred once at a time."""

        constraints = [models.UniqueConstraint(fields=["idm"], condition=Q(until_s=None), name="barred_once")]


class Numbers(models.Model):
    """The highest number of a directive that a card ever had: none is used twice, whatever becomes of the rows."""

    idm = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)


class Restored(models.Model):
    """Numbers that were jumped over, for cards that have none yet, as the centre came back from a backup."""

    at_s = models.BigIntegerField()
    numbers = models.PositiveIntegerField()


class Directive(models.Model):
    """What changes on a card, from a day on (CTR-3)."""

    class State(models.TextChoices):
        """Where it stands: see lifecycle.py."""

        WAITING = Phase.WAITING.value, both("配信待ち", "waiting")
        PUBLISHED = Phase.PUBLISHED.value, both("配信済", "published")
        APPLIED = Phase.APPLIED.value, both("書込済", "applied")
        REFUSED = Phase.REFUSED.value, both("書込不可", "refused by the card")
        WITHDRAWN = Phase.WITHDRAWN.value, both("取下げ", "withdrawn")

    card = models.ForeignKey(Card, models.PROTECT, related_name="directives")
    number = models.PositiveIntegerField()
    first_day = models.DateField()
    entry = models.BinaryField()
    """The directive as a bundle has it, CBOR: its number, its first day and its changes."""
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    made_at_s = models.BigIntegerField()
    ended_at_s = models.BigIntegerField(null=True)
    why = models.CharField(max_length=200, blank=True)
    """Why it was withdrawn or refused."""
    instead = models.ForeignKey("self", models.PROTECT, null=True, related_name="was")
    """The one that does its work now, under a higher number."""

    class Meta:
        """In the order in which a card takes them."""

        ordering = ["card", "number"]
        constraints = [models.UniqueConstraint(fields=["card", "number"], name="number_once")]
        indexes = [models.Index(fields=["state", "card"], name="directive_open")]

    @property
    def changes(self) -> Sequence[Change]:
        """What changes."""
        return form.read_directive(bytes(self.entry)).changes

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in OPEN


class Carried(models.Model):
    """A journal's word that a tap writes a directive, until it is known whether that tap was written."""

    journal = models.CharField(max_length=64)
    idm = models.CharField(max_length=16)
    number = models.PositiveIntegerField()
    intent_seq = models.BigIntegerField(null=True)

    class Meta:
        """Asked for by the intent."""

        indexes = [models.Index(fields=["journal", "intent_seq"], name="carried_by")]


class Series(models.Model):
    """The highest version of a kind that was ever signed here, or that a vehicle said it has."""

    kind = models.CharField(max_length=16, choices=Kind, primary_key=True)
    last = models.BigIntegerField(default=0)


class Published(models.Model):
    """A bundle as it was signed. Of older ones than the newest two, the bytes are let go."""

    kind = models.CharField(max_length=16, choices=Kind)
    version = models.BigIntegerField()
    made_at_s = models.BigIntegerField()
    signed = models.BinaryField()
    length = models.PositiveIntegerField()
    etag = models.CharField(max_length=64)
    """SHA-256 of the signed bytes, in hex."""
    contents = models.CharField(max_length=64)
    """SHA-256 of what it says, version and time left out: whether there is anything new to say."""
    marks = models.CharField(max_length=200, blank=True)
    """Of the rows it was made from: whether they are the same still."""
    key = models.CharField(max_length=64)
    """The public key of the signature, in hex."""

    class Meta:
        """The newest first."""

        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="version_once")]


class TariffDraft(models.Model):
    """Operator files that somebody wants to be in force, all of them, and what they would change (faults 29)."""

    class State(models.TextChoices):
        """What became of it."""

        PROPOSED = "proposed", both("承認待ち", "proposed")
        RELEASED = "released", both("配信済", "released")
        REJECTED = "rejected", both("却下", "rejected")

    state = models.CharField(max_length=16, choices=State, default=State.PROPOSED)
    note = models.CharField(max_length=200, blank=True)
    made_by = _user("tariffs_proposed")
    made_at_s = models.BigIntegerField()
    compared_with = models.CharField(max_length=64, blank=True)
    """`Published.contents` of the tariff it was compared with; empty if there was none."""
    changes = models.JSONField(default=list)
    """The largest first, at most MOST_TOLD of them: see tariff_changes.py."""
    changes_count = models.PositiveIntegerField()
    over_count = models.PositiveIntegerField()
    """How many of them are over the limit."""
    needs_second = models.BooleanField()
    judged_by = _user("tariffs_judged")
    judged_at_s = models.BigIntegerField(null=True)
    judged_why = models.CharField(max_length=200, blank=True)
    released = models.OneToOneField(Published, models.PROTECT, null=True, related_name="draft")

    class Meta:
        """The newest first."""

        ordering = ["-pk"]


class TariffFile(models.Model):
    """An operator file of a draft, as it came."""

    draft = models.ForeignKey(TariffDraft, models.CASCADE, related_name="files")
    scheme = models.CharField(max_length=64)
    effective = models.DateField()
    text = models.BinaryField()

    class Meta:
        """As a bundle has them."""

        ordering = ["scheme", "effective"]
        constraints = [models.UniqueConstraint(fields=["draft", "scheme", "effective"], name="file_once")]
