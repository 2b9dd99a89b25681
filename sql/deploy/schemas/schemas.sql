-- Deploy pgsm:schemas/schemas to pg
-- requires: roles/roles

begin;

create schema pgsm authorization pgsm_owner;
comment on schema pgsm is
    'Statecharts in PostgreSQL: the functions that clients call and the views that they read.';

create schema pgsm_private authorization pgsm_owner;
comment on schema pgsm_private is
    'pgsm''s tables and helpers.  Nobody outside of pgsm touches it.';

-- The superuser who deploys owns this schema: the owner of a schema can drop
-- and remake what is in it, and what is in it runs untrusted-language code.
create schema pgsm_engine;
comment on schema pgsm_engine is
    'The interpreter''s source and its one function; belongs to the superuser who deployed it.';
grant usage on schema pgsm_engine to pgsm_owner;

alter default privileges for role pgsm_owner revoke execute on functions from public;
alter default privileges for role pgsm_owner revoke usage on types from public;

commit;
