"""A demo's drawer of card images (模擬): laid on the desk, taken in as files, made blank, taken away as files."""

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from cardimage.image import MAX_FILE_BYTES, ImageFault
from centre.counter import at_hand
from centre.counter.desk import ImageDesk
from centre.counter.models import DrawerCard
from centre.users.staff import AT_THE_COUNTER, clerk_of, for_staff
from centre.words import both, said

MOST_CARDS = 200


class Upload(forms.Form):
    """A card image's file."""

    file = forms.FileField(label=both("カードファイル", "Card image"), max_length=60)


def _only_with_images() -> None:
    if not at_hand.is_image():
        raise Http404


def _home() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("counter:home"))


@require_POST
@for_staff(*AT_THE_COUNTER)
def lay(request: HttpRequest) -> HttpResponse:
    """Lay one on the desk; none: lift what lies there."""
    _only_with_images()
    pk = request.POST.get("card", "")
    scheme = clerk_of(request).scheme
    card = get_object_or_404(DrawerCard, scheme=scheme, pk=int(pk)) if pk.isdecimal() and len(pk) < 19 else None
    at_hand.lay(request, card)
    return _home()


@require_POST
@for_staff(*AT_THE_COUNTER)
def blank(request: HttpRequest) -> HttpResponse:
    """A blank card, on the desk at once."""
    _only_with_images()
    _put(request, at_hand.blank_image(), said("白カード", "blank"))
    return _home()


@require_POST
@for_staff(*AT_THE_COUNTER)
def upload(request: HttpRequest) -> HttpResponse:
    """A file becomes a card on the desk, if it is a simulated card of ours. At most 1 MiB."""
    _only_with_images()
    form = Upload(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, said("ファイルを選んでください。", "Choose a file."))
        return _home()
    file = form.cleaned_data["file"]
    data = file.read(MAX_FILE_BYTES + 1)
    try:
        ImageDesk(data, file.name)
    except ImageFault as fault:
        messages.error(request, str(fault))
        return _home()
    _put(request, data, file.name.removesuffix(".card.cbor"))
    return _home()


@require_safe
@for_staff(*AT_THE_COUNTER)
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The card as it is now, as a file that `farebox` reads."""
    _only_with_images()
    card = get_object_or_404(DrawerCard, scheme=clerk_of(request).scheme, pk=pk)
    response = HttpResponse(bytes(card.data), content_type="application/cbor")
    response["Content-Disposition"] = f'attachment; filename="card-{card.pk}.card.cbor"'
    return response


def _put(request: HttpRequest, data: bytes, name: str) -> None:
    """Into the drawer, under a name of its own, and on the desk."""
    scheme = clerk_of(request).scheme
    if DrawerCard.objects.filter(scheme=scheme).count() >= MOST_CARDS:
        messages.error(request, said("引出しがいっぱいです。", "The drawer is full."))
        return
    for nth in range(1, MOST_CARDS + 2):
        try:
            with transaction.atomic():
                card = DrawerCard.objects.create(scheme=scheme, name=f"{name[:50]} {nth}", data=data)
        except IntegrityError:
            continue
        at_hand.lay(request, card)
        return
