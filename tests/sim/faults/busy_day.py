"""Rates at which nearly everything goes wrong on any one day."""

from sim.faults.drawing import DEFAULTS, Rates

BUSY: Rates = {
    **DEFAULTS,
    **{"withdraw": 0.05, "unplug": 0.004, "hang": 0.004, "spoil": 0.006, "clone": 0.006, "copy": 0.02, "two": 0.006},
    **{"ask": 0.02, "idle": 0.004, "power": 0.01, "disk": 0.003, "full": 0.003, "rot": 0.4, "clock": 0.006},
    **{"unset": 0.02, "late": 0.1, "network": 0.4, "orders": 0.02, "rich": 0.2, "top-up": 0.1, "note": 0.4},
    **{"key": 0.006},
}
