-- Deploy pgsm:functions/actor to pg
-- requires: functions/caller_role

begin;
set local role pgsm_owner;

create or replace function pgsm_private.actor ()
  returns jsonb
  language sql
  stable
begin atomic
    select pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'role', case pg_catalog.current_setting('role')
            when 'none' then session_user::text
            else pg_catalog.current_setting('role')
        end,
        'claims', nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb
    ));
end;

comment on function pgsm_private.actor () is $comment$
    Who calls: {"role", "claims"}, as expressions read it in auth.  Inside of a
    definer function the role is the one that was set, else the session's user.
    request.jwt.claims that are no JSON are an error (22P02).
$comment$;

commit;
