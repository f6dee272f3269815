"""Faults of the journal. Each message says what, where and what to do, in one line.

    JournalFault
    ├── JournalFull      the disk's: no room for the tap; nothing was written (faults 21)
    ├── JournalFailed    the disk's: a write or a flush failed; this journal takes nothing more (faults 20)
    ├── JournalDamaged   the file's: flushed records changed, or it is no journal we can read (faults 22)
    ├── JournalBusy      the operator's: another process has the journal open for appending
    └── ReceiptRefused   the exchange's: an acknowledgement of other bytes than we hold (faults 36)

A record that may not be written is the caller's fault: `farebox.formats.journal.RecordError`.
"""

import errno

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the disk says when there is no room."""


class JournalFault(Exception):
    """Any of the above."""


class JournalFull(JournalFault):
    """No room, and none to be had. The file is as it was; the journal goes on once there is room."""


class JournalFailed(JournalFault):
    """The disk refused a write or a flush, or the journal is closed. It is never tried again."""


class JournalDamaged(JournalFault):
    """The file holds other than what was flushed. It was not changed; keep it, and begin a new one."""


class JournalBusy(JournalFault):
    """Another process appends to this file."""


class ReceiptRefused(JournalFault):
    """The acknowledgement is not for the segment as it is here. Nothing was deleted."""
