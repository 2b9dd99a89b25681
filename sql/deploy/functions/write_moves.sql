-- Deploy pgsm:functions/write_moves to pg
-- requires: functions/write_moved_instances
-- requires: functions/keep_moved_timers
-- requires: functions/keep_moved_effects
-- requires: functions/write_moved_keys
-- requires: functions/write_commands
-- requires: functions/notify_watchers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_moves (
    moves    pgsm_private.batch_step[],
    version  pgsm_private.machine_versions,
    origin   text,
    actor    jsonb
)
  returns pgsm_private.batch_step[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_written  pgsm_private.batch_step[];
    -- all that a result may have and write_commands has nothing to do with, or what
    -- write_moved_keys does for all
    v_plain    text[] := '{
        transitions,states,value,tags,history,work,kept,dropped,context,changes,answers,
        notes,emitted,sensitive,zone,commands,release,keys}';
begin
    v_written := pgsm_private.write_moved_instances(
        write_moves.moves, write_moves.version, write_moves.origin, write_moves.actor
    );
    if cardinality(v_written) is distinct from cardinality(write_moves.moves) then
        raise exception 'instance "%" was changed by a call of its own step',
            ((write_moves.moves)[1].instance).instance_id
            using errcode = 'SM106', hint = 'use post_event in functions that a machine calls';
    end if;
    perform pgsm_private.keep_moved_timers(v_written, (write_moves.version).time_zone);
    perform pgsm_private.keep_moved_effects(v_written);
    perform pgsm_private.write_moved_keys(v_written);
    perform pgsm_private.write_commands(m.instance, m.result)
    from unnest(v_written) as m
    where m.result ? 'commands' and m.result - v_plain <> '{}';
    perform pgsm_private.notify_watchers(m.instance)
    from unnest(v_written) as m
    where (m.instance).watched_until is not null;
    return v_written;
end;
$$;

comment on function pgsm_private.write_moves (
    pgsm_private.batch_step[], pgsm_private.machine_versions, text, jsonb
) is $comment$
    Write what the engine made of instances of one machine that move to a version, and
    are locked: instances, log, what goes on of their timers and effects, then each
    one's commands.  Returns them as they are then.  Raises SM106 where one is not as it
    was read.

    Lock order: the instances (locked by the caller), their timers, their effects.
$comment$;

commit;
