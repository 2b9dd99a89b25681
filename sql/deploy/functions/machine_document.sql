-- Deploy pgsm:functions/machine_document to pg
-- requires: tables/definitions
-- requires: engine/v0_1

begin;
set local role pgsm_owner;

create or replace function pgsm_private.machine_document (machine text, version integer)
  returns text
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_rows  json;
begin
    select json_build_object(
        'settings', json_build_array(json_build_object('settings', v.settings)),
        'states', (
            select json_agg(json_build_object(
                'path', s.path, 'position', s.position, 'parent', s.parent,
                'key', s.key, 'type', s.type, 'settings', s.settings))
            from pgsm_private.states as s
            where s.machine = v.machine and s.version = v.version
        ),
        'transitions', coalesce((
            select json_agg(json_build_object(
                'state', t.state, 'position', t.position, 'kind', t.kind,
                'event', t.event, 'delay', t.delay, 'invoke_id', t.invoke_id,
                'guard', t.guard, 'reenter', t.reenter, 'settings', t.settings))
            from pgsm_private.transitions as t
            where t.machine = v.machine and t.version = v.version
        ), '[]'),
        'actions', coalesce((
            select json_agg(json_build_object(
                'state', a.state, 'owner', a.owner, 'position', a.position,
                'transition_position', nullif(a.transition_position, -1),
                'action', a.action))
            from pgsm_private.actions as a
            where a.machine = v.machine and a.version = v.version
        ), '[]'),
        'invocations', coalesce((
            select json_agg(json_build_object(
                'state', i.state, 'position', i.position, 'invoke_id', i.invoke_id,
                'src', i.src, 'machine', i.child, 'settings', i.settings))
            from pgsm_private.invocations as i
            where i.machine = v.machine and i.version = v.version
        ), '[]'),
        'implementations', coalesce((
            select json_agg(json_build_object(
                'kind', m.kind, 'name', m.name, 'position', m.position,
                'definition', m.definition))
            from pgsm_private.implementations as m
            where m.machine = v.machine and m.version = v.version
        ), '[]')
    )
    into v_rows
    from pgsm_private.machine_versions as v
    where v.machine = machine_document.machine and v.version = machine_document.version;

    return pgsm_engine.call('document', array[v_rows::text]);
end;
$$;

comment on function pgsm_private.machine_document (text, integer) is
    'The definition of a version in normal form, put together from its rows; null when there is none.';

commit;
