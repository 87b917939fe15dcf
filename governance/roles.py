from __future__ import annotations

from typing import Any

from django.db import connections

# What the application may add and read, and nobody through it may change or take away.
APPEND_ONLY = (
    "governance_ledgerentry",
    "governance_decision",
    "governance_execution",
    "governance_refusal",
    "governance_breach",
    "governance_snapshot",
    "governance_fact",
    "governance_toolreading",
    "governance_toolsignal",
    "governance_sealedtext",
    "governance_daykey",
    "governance_seen",
    "governance_rate",
    "governance_keyuse",
    "governance_shadow",
    "reviews_draw",
    "reviews_finding",
    "reviews_bindingrequest",
    "reviews_extension",
    "reviews_notice",
    "reviews_showing",
    "reviews_handover",
    "reviews_repeat",
    "reviews_practiceanswer",
    "reviews_practised",
)

# Nobody forgets what a budget has spent, nor how an agent stands. Of an entry the application says what happened and
# who did it; the database numbers, dates and hashes it.
_GRANT = """
do $$
declare t text;
begin
  if not exists (select 1 from pg_roles where rolname = 'placet_app')
    or current_user = 'placet_app' then return; end if;
  execute 'grant usage on schema public to placet_app';
  execute 'grant select, insert, update, delete on all tables in schema public to placet_app';
  execute 'grant usage, select on all sequences in schema public to placet_app';
  execute 'revoke insert, update, delete on django_migrations from placet_app';
  for t in select relname from pg_class where relkind = 'r'
      and relname = any(string_to_array(current_setting('placet.append_only'), ',')) loop
    execute format('revoke update, delete on %I from placet_app', t);
  end loop;
  if to_regclass('governance_budget') is not null then
    revoke delete on governance_budget from placet_app;
  end if;
  if to_regclass('governance_standing') is not null then
    revoke delete on governance_standing from placet_app;
  end if;
  if to_regclass('governance_ledgerentry') is not null then
    revoke insert on governance_ledgerentry from placet_app;
    grant insert (kind, actor, body) on governance_ledgerentry to placet_app;
  end if;
end $$
"""


def grant_application_role(*, using: str, **kwargs: Any) -> None:
    """After each migration run give `placet_app` its rights: never TRUNCATE, append-only stays so, budgets stay.

    Does nothing where the role does not exist or is itself the migrating one (a single
    `DATABASE_URL`): then only the triggers stand, and `manage.py check` says so.
    """
    with connections[using].cursor() as cursor:
        # a DO block takes no parameters, a setting of this session carries the list instead
        cursor.execute("select set_config('placet.append_only', %s, false)", [",".join(APPEND_ONLY)])
        cursor.execute(_GRANT)
