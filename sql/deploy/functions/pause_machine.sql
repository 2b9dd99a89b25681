-- Deploy pgsm:functions/pause_machine to pg
-- requires: functions/find_version
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm.pause_machine (machine text, version integer default null)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.find_version(pause_machine.machine, pause_machine.version);
    update pgsm_private.machine_versions as v
    set paused = true
    where v.machine = pause_machine.machine
        and v.version = coalesce(pause_machine.version, v.version)
        and not v.paused;
end;
$$;

comment on function pgsm.pause_machine (text, integer) is $comment$
    Stop all instances of a version of a machine (null: of all versions), at once,
    until resume_machine.

        select pgsm.pause_machine('order', 2);

    Sent events and new instances are refused (SM122); posted events and timers wait;
    effects are not claimed, and the results of running ones wait.  Upgrades go on:
    an instance that is moved to a version that is not paused runs.  Raises SM002, SM003.
$comment$;

commit;
