-- Deploy pgsm:functions/version_parts to pg
-- requires: tables/definitions

begin;
set local role pgsm_owner;

create or replace function pgsm_private.version_parts (machine text, version integer)
  returns table (kind text, name text, part jsonb)
  language sql
  stable
as $$
    select 'state', s.path,
        jsonb_build_object('type', s.type) || s.settings::jsonb
    from pgsm_private.states as s
    where s.machine = $1 and s.version = $2 and s.path <> ''
    union all
    select
        case when t.kind = 'after' then 'timer' else 'transition' end,
        concat_ws(' ', nullif(t.state, ''), t.kind, coalesce(t.delay, t.event))
            || coalesce(' #' || nullif(row_number() over (
                partition by t.state, t.kind, t.event, t.delay order by t.position), 1)::text, ''),
        -- jsonb_strip_nulls would also take the nulls out of guards and actions
        (
            select coalesce(jsonb_object_agg(p.key, p.value), '{}')
            from (
                values
                ('targets', to_jsonb(t.targets)), ('guard', t.guard::jsonb),
                ('reenter', to_jsonb(t.reenter)), ('actions', a.actions)
            ) as p (key, value)
            where p.value is not null
        )
    from pgsm_private.transitions as t
    left join lateral (
        select jsonb_agg(a.action::jsonb order by a.position) as actions
        from pgsm_private.actions as a
        where a.machine = t.machine and a.version = t.version and a.state = t.state
            and a.owner = 'transition' and a.transition_position = t.position
    ) as a on true
    where t.machine = $1 and t.version = $2
    union all
    select 'action', concat_ws(' ', nullif(a.state, ''), a.owner),
        jsonb_agg(a.action::jsonb order by a.position)
    from pgsm_private.actions as a
    where a.machine = $1 and a.version = $2 and a.owner <> 'transition'
    group by a.state, a.owner
    union all
    select 'invocation', concat_ws(' ', nullif(i.state, ''), i.invoke_id),
        jsonb_strip_nulls(jsonb_build_object('src', i.src, 'machine', i.child))
            || i.settings::jsonb
    from pgsm_private.invocations as i
    where i.machine = $1 and i.version = $2
    union all
    select m.kind, m.name, m.definition::jsonb
    from pgsm_private.implementations as m
    where m.machine = $1 and m.version = $2
    union all
    select 'machine', r.key, r.value
    from pgsm_private.machine_versions as v
    cross join jsonb_each(v.settings::jsonb) as r (key, value)
    where v.machine = $1 and v.version = $2
$$;

comment on function pgsm_private.version_parts (text, integer) is
    'The parts of a version by kind and name, each as one value that can be compared.';

commit;
