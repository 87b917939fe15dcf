from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from governance.models.catalogue import RISK_CHOICES, ActionType
from governance.policy.mandates import Terms
from governance.policy.tiers import Risk
from governance.policy.working_hours import DAYS, Hours


class Mandate(models.Model):
    """What one reviewer may decide: rank 1-3, money limit, risk, action types, expiry, hours and load.

    `money_limit` is in minor units of the reference currency. No `action_types` at all means all of them. The working
    hours are local times of `work_zone` on `work_days` (1 is Monday); without any it is at any time. `per_hour` and
    `per_day` limit the verdicts of any 60 minutes and any 24 hours; null: they do not.
    """

    reviewer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mandate")
    rank = models.SmallIntegerField(default=1)
    money_limit = models.BigIntegerField(default=0)
    max_risk = models.SmallIntegerField(choices=RISK_CHOICES, default=2)
    action_types = models.ManyToManyField(
        ActionType, blank=True, related_name="mandates", through="governance.Qualification"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    work_zone = models.CharField(max_length=64, blank=True)
    work_days = ArrayField(models.SmallIntegerField(), default=list, blank=True)
    work_from = models.TimeField(null=True, blank=True)
    work_until = models.TimeField(null=True, blank=True)
    per_hour = models.SmallIntegerField(null=True, blank=True)
    per_day = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=3), name="mandate_rank_1_to_3"),
            models.CheckConstraint(condition=Q(money_limit__gte=0), name="mandate_limit_not_negative"),
            models.CheckConstraint(
                condition=Q(work_zone="", work_days=[], work_from__isnull=True, work_until__isnull=True)
                | (
                    ~Q(work_zone="")
                    & ~Q(work_days=[])
                    & Q(work_days__contained_by=list(DAYS), work_from__isnull=False, work_until__isnull=False)
                ),
                name="mandate_hours_are_whole",
            ),
            models.CheckConstraint(
                condition=(Q(per_hour__isnull=True) | Q(per_hour__gte=1))
                & (Q(per_day__isnull=True) | Q(per_day__gte=1)),
                name="mandate_load_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"rank {self.rank}"

    @property
    def hours(self) -> Hours | None:
        """The working hours; None where the mandate holds at any time."""
        if self.work_from is None or self.work_until is None:
            return None
        return Hours(self.work_zone, frozenset(self.work_days), self.work_from, self.work_until)

    @property
    def terms(self) -> Terms:
        """The mandate as a value; reads its qualifications."""
        return Terms(
            rank=self.rank,
            money_limit=self.money_limit,
            max_risk=Risk(self.max_risk),
            expires_at=self.expires_at,
            qualified={each.action_type_id: each.expires_at for each in self.qualifications.all()},
            hours=self.hours,
            per_hour=self.per_hour,
            per_day=self.per_day,
        )


class Qualification(models.Model):
    """That a mandate names one action type, until when. One that has ended counts no more, and still stands."""

    mandate = models.ForeignKey(Mandate, on_delete=models.CASCADE, related_name="qualifications", db_index=False)
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="qualifications")
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mandate", "action_type"], name="qualification_once_for_a_type"),
        ]

    def __str__(self) -> str:
        return str(self.action_type_id)


class Account(models.Model):
    """A record of the record system that is a person's own, by its canonical id: customer, account, address."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts", db_index=False
    )
    record = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "record"], name="account_once_for_a_person"),
            models.CheckConstraint(condition=~Q(record=""), name="account_names_a_record"),
        ]

    def __str__(self) -> str:
        return f"account {self.pk}"


class HaltTarget(models.TextChoices):
    ENTERPRISE = "enterprise"
    DOMAIN = "domain"
    PROJECT = "project"
    AGENT = "agent"
    ACTION_TYPE = "action_type"


class Halt(models.Model):
    """A kill switch that is on until `lifted_at` is set. `key` is the scope key, agent id or type key.

    What it covered recovers in two stages of `recovery_seconds` (0 to a day) each, PROPOSE and then EXECUTE, until
    `recovers_until`; the council may end that earlier.
    """

    target = models.CharField(max_length=11, choices=HaltTarget.choices)
    key = models.CharField(max_length=80)
    reason = models.CharField(max_length=200)
    halted_at = models.DateTimeField()
    halted_by = models.CharField(max_length=150)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=150, blank=True)
    recovery_seconds = models.IntegerField(null=True, blank=True)
    recovers_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-halted_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(recovery_seconds__isnull=True) | Q(recovery_seconds__gte=0, recovery_seconds__lte=86_400),
                name="halt_recovers_within_two_days",
            ),
            models.UniqueConstraint(
                fields=["target", "key"],
                condition=Q(lifted_at__isnull=True),
                name="halt_one_open_per_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.key}"
