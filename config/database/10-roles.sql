-- Run by psql when the PostgreSQL container makes its data folder; passwords come from its environment.
\getenv owner_password PLACET_OWNER_PASSWORD
\getenv app_password PLACET_APP_PASSWORD
create role placet_owner login password :'owner_password';
create role placet_app login password :'app_password';
