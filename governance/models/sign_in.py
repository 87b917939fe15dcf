from __future__ import annotations

from django.conf import settings
from django.db import models


class Session(models.Model):
    """Somebody's browser. `key` is the hash of what its cookie says, `data` what Django signed.

    All three times are the database's. `place` is an address, `client` closed words about the browser.
    """

    key = models.CharField(max_length=64, unique=True)
    data = models.TextField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    place = models.CharField(max_length=45, blank=True)
    client = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"session {self.pk}"


class Throttle(models.Model):
    """A counter that slows down whoever guesses passwords or codes; gone after `until`."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class Invitation(models.Model):
    """A link by which a person chooses a password, once and before it expires. Only its hash is kept."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations")
    token_hash = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(closed_at__isnull=True), name="invitation_one_open_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Identity(models.Model):
    """How single sign-on knows a person: the subject at the provider, or else an address it has verified."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="identity")
    subject = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=~models.Q(subject=""), name="identity_one_subject"),
            models.UniqueConstraint(fields=["email"], condition=~models.Q(email=""), name="identity_one_email"),
            models.CheckConstraint(condition=~models.Q(subject="", email=""), name="identity_says_something"),
        ]

    def __str__(self) -> str:
        return f"identity {self.pk}"
