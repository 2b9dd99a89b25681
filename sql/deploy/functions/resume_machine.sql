-- Deploy pgsm:functions/resume_machine to pg
-- requires: functions/find_version
-- requires: functions/notify_runners
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm.resume_machine (machine text, version integer default null)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.find_version(resume_machine.machine, resume_machine.version);
    update pgsm_private.machine_versions as v
    set paused = false
    where v.machine = resume_machine.machine
        and v.version = coalesce(resume_machine.version, v.version)
        and v.paused;
    perform pgsm_private.notify_runners();
end;
$$;

comment on function pgsm.resume_machine (text, integer) is $comment$
    Let the instances of a paused version (null: of all versions) go on: what has
    waited is due at once.

        select pgsm.resume_machine('order', 2);

    Raises SM002, SM003.
$comment$;

commit;
