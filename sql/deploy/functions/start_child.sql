-- Deploy pgsm:functions/start_child to pg
-- requires: functions/take_start
-- requires: functions/insert_message
-- requires: functions/is_fatal
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm_private.start_child (
    parent  pgsm_private.instances,
    child   jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_parent    pgsm_private.instances := start_child.parent;
    v_child     pgsm_private.instances;
    v_version   pgsm_private.machine_versions;
    v_message   text;
    v_code      text;
begin
    v_child.instance_id := start_child.child ->> 'instance';
    v_child.parent_id := v_parent.instance_id;
    v_child.parent_invoke := start_child.child ->> 'id';
    v_child.incarnation := left(gen_random_uuid()::text, 8);
    v_child.revision := 0;
    v_child.clock := v_parent.clock;
    begin
        if v_parent.depth >= 20 then
            raise exception 'children are nested more than 20 levels deep'
                using errcode = 'SM116';
        end if;
        v_version := pgsm_private.find_version(start_child.child ->> 'machine', null);
        insert into pgsm_private.instances (
            instance_id, machine, version, checksum, status, states, context, revision,
            incarnation, parent_id, parent_invoke, depth, tenant, clock, started_at
        )
        values (
            v_child.instance_id, v_version.machine, v_version.version, v_version.checksum,
            'active', '{}', '{}', 0, v_child.incarnation, v_child.parent_id,
            v_child.parent_invoke, v_parent.depth + 1, v_parent.tenant, v_parent.clock,
            v_parent.clock
        )
        returning * into v_child;
        perform pgsm_private.take_start(
            v_child, coalesce(start_child.child -> 'input', '{}'), '{"role": "system"}'
        );
    exception
        when others then
            if pgsm_private.is_fatal(sqlstate) then
                raise;
            end if;
            get stacked diagnostics v_message = message_text, v_code = returned_sqlstate;
    end;
    if v_code is null then
        return;
    end if;
    -- nothing of its first step is left; the row stays, where there is such a machine
    insert into pgsm_private.instances (
        instance_id, machine, version, checksum, status, states, context, revision,
        incarnation, parent_id, parent_invoke, depth, tenant, clock, started_at, finished_at
    )
    select
        v_child.instance_id, v.machine, v.version, v.checksum, 'failed', '{}', '{}', 0,
        v_child.incarnation, v_child.parent_id, v_child.parent_invoke, v_parent.depth + 1,
        v_parent.tenant, v_parent.clock, v_parent.clock, v_parent.clock
    from pgsm_private.machine_versions as v
    where v.machine = v_version.machine and v.version = v_version.version
    on conflict do nothing;
    perform pgsm_private.insert_message(
        v_child, v_parent.instance_id, 'error.invoke.' || v_child.parent_invoke,
        jsonb_build_object('error', jsonb_build_object(
            'type', 'start', 'message', v_message, 'code', v_code))
    );
end;
$$;

comment on function pgsm_private.start_child (pgsm_private.instances, jsonb) is $comment$
    Start a child of an instance that has just been written, in a subtransaction:
    its row and its first step.  Where that is refused the child is failed and
    its parent gets error.invoke.<id>.

    child: {"id", "instance", "machine", "input"}.
$comment$;

commit;
