"""What came from vehicles: whose it is, as it was sent, what was made of it, and what was refused.

A segment's bytes stand in a table of their own: whoever changes its state must not write a megabyte anew.
"""

from django.db import models

from farebox.formats.journal import KINDS, MAX_DETAIL_BYTES, MAX_ID_BYTES

HEX_BYTES = 64
"""SHA-256, or a public key, in hex."""


class Vehicle(models.Model):
    """A terminal that may speak here: by its token, of which only SHA-256 is kept (faults 37)."""

    terminal_id = models.CharField(max_length=MAX_ID_BYTES, unique=True)
    token_sha256 = models.CharField(max_length=HEX_BYTES, unique=True)
    enabled = models.BooleanField(default=True)
    heard_at_s = models.BigIntegerField(null=True)
    """When it last told how it stands, and what it told: `software`, `waiting`, `aside`, `bundles`."""
    software = models.CharField(max_length=MAX_ID_BYTES, blank=True)
    waiting = models.JSONField(default=list)
    aside = models.JSONField(default=list)
    bundles = models.JSONField(default=dict)
    given_up = models.JSONField(default=list)
    """Numbers of segments that a person has said won't come: a disk is gone."""


class SealingKey(models.Model):
    """A public key that a vehicle's segments may be sealed with. One that is replaced stays for what it has sealed."""

    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="sealing_keys")
    public_key = models.CharField(max_length=HEX_BYTES)

    class Meta:
        """Told once."""

        constraints = [models.UniqueConstraint(fields=["vehicle", "public_key"], name="one_key_once")]


class Upload(models.Model):
    """A segment of which some pieces are here, durably: `here_bytes` from its beginning (faults 34)."""

    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="uploads")
    number = models.BigIntegerField()
    digest = models.CharField(max_length=HEX_BYTES)
    length_bytes = models.PositiveIntegerField()
    here_bytes = models.PositiveIntegerField(default=0)
    touched_at_s = models.BigIntegerField()

    class Meta:
        """One for each segment, by its full name."""

        constraints = [models.UniqueConstraint(fields=["vehicle", "number", "digest"], name="one_upload_a_segment")]


class Piece(models.Model):
    """One piece of an upload."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="pieces")
    offset_bytes = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        """No two begin at one place."""

        constraints = [models.UniqueConstraint(fields=["upload", "offset_bytes"], name="one_piece_a_place")]


class State(models.TextChoices):
    """What has become of a segment that is held."""

    WAITING = "waiting", "待機"  # its turn to be booked has not come: one before it is missing, or comes first
    BOOKED = "booked", "記帳済"
    QUARANTINED = "quarantined", "要確認"  # a person looks: faults 38, or records that can't be read


class Segment(models.Model):
    """A sealed segment that is held durably, and the receipt for it (docs/exchange.md)."""

    vehicle = models.ForeignKey(Vehicle, models.PROTECT, related_name="segments")
    number = models.BigIntegerField()
    digest = models.CharField(max_length=HEX_BYTES)
    previous = models.CharField(max_length=HEX_BYTES)
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    follows_rotten = models.BooleanField()
    """By its head, the one before it was quarantined on the vehicle."""
    public_key = models.CharField(max_length=HEX_BYTES)
    size_bytes = models.PositiveIntegerField()
    receipt = models.BinaryField()
    held_at_s = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    why = models.CharField(max_length=300, blank=True)
    """Why it is quarantined, or what went wrong when it was last to be booked."""
    journal = models.CharField(max_length=HEX_BYTES, blank=True)
    """The digest of the journal's first segment; known once this one is booked."""
    booked_at_s = models.BigIntegerField(null=True)
    """Its records are rows and stand in the ledger since; never taken back."""

    class Meta:
        """Told apart by vehicle, number and digest (faults 40)."""

        constraints = [models.UniqueConstraint(fields=["vehicle", "number", "digest"], name="one_segment_once")]
        indexes = [models.Index(fields=["vehicle", "state", "number"], name="segments_in_turn")]


class SegmentBytes(models.Model):
    """A segment as it was sent, whole."""

    segment = models.OneToOneField(Segment, models.CASCADE, primary_key=True, related_name="sealed")
    data = models.BinaryField()


class Record(models.Model):
    """A record of a booked segment, as columns that people ask for; the whole of it stands in the segment's bytes.

    `kind` is a name of farebox.formats.journal. What a kind has no field for is empty, 0 or null.
    """

    pk = models.CompositePrimaryKey("segment_id", "seq")
    # Without a constraint of the database's, which would look each of thousands of rows up at the commit: rows are
    # written only while their segment is locked, and none is ever deleted.
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="rows", db_constraint=False)
    seq = models.BigIntegerField()
    kind = models.PositiveSmallIntegerField(choices=[(number, kind.__name__) for number, kind in KINDS.items()])
    at_s = models.BigIntegerField()
    idm = models.CharField(max_length=16, blank=True)  # hex digits, upper case, as of cards
    code = models.CharField(max_length=32, blank=True)
    """The word of it: an action, a result, a refusal's code, where a note went, who owes."""
    detail = models.CharField(max_length=MAX_DETAIL_BYTES, blank=True)
    intent_seq = models.BigIntegerField(null=True)
    """The intent that it is about, or that it cancels."""
    stop_index = models.BigIntegerField(null=True)
    sf_before_yen = models.BigIntegerField(null=True)
    sf_after_yen = models.BigIntegerField(null=True)
    due_yen = models.BigIntegerField(null=True)
    cash_yen = models.BigIntegerField(null=True)
    auto_charge_yen = models.BigIntegerField(null=True)
    yen = models.BigIntegerField(null=True)
    """Of a bank note, or of a voucher."""

    class Meta:
        """A card's records are looked up by the card."""

        indexes = [models.Index(fields=["idm", "at_s"], name="records_of_a_card")]


class SetAside(models.Model):
    """A whole segment that was refused, kept for a person to look at (faults 37). Bounded: `collector.refusing`."""

    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="set_aside")
    code = models.CharField(max_length=40)
    detail = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=HEX_BYTES)
    """Of the bytes as they came."""
    number = models.BigIntegerField()
    """What it was said to be, with `digest`."""
    digest = models.CharField(max_length=HEX_BYTES)
    came_at_s = models.BigIntegerField()
    times = models.PositiveIntegerField(default=1)
    data = models.BinaryField()
    """Empty where there was no room for it any more."""

    class Meta:
        """The same bytes are kept once."""

        constraints = [models.UniqueConstraint(fields=["vehicle", "sha256", "code"], name="the_same_once")]
