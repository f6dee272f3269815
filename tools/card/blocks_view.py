"""`farebox card show --raw`: every block of a card in hex, with what it is."""

from collections.abc import Iterator

from cardimage import lite_s
from cardimage.image import UNSTATED_SYSTEM, CardImage
from cardimage.layout.blocks import BANKS, HISTORY_BLOCKS, NUMBER_BLOCK, SLOT_BLOCKS
from cardimage.transit import services
from cardimage.transit.services import Service, suica_system
from farebox.words import Language, say

_Both = tuple[str, str]

_SYSTEMS: dict[int, _Both] = {
    services.SUICA: ("Suica系", "Suica family"),
    services.REGIONAL: ("地域連携IC", "regional 2-in-1"),
    services.COMMON: ("共通領域", "common area"),
    services.NORUCA: ("NORUCA系", "NORUCA family"),
    services.SAPICA: ("SAPICA", "SAPICA"),
    services.OKICA: ("OKICA", "OKICA"),
    services.OCTOPUS: ("八達通", "Octopus"),
    services.EDY: ("楽天Edy", "Edy"),
    UNSTATED_SYSTEM: ("ファイルに記載なし", "not stated in the file"),
    lite_s.SYSTEM_CODE: ("FeliCa Lite-S", "FeliCa Lite-S"),
}
_SERVICES: dict[Service, _Both] = {
    Service(services.SUICA, services.ATTRIBUTES): ("属性・残額", "attributes, balance"),
    Service(services.SUICA, services.HISTORY): ("利用履歴(新しい順)", "history, newest first"),
    Service(services.SUICA, services.GATES): ("改札記録", "gate records"),
    Service(services.SUICA, services.ENTRIES): ("内容は未公開", "contents not described"),
    Service(services.OKICA, services.OKICA_HISTORY): ("利用履歴(新しい順)", "history, newest first"),
    Service(services.NORUCA, services.NORUCA_KIND): ("カード種別", "kind of card"),
    Service(services.COMMON, services.EDY_PURSE): ("Edy残高", "Edy's purse"),
}
_OURS: dict[int, _Both] = {
    **dict.fromkeys(SLOT_BLOCKS, ("スロット", "slot")),
    NUMBER_BLOCK: ("カード番号", "number"),
    **{block: (f"条件{bank}", f"bank {bank}") for bank, blocks in enumerate(BANKS) for block in blocks},
    **dict.fromkeys(HISTORY_BLOCKS, ("履歴", "history")),
}
_CHIP = {getattr(lite_s, name): name for name in ("REG", "ID", "D_ID", "SER_C", "SYS_C", "CKV", "MC", "WCNT", "STATE")}


def raw_lines(image: CardImage, is_ours: bool, language: Language) -> Iterator[str]:
    """A system, its services, their blocks. `is_ours`: the S_PADs of a Lite-S card are laid out as our own."""
    for system, recorded in sorted(image.systems.items()):
        named = services.SUICA if system == suica_system(image) else system
        yield _titled(say(("システム", "system"), language), system, _SYSTEMS.get(system), language)
        for service, blocks in sorted(recorded.items()):
            title = _titled(
                say(("サービス", "service"), language), service, _SERVICES.get(Service(named, service)), language
            )
            yield f"  {title}" + ("" if blocks else say(("(読めない)", "  (there, not read)"), language))
            for number, block in sorted(blocks.items()):
                what = _lite_s_block(number, is_ours, language) if system == lite_s.SYSTEM_CODE else ""
                yield f"    {number:04X}  {block.hex(' ').upper()}  {what}".rstrip()


def _titled(word: str, code: int, name: _Both | None, language: Language) -> str:
    return f"{word} {code:04X}" + (f"  {say(name, language)}" if name else "")


def _lite_s_block(number: int, is_ours: bool, language: Language) -> str:
    if number >= lite_s.S_PADS:
        return _CHIP.get(number, "")
    ours = f" {say(_OURS[number], language)}" if is_ours and number in _OURS else ""
    return f"S_PAD{number}{ours}"
