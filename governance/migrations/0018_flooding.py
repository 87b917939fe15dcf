from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

from governance.policy.standing import Why


class Migration(migrations.Migration):
    """An agent that fills the queue has a latch of its own for it."""

    dependencies = [("governance", "0017_key_rotation")]
    operations = [
        migrations.AlterField(
            model_name="standing",
            name="why",
            field=models.CharField(blank=True, choices=[(why.value, why.value) for why in Why], max_length=12),
        ),
        migrations.RemoveConstraint(model_name="standing", name="standing_latch_is_known"),
        migrations.AddConstraint(
            model_name="standing",
            constraint=models.CheckConstraint(
                condition=Q(latch__in=["agent", "cases"])
                | Q(latch__regex=r"^(type|level):[1-9][0-9]*$")
                | Q(latch__startswith="key:"),
                name="standing_latch_is_known",
            ),
        ),
    ]
