-- Deploy pgsm:functions/set_current_version to pg
-- requires: functions/find_version
-- requires: functions/set_next_versions
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm.set_current_version (machine text, version integer)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.find_version(set_current_version.machine, set_current_version.version);
    update pgsm_private.machines as m
    set current_version = set_current_version.version
    where m.machine = set_current_version.machine;
    perform pgsm_private.set_next_versions(set_current_version.machine);
end;
$$;

comment on function pgsm.set_current_version (text, integer) is $comment$
    Say which version new instances of a machine start with.

        select pgsm.set_current_version('order', 2);

    Running instances stay on theirs, unless the machine's upgrades are lazy
    (set_upgrade_policy).  Raises SM002 or SM003 when there is no
    such machine or version.
$comment$;

commit;
