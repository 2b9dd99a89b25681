-- Deploy pgsm:functions/keyed_instance to pg
-- requires: functions/find_keyed

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keyed_instance (
    machine   text,
    name      text,
    value     text,
    event_id  text
)
  returns text
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_live  text[];
    v_all   text[];
    v_told  text;
begin
    select
        coalesce(array_agg(i.instance_id) filter (where i.status in ('active', 'paused')), '{}'),
        coalesce(array_agg(i.instance_id), '{}')
    into v_live, v_all
    from pgsm_private.find_keyed(
        keyed_instance.machine, keyed_instance.name, keyed_instance.value
    ) as i;
    -- whoever took the event before answers it again, even when it has ended since
    select e.instance_id
    into v_told
    from pgsm_private.event_ids as e
    where e.instance_id = any (v_all) and e.event_id = keyed_instance.event_id
    order by e.instance_id
    limit 1;
    if v_told is not null then
        return v_told;
    elsif cardinality(v_live) = 1 or cardinality(v_all) = 1 then
        return coalesce(v_live[1], v_all[1]);
    elsif cardinality(v_live) = 0 then
        raise exception 'no instance of machine "%" has % = "%"',
            keyed_instance.machine, keyed_instance.name, keyed_instance.value
            using errcode = 'SM118',
            detail = format('%s that had it are over', cardinality(v_all)),
            hint = 'a key changes with its context; see pgsm.instance_keys';
    end if;
    raise exception '% instances of machine "%" have % = "%"', cardinality(v_live),
        keyed_instance.machine, keyed_instance.name, keyed_instance.value
        using errcode = 'SM119',
        detail = array_to_string(v_live[1:5], ', ')
            || case when cardinality(v_live) > 5 then ', …' else '' end,
        hint = 'select * from pgsm.find_instances(machine, name, value) and choose';
end;
$$;

comment on function pgsm_private.keyed_instance (text, text, text, text) is $comment$
    The id of the one instance with a key that an event is for: the one that has
    taken this event_id, else the only one that is not over, else the only one.
    Raises SM118 where there is none, SM119 where there are many.
$comment$;

commit;
