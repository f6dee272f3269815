"""Proof that the tests of tariff/ can fail: of its code, `python -m tools.mutation`; of its values, `.values`."""
