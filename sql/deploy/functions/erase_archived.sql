-- Deploy pgsm:functions/erase_archived to pg
-- requires: tables/retention
-- requires: types/snapshot

begin;
set local role pgsm_owner;

create or replace function pgsm_private.erase_archived (instance_id text)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_last  pgsm_private.archived_instances;
begin
    update pgsm_private.archived_instances as a
    set tenant = null,
        keys = '{}',
        instance = a.instance || '{"context": {}, "history": {}, "work": {}, "output": null, "tenant": null}',
        log = (
            select coalesce(jsonb_agg(
                l.step - '{facts,event_id,changes,answers,notes,emitted}'::text[]
                    || jsonb_build_object('data', '{}'::jsonb, 'actor',
                        jsonb_build_object('role', l.step #> '{actor,role}'))
                order by l.place), '[]')
            from jsonb_array_elements(a.log) with ordinality as l (step, place)
        ),
        effects = (
            select coalesce(jsonb_agg(
                e.effect - '{input,output,progress,tenant,error,key}'::text[] order by e.place), '[]')
            from jsonb_array_elements(a.effects) with ordinality as e (effect, place)
        )
    where a.instance_id = erase_archived.instance_id;

    select a.* into v_last
    from pgsm_private.archived_instances as a
    where a.instance_id = erase_archived.instance_id
    order by a.archived_at desc
    limit 1;
    if not found then
        return null;
    end if;
    return row(
        v_last.instance_id, v_last.machine, v_last.version, v_last.status,
        v_last.instance -> 'value', array(select jsonb_array_elements_text(v_last.instance -> 'states')),
        '{}'::jsonb, array(select jsonb_array_elements_text(v_last.instance -> 'tags')), null,
        (v_last.instance ->> 'revision')::bigint, null, '{"archived": true}'::jsonb
    )::pgsm.snapshot;
end;
$$;

comment on function pgsm_private.erase_archived (text) is $comment$
    Empty what the archive has of an id, as erase_instance does; what the last of them
    was, null where there is none.
$comment$;

commit;
