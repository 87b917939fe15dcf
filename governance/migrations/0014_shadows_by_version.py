from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The newest answers of a shadow are found without looking through all of them."""

    dependencies = [("governance", "0013_key_use")]
    operations = [
        migrations.AddIndex(
            model_name="shadow",
            index=models.Index(
                models.F("version"), models.OrderBy(models.F("id"), descending=True), name="shadow_of_version"
            ),
        ),
        migrations.AlterField(
            model_name="shadow",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shadows",
                to="governance.bundleversion",
            ),
        ),
    ]
