"""What is to be done without anybody asking: what changed is published, and a hotlist before it grows old."""

from centre.bundles.publishing import publish


def work(now_s: int) -> int:
    """How many bundles were made."""
    return len(publish(now_s))
