"""A pytest plugin for runs that repeat the tests thousands of times: few examples, the same ones each time."""

from hypothesis import settings

PROFILE = "mutation"

settings.register_profile(PROFILE, deadline=None, derandomize=True, database=None, max_examples=10)
