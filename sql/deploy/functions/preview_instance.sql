-- Deploy pgsm:functions/preview_instance to pg
-- requires: types/upgrade_preview
-- requires: functions/take_upgrade
-- requires: functions/instance_facts
-- requires: functions/context_changes
-- requires: functions/is_fatal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.preview_instance (
    instance  pgsm_private.instances,
    version   integer,
    actor     jsonb
)
  returns pgsm.upgrade_preview
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := preview_instance.instance;
    v_preview   pgsm.upgrade_preview;
begin
    v_preview.instance_id := v_instance.instance_id;
    v_preview.from_version := v_instance.version;
    v_preview.to_version := preview_instance.version;
    v_preview.before := pgsm_private.instance_facts(v_instance);
    begin
        perform pgsm_private.take_upgrade(v_instance, preview_instance.version, preview_instance.actor);
        select i.* into v_instance
        from pgsm_private.instances as i
        where i.instance_id = v_instance.instance_id;
        v_preview.after := pgsm_private.instance_facts(v_instance);
        v_preview.changes := pgsm_private.context_changes(
            (preview_instance.instance).context, v_instance.context
        );
        raise exception 'only a preview' using errcode = 'SM900';
    exception
        when others then
            if pgsm_private.is_fatal(sqlstate) then
                raise;
            elsif sqlstate <> 'SM900' then
                v_preview.code := sqlstate;
                v_preview.message := sqlerrm;
            end if;
    end;
    return v_preview;
end;
$$;

comment on function pgsm_private.preview_instance (pgsm_private.instances, integer, jsonb) is
    'Upgrade a locked instance, look at it, and roll that back.';

commit;
