from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Why a reviewer of the highest rank overrode a rule of policy; it is as fixed as the rest of a verdict."""

    dependencies = [("reviews", "0008_red_alerts"), ("governance", "0010_bundles")]
    operations = [
        migrations.AddField(
            model_name="verdict",
            name="override_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("verified_otherwise", "What the rule asks for was verified in another way"),
                    ("rule_unfit", "The rule was not made for a case like this"),
                    ("harm_of_waiting", "Waiting would harm the customer more"),
                    ("ordered", "A law or a court demands it"),
                ],
                default="",
                max_length=18,
            ),
            preserve_default=False,
        ),
        run_file(Path(__file__).parent / "sql" / "0009_overrides.sql"),
    ]
