"""Leaving (退会): what a member told is erased, the books stay without them."""

from django.db import transaction

from centre.payments.services import forget_card
from centre.portal import auto_charging, letters, members
from centre.portal.models import Member
from centre.users.models import User


@transaction.atomic
def leave(member: Member) -> None:
    """Auto-charge ends from the next day, the credit card is forgotten, and nothing of the member is left but a number.

    Raises members.StillPaying while a purchase is not settled.
    """
    user = User.objects.select_for_update().get(pk=member.user_id)
    if members.still_paying(user):
        raise members.StillPaying
    for owned in member.cards.select_related("card"):
        auto_charging.end(owned.card)
    forget_card(user)
    letters.write("left", user.email, member.language, {})
    member.delete()
    user.mail_links.all().delete()
    user.email = f"left-{user.pk}@left.invalid"
    user.is_active = False
    user.set_unusable_password()
    user.save()
