"""`farebox centre clerk`: people who work at a counter. Members register themselves, in the portal."""

import json
import sys

import click

from tools.centre.ready import centre_ready
from tools.options import json_option, operator_option

ROLES = ("clerk", "supervisor", "auditor")


@click.group()
def clerk() -> None:
    """People who work at the counter, and what they may do.

    \b
    farebox centre clerk add yamada@example.jp --role clerk --operator lococa
    farebox centre clerk list
    farebox centre clerk password yamada@example.jp
    farebox centre clerk sign-out yamada@example.jp
    farebox centre clerk disable yamada@example.jp
    """


@clerk.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="clerk", show_default=True, help="What they may do.")
@operator_option
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else it is asked for.")
def add(email: str, role: str, scheme: str | None, password_stdin: bool) -> None:
    """Let someone sign in at the counter. The password is asked for, and shown nowhere.

    \b
    farebox centre clerk add yamada@example.jp --role supervisor --operator lococa
    pwgen 20 1 | farebox centre clerk add yamada@example.jp --operator noruca --password-stdin
    """
    if scheme is None and role != "auditor":
        raise click.UsageError("--operator: whose counter do they work at?")
    with centre_ready():
        from allauth.account.models import EmailAddress
        from django.contrib.auth.password_validation import validate_password
        from django.core.exceptions import ValidationError
        from django.core.validators import EmailValidator
        from django.db import transaction

        from centre.users.models import User
        from farebox.feed.operators import load_operators

        try:
            EmailValidator()(email)
        except ValidationError:
            raise click.UsageError(f"{email!r} is not an e-mail address") from None
        known = {book.scheme for book in load_operators().rulebooks}
        if scheme is not None and scheme not in known:
            raise click.UsageError(f"--operator: {scheme!r} is none of {', '.join(sorted(known))}")
        if User.objects.filter(email=email.lower()).exists():
            raise click.UsageError(f"{email} is known already; farebox centre clerk list shows all")
        password = _from_stdin() if password_stdin else _asked()
        try:
            validate_password(password, User(email=email))
        except ValidationError as refused:
            raise click.UsageError(" ".join(refused.messages)) from None
        with transaction.atomic():
            user = User.objects.create_user(email, password, role=role, scheme=scheme or "")
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    click.echo(f"{email}: {role}{f' at {scheme}' if scheme else ''}")


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\n")


def _asked() -> str:
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


@clerk.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """Everyone with a role.

    \b
    farebox centre clerk list --json
    """
    with centre_ready():
        from centre.users.models import Role, User

        for user in User.objects.exclude(role=Role.MEMBER).order_by("email"):
            facts = {"email": user.email, "role": user.role, "operator": user.scheme, "active": user.is_active}
            if as_json:
                click.echo(json.dumps(facts))
            else:
                click.echo(
                    f"{user.email:40} {user.role:12} {user.scheme:18} {'' if user.is_active else 'disabled'}".rstrip()
                )


@clerk.command()
@click.argument("email")
def disable(email: str) -> None:
    """Let someone in no more, at once: their sessions end too. What they did stays in the books.

    \b
    farebox centre clerk disable yamada@example.jp
    """
    with centre_ready():
        from centre.users.models import Role, User

        found = User.objects.exclude(role=Role.MEMBER).filter(email=email.lower()).first()
        if found is None:
            raise click.UsageError(f"{email} is no clerk; farebox centre clerk list shows all")
        found.is_active = False
        found.set_unusable_password()  # which ends every session, should the account ever be opened again
        found.save()
    click.echo(f"{email}: disabled")


@clerk.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else it is asked for.")
def password(email: str, password_stdin: bool) -> None:
    """Give someone of the staff a new password; every session of theirs ends.

    \b
    farebox centre clerk password yamada@example.jp
    """
    with centre_ready():
        from django.contrib.auth.password_validation import validate_password
        from django.core.exceptions import ValidationError

        from centre.users.models import Role, User

        found = User.objects.exclude(role=Role.MEMBER).filter(email=email.lower(), is_active=True).first()
        if found is None:
            raise click.UsageError(f"{email} is no clerk; farebox centre clerk list shows all")
        given = _from_stdin() if password_stdin else _asked()
        try:
            validate_password(given, found)
        except ValidationError as refused:
            raise click.UsageError(" ".join(refused.messages)) from None
        found.set_password(given)
        found.save(update_fields=["password"])
    click.echo(f"{email}: a new password, every session ended")


@clerk.command("sign-out")
@click.argument("email", required=False)
@click.option("--everybody", is_flag=True, help="All of them, members too.")
def sign_out(email: str | None, everybody: bool) -> None:
    """End the sessions of somebody, a member too, or of everybody.

    \b
    farebox centre clerk sign-out noruca@example.com
    farebox centre clerk sign-out --everybody
    """
    if everybody == (email is not None):
        raise click.UsageError("whose: an e-mail address, or --everybody")
    with centre_ready():
        from centre.users.models import User
        from centre.users.sessions import end_sessions

        user = User.objects.filter(email=email.lower()).first() if email else None
        if email and user is None:
            raise click.UsageError(f"{email} is nobody here")
        ended = end_sessions(user)
    click.echo(f"{email or 'everybody'}: {ended} sessions ended")
