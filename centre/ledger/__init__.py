"""Money, twice."""
