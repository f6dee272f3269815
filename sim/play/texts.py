"""What the bench to play on says, in Japanese and English."""

from farebox.result import Side
from farebox.words import Both
from sim.hardware.field import Moment

WALLET: Both = ("カード", "Cards")
BLOCKS: Both = ("カードのブロック", "Card, block by block")
MACHINE: Both = ("状態遷移", "State machine")
JOURNAL: Both = ("ジャーナル", "Journal")
NOTES: Both = ("紙幣", "Notes")
IN_ESCROW: Both = ("預かり中", "in escrow")
IN_BOX: Both = ("収納", "in the box")
GIVEN_BACK: Both = ("返却", "given back")
DOORS_OPEN: Both = ("扉 開", "doors open")
DOORS_CLOSED: Both = ("扉 閉", "doors closed")
OTHER_CARD: Both = ("ほかのカード", "not ours")
WILL_LEAVE: Both = ("次のカードは離れる: コマンド", "the next card leaves at command")
LIES: dict[Side, Both] = {Side.BOARDING: ("乗", "in"), Side.ALIGHTING: ("降", "out")}
MOMENTS: dict[Moment, Both] = {
    Moment.BEFORE: ("届く前", "before it arrives"),
    Moment.DURING: ("書込の途中", "half-way through"),
    Moment.AFTER: ("実行後", "once it is done"),
    Moment.ANSWER_LOST: ("応答だけ失う", "only its answer is lost"),
}

BUTTONS: dict[str, tuple[str, Both]] = {
    "entry": ("1", ("乗車側", "Entry")),
    "exit": ("2", ("降車側", "Exit")),
    "withdraw": ("W", ("離れる時", "Leaves at")),
    "moment": ("V", ("どの瞬間", "When")),
    "next": ("N", ("次停留所", "Next stop")),
    "previous": ("B", ("前停留所", "Back")),
    "trip": ("G", ("次の便", "Next trip")),
    "doors": ("D", ("扉", "Doors")),
    "top_up": ("T", ("チャージ", "Top-up")),
    "note": ("M", ("千円札", "1,000 yen")),
    "minute": ("S", ("一分", "A minute")),
    "restart": ("R", ("再起動", "Restart")),
    "language": ("F2", ("English", "日本語")),
}
"""Along the bottom: the action's name, its key, its words."""
