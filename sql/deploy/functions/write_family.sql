-- Deploy pgsm:functions/write_family to pg
-- requires: functions/insert_message
--
-- Plpgsql binds late: start_child, which writes a step of its own, comes after this.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_family (
    instance  pgsm_private.instances,
    result    jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := write_family.instance;
    v_one       jsonb;
begin
    foreach v_one in array array(
        select jsonb_array_elements(write_family.result -> 'stops')
    ) loop
        perform pgsm_private.insert_message(v_instance, v_one #>> '{}', 'pgsm.stop', '{}');
    end loop;
    foreach v_one in array array(
        select jsonb_array_elements(write_family.result -> 'children')
    ) loop
        perform pgsm_private.start_child(v_instance, v_one);
    end loop;
    if v_instance.status = 'done' and v_instance.parent_id is not null then
        perform pgsm_private.insert_message(
            v_instance, v_instance.parent_id, 'done.invoke.' || v_instance.parent_invoke,
            jsonb_build_object('output', coalesce(v_instance.output, 'null'))
        );
    end if;
end;
$$;

comment on function pgsm_private.write_family (pgsm_private.instances, jsonb) is $comment$
    Write what a step means for parent and children: stops are messages, started
    children take their first step, a child that is done tells its parent.
    Locks no instance.
$comment$;

commit;
