"""Who signs in. A member is known by an e-mail address; so is a clerk, who has a role besides."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class UserManager(BaseUserManager["User"]):
    """Makes users."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user, saved. ValueError for no address."""
        if not email:
            raise ValueError("a user without an e-mail address")
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class Role(models.TextChoices):
    """What a user may do. A supervisor may all that a clerk may, and approves what takes two (faults 47)."""

    MEMBER = "member", "会員"
    CLERK = "clerk", "窓口係"
    SUPERVISOR = "supervisor", "責任者"
    AUDITOR = "auditor", "監査"


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a password. What a member told besides (PRT-1) is the portal's `Member`."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)
    scheme = models.CharField(max_length=32, blank=True)
    """The operator whose counter a clerk works at; empty for a member."""
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
