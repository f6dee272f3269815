"""Slips of paper: contents -> lines of text -> a picture. Pure; what prints them is farebox/peripherals/printer.py."""
