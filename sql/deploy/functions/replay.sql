-- Deploy pgsm:functions/replay to pg
-- requires: functions/replay_instance
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm.replay (
    machine          text,
    version          integer,
    instances        text[] default null,
    max_instances    integer default 1000,
    out instance_id  text,
    out events       integer,
    out revision     bigint,
    out event        text,
    out difference   text,
    out expected     jsonb,
    out actual       jsonb
)
  returns setof record
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_version   pgsm_private.machine_versions;
    v_instance  pgsm_private.instances;
    v_id        text;
    v_result    jsonb;
begin
    v_version := pgsm_private.find_version(replay.machine, replay.version);
    foreach v_id in array array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.machine = v_version.machine
            and (replay.instances is null or i.instance_id = any (replay.instances))
        order by i.instance_id
        limit replay.max_instances
    ) loop
        select i.* into v_instance
        from pgsm_private.instances as i
        where i.instance_id = v_id;
        v_result := pgsm_private.replay_instance(v_instance, v_version);
        replay.instance_id := v_instance.instance_id;
        replay.events := v_result -> 'events';
        replay.revision := v_result ->> 'revision';
        replay.event := v_result ->> 'event';
        replay.difference := v_result ->> 'difference';
        replay.expected := v_result -> 'expected';
        replay.actual := v_result -> 'found';
        return next;
    end loop;
end;
$$;

comment on function pgsm.replay (text, integer, text[], integer) is $comment$
    Run the recorded events of instances through a version, changing nothing, and say
    where each goes another way than it went.

        select * from pgsm.replay('order', 3) where difference is not null;

    Returns a row an instance: events is how many agreed.  difference is null where all do; else state, context,
    not_taken, refused, unrecorded (the version asks a function that was not asked
    then), or why the replay ends there: redacted, upgraded, no_start (the log's first
    rows are gone).  expected is what is recorded, actual what the version makes of it.  Calls get their recorded results,
    in their order; states are compared through the declared map, and what each event changed in the
    context, where the upgrade maps no context.  Raises SM002, SM003.
$comment$;

commit;
