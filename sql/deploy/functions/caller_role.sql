-- Deploy pgsm:functions/caller_role to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.caller_role ()
  returns text
  language sql
  stable
begin atomic
    select case pg_catalog.current_setting('role')
        when 'none' then session_user::text
        else pg_catalog.current_setting('role')
    end;
end;

comment on function pgsm_private.caller_role () is
    'The role that calls: the one that was set, else the session''s user (current_user is pgsm_owner here).';

commit;
