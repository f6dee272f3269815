"""Simulated hardware (模擬): a card in the field, and the chips in front of it."""
