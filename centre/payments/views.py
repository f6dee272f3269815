"""What the payment service calls, and where it sends members back to. Neither is believed: the service is asked."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from centre import clock
from centre.payments import charging, customers, reconciling
from centre.payments.configured import payment_service
from centre.payments.models import Payment, Registration, State
from centre.payments.port import NoticeRefused

_log = logging.getLogger(__name__)


@csrf_exempt  # It carries no cookie but a signature.
@require_POST
def notices(request: HttpRequest) -> HttpResponse:
    """A notice of the service. What it is about is looked at again; what it says of that is not read (faults 54)."""
    if not settings.PAYMENTS:
        raise Http404("nobody takes payments here")
    now_s = clock.now_s()
    notice = payment_service().verify(request.body, request.headers.get("Stripe-Signature", ""), now_s)
    if isinstance(notice, NoticeRefused):
        _log.warning("a payment notice is refused: %s", notice.code)
        return HttpResponse(f"{notice.code}\n", status=400, content_type="text/plain")
    is_new = reconciling.noticed(notice, now_s)
    return HttpResponse("seen\n" if is_new else "seen before\n", content_type="text/plain")


@never_cache
@require_safe
def back(_request: HttpRequest, reference: str) -> HttpResponse:
    """The member is back from paying. That proves nothing: the service says what came of it (faults 55)."""
    payment = get_object_or_404(Payment, reference=reference)
    if payment.state == State.PENDING:
        reconciling.one(charging.look_again, payment)
    return redirect(payment.return_url or "/")


@never_cache
@require_safe
def registered(_request: HttpRequest, reference: str) -> HttpResponse:
    """The member is back from registering a credit card; the service says whether they did (faults 55)."""
    visit = get_object_or_404(Registration, reference=reference)
    if visit.next_look_s is not None:
        reconciling.one(customers.look_at, visit)
    return redirect(visit.return_url)
