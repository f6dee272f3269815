"""Operator files: TOML text -> Rulebook, read whole or refused whole.

`parse` takes the text; who reads the disk is not known here. The schema is closed: SETTINGS and ARRAYS name every key,
the rule it serves and what it may hold. There are no defaults and no expressions, and unknown keys are refused. What no
source states is written "not configured" (GEN-17), what an operator does not have "none" or [].

    values     how a TOML value is read
    schema     which keys there are
    laws       what values must be to one another
    reading    document -> values -> Rulebook
"""

from tariff.operator_file.reading import RulebookError, parse
from tariff.operator_file.schema import ARRAYS, OTHER_CARDS, PAPERS, SETTINGS, Setting
from tariff.operator_file.values import NONE, NOT_CONFIGURED

__all__ = [
    "ARRAYS",
    "NONE",
    "NOT_CONFIGURED",
    "OTHER_CARDS",
    "PAPERS",
    "SETTINGS",
    "RulebookError",
    "Setting",
    "parse",
]
