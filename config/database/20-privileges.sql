-- Run once in every new database of Placet, by a superuser, after the roles exist.
-- placet_owner alters the schema (migrate); what placet_app may do to each table, migrate says.
revoke all on schema public from public;
grant usage, create on schema public to placet_owner;
grant usage on schema public to placet_app;
