from __future__ import annotations

from django.db import migrations

# A filter that few of a million cases pass is a range of one index only for a planner that has seen its value: the
# usual sample of 30,000 rows misses forty of them now and then, and the page then reads every open case.
_COLUMNS = ("action_type_id", "domain_id", "rank", "risk")


def _target(rows: int) -> str:
    each = ", ".join(f"alter column {column} set statistics {rows}" for column in _COLUMNS)
    return f"alter table reviews_escalation {each}"


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_case_ids_tell_age")]

    operations = [migrations.RunSQL(_target(10000), _target(-1))]
