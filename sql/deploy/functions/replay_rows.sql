-- Deploy pgsm:functions/replay_rows to pg
-- requires: functions/time_text
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm_private.replay_rows (instance_id text)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'revision', l.revision, 'origin', l.origin, 'event', l.event, 'data', l.data,
            'facts', l.facts, 'clock', pgsm_private.time_text(l.clock), 'actor', l.actor,
            'answers', l.answers, 'states', l.target_states, 'changes', l.changes
        ) order by l.revision), '[]')
        from pgsm_private.event_log as l
        where l.instance_id = $1
    );
end;
$$;

comment on function pgsm_private.replay_rows (text) is
    'The recorded steps of an instance, as the engine replays them.';

commit;
