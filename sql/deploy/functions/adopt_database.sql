-- Deploy pgsm:functions/adopt_database to pg
-- requires: tables/settings

begin;
set local role pgsm_owner;

create or replace function pgsm.adopt_database ()
  returns integer
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_epoch  integer;
begin
    update pgsm_private.settings as s
    set system_identifier = c.system_identifier::text,
        database_oid = d.oid,
        epoch = s.epoch + 1
    from pg_catalog.pg_control_system() as c, pg_catalog.pg_database as d
    where d.datname = current_database()
    returning s.epoch into v_epoch;
    return v_epoch;
end;
$$;

comment on function pgsm.adopt_database () is $comment$
    Let a restored copy act: fire its timers, run its effects.

        select pgsm.adopt_database();

    Until then drivers and claims refuse to run in a database that is not the
    one where pgsm was deployed.  Returns the epoch, which is a part of every
    idempotency key and is raised, so that the copy's effects are not taken for
    the original's.
$comment$;

commit;
