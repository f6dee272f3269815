"""What is done in the background."""

from django.conf import settings

from centre.payments.services import bill, reconcile


def work(now_s: int) -> int:
    """Bill what is due and ask again for what isn't known; how many things were done."""
    if not settings.PAYMENTS:
        return 0
    return bill(now_s) + reconcile(now_s)
