"""Who is signed in: the user and what the portal knows of the member, in one query, for every page asks for both."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from centre.users.models import User


class Backend(ModelBackend):
    """Django's own, but for that."""

    def get_user(self, user_id: Any) -> User | None:
        """The user of a session; None for one who is gone or may not sign in any more."""
        user = User.objects.select_related("member").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
