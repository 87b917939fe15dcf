from __future__ import annotations

from django.db import models


class LedgerEntry(models.Model):
    """One state change, append-only. The database computes `at` and `leaf` (migration 0002).

    leaf = SHA-256(0x00 || seq || at || kind || actor || body), the parts as migration 0002 frames
    them; `body` are the RFC 8785 bytes themselves, so that verifying never serialises again.
    """

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor = models.CharField(max_length=200)
    body = models.BinaryField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["seq"]
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class DayKey(models.Model):
    """The secret that selects the draws of one UTC day; its hash is in the ledger before it is used."""

    day = models.DateField(primary_key=True)
    secret = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.day)
