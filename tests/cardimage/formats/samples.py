"""One small card in every format, written by hand for the tests: 0003 with two rows in 090F, and 008A unread."""

from base64 import b64encode

IDM = bytes.fromhex("0102030405060708")
PMM = bytes.fromhex("0120220427674EFF")
ROW_0 = bytes.fromhex("16010002253106120304AF0000002AA0")
ROW_1 = bytes.fromhex("050D000F2530003C0051B30100002800")
SYSTEMS = {0x0003: {0x008A: {}, 0x090F: {0: ROW_0, 1: ROW_1}}}


def b64(data: bytes) -> str:
    return b64encode(data).decode()


FLIPPER = f"""Filetype: Flipper NFC device
Version: 4
# Device type can be FeliCa and others
Device type: FeliCa
UID: {IDM.hex(" ").upper()}
Data format version: 2
Manufacture id: {IDM.hex(" ").upper()}
Manufacture parameter: {PMM.hex(" ").upper()}
IC Type: FeliCa Standard RC-S962

# Felica Standard specific data
System found: 1


System 00: 0003 | Key version 0001 |
System 00 Key: 01 23 45 67 89 AB CD EF

Area found: 1
Area 000: | Code 0000 | End FFFE | Services #000-#001 | Key version 0002 |
Area 000 Key: FE DC BA 98 76 54 32 10

Service found: 2
Service 000: | Code 008A | Attrib. 0A | Private | Random | Read Only  |
Service 000 Key: 11 22 33 44 55 66 77 88
Service 001: | Code 090F | Attrib. 0F | Public  | Random | Read Only  |

Directory Tree:\x20
+++ ... are public services
- AREA_0000/
|- serv_008A
+- serv_090F

Public blocks read: 2
Block 0000: | Service code 090F | Block index 00 | Data: {ROW_0.hex(" ").upper()} |
Block 0001: | Service code 090F | Block index 01 | Data: {ROW_1.hex(" ").upper()} |
"""

FAREBOT = f"""{{"cardType": "FeliCa", "tagId": "{b64(IDM)}", "scannedAt": 1500000000000, "idm": "{b64(IDM)}",
"pmm": "{b64(PMM)}", "systems": [{{"code": 3, "services": [
  {{"serviceCode": 2319, "blocks": [{{"address": 0, "data": "{b64(ROW_0)}"}},
    {{"address": 1, "data": "{b64(ROW_1)}"}}]}},
  {{"serviceCode": 138, "blocks": [], "skipped": true}}], "allServiceCodes": [138, 2319]}}]}}"""

CARD_XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<card type="4" id="{IDM.hex()}" scanned_at="1500000000000">
  <idm>{b64(IDM)}</idm>
  <pmm>{b64(PMM)}</pmm>
  <system code="3">
    <service code="138" skipped="true">
    </service>
    <service code="2319">
      <block address="0">{b64(ROW_0)}</block>
      <block address="1">{b64(ROW_1)}</block>
    </service>
  </system>
</card>
"""

METRODROID = f"""{{
  "tagId": "{IDM.hex()}", "scannedAt": {{"timeInMillis": 1500000000000, "tz": "Asia/Tokyo"}},
  "felica": {{"iDm": "{IDM.hex()}", "pMm": "{PMM.hex()}", "systems": {{
    3: {{"services": {{
      138: {{"skipped": true}},
      2319: {{"blocks": [{{"data": "{ROW_0.hex()}"}}, {{"data": "{ROW_1.hex()}"}}]}}
    }}}}
  }}}}
}}
"""

NFCPY = f"""Type3Tag 'FeliCa Standard (RC-S962)' ID={IDM.hex().upper()} PMM={PMM.hex().upper()} SYS=0003
Memory Dump:
  System 0003 (Suica)
  Area 0000--FFFE
    Random Service 2: read with key (0x008A)
    Cyclic Service 36: read w/o key (0x090F)
     0000: {ROW_0.hex(" ")} |....%1........*.|
     0001: {ROW_1.hex(" ")} |....%0.<.Q....(.|
"""

PROXMARK = f"""{{"specification_version": null, "systems": [{{"code": "0003", "idm": "{IDM.hex().upper()}",
"pmm": "{PMM.hex().upper()}", "encryption_identifier": null, "nodes": [
  {{"type": "system", "code": "FFFF", "des_key_version": "0100", "data": {{}}}},
  {{"type": "area", "code": "0000FEFF", "data": {{}}}},
  {{"type": "service", "code": "8A00", "des_key_version": null, "data": {{}}}},
  {{"type": "service", "code": "0F09", "data": {{"0000": "{ROW_0.hex().upper()}", "0001": "{ROW_1.hex().upper()}"}}}}
]}}]}}"""

LIBPAFE = f"""# lpdump : Fri Nov 20 12:00:00 2026
# --- IDm info (FeliCa) ---
  system num 1
# FELICA SYSTEM_CODE = 0003
# card IDm = {IDM.hex().upper()}
# card PMm = {PMM.hex().upper()}
# area num = 1
# service num = 2
# AREA #0 = 0000 (00000)
# 0002:000a Random Access Read only    (PROTECTED)
# 0024:000f Cyclic Access Read only
  0024:0000:{ROW_0.hex().upper()}
  0024:0001:{ROW_1.hex().upper()}
"""

EVERY_FORMAT = {
    "flipper": FLIPPER,
    "farebot": FAREBOT,
    "xml": CARD_XML,
    "metrodroid": METRODROID,
    "nfcpy": NFCPY,
    "proxmark": PROXMARK,
    "libpafe": LIBPAFE,
}
