"""The world around the fare box: hardware, passengers, trips (模擬). It runs the real farebox code."""
