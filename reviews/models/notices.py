from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from reviews.models.alerts import Alert
from reviews.models.escalations import Escalation


class Channel(models.TextChoices):
    BROWSER = "browser", _("This console, in an open browser")
    SLACK = "slack", _("Slack")
    EMAIL = "email", _("E-mail")


class Digest(models.TextChoices):
    OFF = "off", _("Off")
    HOURLY = "hourly", _("Every hour")
    DAILY = "daily", _("Every day at eight")


# Somebody who never chose: every channel, in this order, and a digest a day.
ORDER = (Channel.BROWSER.value, Channel.SLACK.value, Channel.EMAIL.value)


class Preference(models.Model):
    """What a person chose for themselves; without a row the defaults hold.

    `channels` are those that are on, in the order in which they ring. Quiet hours are local times in `time_zone` (an
    IANA name), from the first to the second, over midnight if that is earlier; both or neither.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="preference")
    language = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    channels = ArrayField(models.CharField(max_length=8, choices=Channel.choices), default=list, blank=True)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    digest = models.CharField(max_length=8, choices=Digest.choices, default=Digest.DAILY.value)
    mail = models.CharField(max_length=254, blank=True)
    slack_member = models.CharField(max_length=24, blank=True)
    theme = models.CharField(max_length=8, default="system")
    keys = models.CharField(max_length=4, default="on")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="preference_quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(
                condition=Q(channels__contained_by=list(ORDER)), name="preference_channels_are_channels"
            ),
        ]

    def __str__(self) -> str:
        return str(self.person_id)


class NoticeKind(models.TextChoices):
    CASE_OPENED = "case_opened", _("A case waits for you")
    CASE_HALF = "case_half", _("Half of the time of a case is over")
    CASE_LATE = "case_late", _("A case is about to expire")
    CASE_HANDED = "case_handed", _("A case was handed to you")
    CASE_ESCALATED = "case_escalated", _("A case was escalated to your rank")
    ALERT = "alert", _("Something to be seen")
    DEAD_LETTER = "dead_letter", _("Messages could not be delivered")
    DIGEST = "digest", _("What waits for you")


class Occasion(models.Model):
    """A case or an alert of which people are still to be told, and when next. Written with what it is about.

    `stage` 0: it is new; 1: half of its time is over; 2: nine tenths are. A row goes when nothing is left to tell.
    """

    case = models.OneToOneField(
        Escalation, null=True, on_delete=models.PROTECT, related_name="occasion", db_constraint=False
    )
    alert = models.OneToOneField(
        Alert, null=True, on_delete=models.PROTECT, related_name="occasion", db_constraint=False
    )
    stage = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(case__isnull=False, alert__isnull=True) | Q(case__isnull=True, alert__isnull=False),
                name="occasion_is_of_one_thing",
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="occasion_due")]

    def __str__(self) -> str:
        return f"{self.case_id or self.alert_id}"


class Notice(models.Model):
    """That one person is told of one thing: the outbox. Once for each person, kind and subject, for ever.

    `subject` names the thing ("case:<id>", "alert:<id>", "digest:<day>"). No text is kept: it is put together from
    typed values when a channel carries it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices")
    subject = models.CharField(max_length=80)
    case = models.ForeignKey(
        Escalation, null=True, on_delete=models.PROTECT, related_name="notices", db_constraint=False
    )
    alert = models.ForeignKey(
        Alert, null=True, on_delete=models.PROTECT, related_name="notices", db_index=False, db_constraint=False
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "subject"], name="notice_once_for_person_and_thing")
        ]
        indexes = [models.Index(F("person"), F("created_at").desc(), name="notice_of_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("waits")
    SENT = "sent", _("sent")
    SKIPPED = "skipped", _("not needed")
    DEAD = "dead", _("could not be delivered")


class Why(models.TextChoices):
    """Why a channel was left out, or why it failed the last time."""

    TAKEN = "taken", _("somebody took the case")
    CLOSED = "closed", _("the case is closed")
    SEEN = "seen", _("the alert was acknowledged")
    OVERTAKEN = "overtaken", _("a later message says more")
    OFF = "off", _("this channel is switched off")
    LEFT = "left", _("this person may not act on it any more")
    OVER = "over", _("it is over")
    REFUSED = "refused", _("the other side refused it")
    BUSY = "busy", _("the other side asked us to wait")
    SLOW = "slow", _("the other side did not answer in time")
    UNREACHABLE = "unreachable", _("the other side could not be reached")
    BROKEN = "broken", _("the other side answered nonsense")


class Delivery(models.Model):
    """One channel of a notice. `due_at` is when it is tried next, or, while somebody sends it, when another may.

    `letter` is set when it is first tried: what was tried in one message has the same. By it the other side may know
    the message, so that what is sent twice can be told apart from what is new; of a message alone it is the `id`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING.value)
    why = models.CharField(max_length=12, choices=Why.choices, blank=True)
    attempts = models.SmallIntegerField(default=0)
    letter = models.UUIDField(null=True)
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once_for_each_channel"),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True) | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="delivery_ends_once",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="delivery_due"),
            models.Index(F("ended_at").desc(), condition=Q(state="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"
