"""Which payment service the settings name."""

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from centre.payments.port import PaymentService
from centre.payments.sandbox import Sandbox
from centre.payments.stripe_checkout import StripeCheckout

_ADAPTERS: dict[str, type[Sandbox] | type[StripeCheckout]] = {"sandbox": Sandbox, "stripe": StripeCheckout}


def payment_service() -> PaymentService:
    """The service. ImproperlyConfigured if the settings name none."""
    names = ("PAYMENTS", "PAYMENTS_URL", "PAYMENTS_KEY", "PAYMENTS_NOTICE_SECRET")
    kind, url, key, secret = (str(getattr(settings, name)) for name in names)
    missing = [name for name in names if not getattr(settings, name)]
    if missing:
        raise ImproperlyConfigured(f"no payment service: set {', '.join(missing)}")
    if kind not in _ADAPTERS:
        raise ImproperlyConfigured(f"PAYMENTS={kind}: one of {', '.join(_ADAPTERS)}")
    return _made(kind, url, key, secret)


def hang_up() -> None:
    """Let go of the lines to it: where its settings change."""
    while _lines:
        _lines.pop().hang_up()
    _made.cache_clear()


_lines: list[PaymentService] = []


@lru_cache(maxsize=4)
def _made(kind: str, url: str, key: str, secret: str) -> PaymentService:
    made = _ADAPTERS[kind](url, key, secret)
    _lines.append(made)
    return made
