"""Faults in any order, from one seed (模擬): whole buses at work, and small checks after every step."""
