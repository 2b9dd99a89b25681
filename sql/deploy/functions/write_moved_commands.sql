-- Deploy pgsm:functions/write_moved_commands to pg
-- requires: types/batch_step
-- requires: functions/write_commands
-- requires: tables/instances
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_moved_commands (moves pgsm_private.batch_step[])
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    -- all that a result may have and write_commands has nothing to do with, or what
    -- is done here for all
    v_plain  text[] := '{
        transitions,states,value,tags,history,work,kept,dropped,context,changes,answers,
        notes,emitted,sensitive,zone,commands,release,keys}';
begin
    perform pgsm_private.write_commands(m.instance, m.result)
    from unnest(write_moved_commands.moves) as m
    where m.result ? 'commands' and m.result - v_plain <> '{}';

    -- as release_deferred and write_keys do for one
    update pgsm_private.timers as t
    set status = 'armed', due_at = m.clock
    from unnest(write_moved_commands.moves) as m
    where t.instance_id = (m.instance).instance_id and t.status = 'deferred'
        and m.result ? 'release';

    delete from pgsm_private.instance_keys as k
    using unnest(write_moved_commands.moves) as m
    where m.result ? 'keys'
        and k.instance_id = (m.instance).instance_id
        and (m.result -> 'keys') - 'tenant' ? k.name
        and m.result -> 'keys' ->> k.name is distinct from k.value;

    insert into pgsm_private.instance_keys (instance_id, machine, name, value)
    select (m.instance).instance_id, (m.instance).machine, r.name, r.value
    from unnest(write_moved_commands.moves) as m
    cross join jsonb_each_text((m.result -> 'keys') - 'tenant') as r (name, value)
    where m.result ? 'keys' and r.value is not null
    on conflict do nothing;
end;
$$;

comment on function pgsm_private.write_moved_commands (pgsm_private.batch_step[]) is
    'Write what moves did beside their instances and their kept work: what most do for all, else one by one.';

commit;
