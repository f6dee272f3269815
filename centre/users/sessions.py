"""Sessions, ended from outside: by an administrator, on every machine at once, for they lie in the database."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from centre.users.models import User


def end_sessions(user: User | None) -> int:
    """End every session of a user, or of everybody; how many there were. Who is not signed in keeps theirs."""
    ended = 0
    for session in Session.objects.iterator(chunk_size=500):
        whose = session.get_decoded().get(SESSION_KEY)
        if whose is not None and (user is None or whose == str(user.pk)):
            session.delete()
            ended += 1
    return ended
