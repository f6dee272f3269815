"""People at a counter, for tests, and a clock that the test moves."""

from collections.abc import Callable

from django.test import Client

from centre.users.models import Role, User

PASSWORD = "大変 長い passphrase 2026"
SCHEME = "lococa"


def person(role: Role, name: str = "", scheme: str = SCHEME) -> User:
    """Somebody with a role, saved."""
    return User.objects.create_user(f"{name or role.value}@example.jp", PASSWORD, role=role, scheme=scheme)


def signed_in(user: User) -> Client:
    """A browser at the counter, signed in by its page."""
    client = Client()
    response = client.post("/counter/login", {"email": user.email, "password": PASSWORD})
    assert response.status_code == 302, response.content.decode()
    return client


class Clock:
    """The centre's clock as a test sets it."""

    def __init__(self, at_s: int, put: Callable[[Callable[[], int]], None]) -> None:
        self.at_s = at_s
        put(lambda: self.at_s)

    def on(self, seconds: int) -> None:
        """Later."""
        self.at_s += seconds
