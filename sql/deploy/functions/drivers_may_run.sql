-- Deploy pgsm:functions/drivers_may_run to pg
-- requires: tables/settings

begin;
set local role pgsm_owner;

create or replace function pgsm_private.drivers_may_run ()
  returns boolean
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    if current_setting('pgsm.drivers', true) = 'off' then
        return false;
    end if;
    return exists (
        select
        from pgsm_private.settings as s
        join pg_catalog.pg_database as d
            on d.oid = s.database_oid and d.datname = current_database()
        where s.system_identifier = (
            select c.system_identifier::text from pg_catalog.pg_control_system() as c
        )
    );
end;
$$;

comment on function pgsm_private.drivers_may_run () is $comment$
    Whether timers may fire and effects be claimed here: not in a copy (another
    system identifier or database oid than the adopted pair), and not where
    postgresql.conf says pgsm.drivers = off.
$comment$;

commit;
