"""A scenario file to begin with: `farebox bench new` writes it, docs/scenarios.md shows it."""

EXAMPLE = """\
# What happens on a bus, step by step, and what is expected of it. Run it: farebox bench THIS-FILE
title = "残額不足を現金で払う"

[bus]
operator = "lococa"                     # whose rules hold
date = 2026-11-20
route = "白棚線"                        # one of the routes below, or of a feed (feed = "my-gtfs-jp.zip")

[routes."白棚線"]
stops = ["磐城棚倉", "実業高校前", "南湖公園"]
fares = [                               # 三角表: a row for each stop but the first, fares from every earlier stop
  [300],
  [400, 200],
]

[cards."花子"]
balance = 195                           # yen

[[scenario]]
title = "10円足りない: 不足額を現金で"
why = "A card pays in tens of yen when cash pays the rest."
rules = ["GEN-10"]
steps = [
  { board = "花子", at = "実業高校前", sound = "pip" },
  { alight = "花子", at = "南湖公園", refused = "short", short = 10, asks = "payment" },
  { answer_payment = "part-cash" },
  { alight = "花子", fare = 200, cash = 10, balance = 5, lines = ["GEN-4 200", "GEN-10 190", "GEN-10 10"] },
]
end = { cash = 10 }
"""
