-- Deploy pgsm:functions/tell_parent to pg
-- requires: functions/insert_message

begin;
set local role pgsm_owner;

create or replace function pgsm_private.tell_parent (child pgsm_private.instances, reason text)
  returns void
  language plpgsql
as $$
begin
    if child.parent_id is not null then
        perform pgsm_private.insert_message(
            child, child.parent_id, 'error.invoke.' || child.parent_invoke,
            jsonb_build_object('error', jsonb_strip_nulls(jsonb_build_object(
                'type', 'stopped', 'message', 'the child was stopped by hand',
                'data', tell_parent.reason)))
        );
    end if;
end;
$$;

comment on function pgsm_private.tell_parent (pgsm_private.instances, text) is
    'Tell the parent of a child that an operator ended, which would wait for it for ever: error.invoke.<id>.';

commit;
