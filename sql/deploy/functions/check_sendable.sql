-- Deploy pgsm:functions/check_sendable to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_sendable (
    instance           pgsm_private.instances,
    expected_revision  bigint
)
  returns void
  language plpgsql
  stable
as $$
declare
    v_instance  pgsm_private.instances := check_sendable.instance;
begin
    if v_instance.status = 'paused' then
        raise exception 'instance "%" is paused', v_instance.instance_id
            using errcode = 'SM111',
            hint = 'resume it, or use post_event: a posted event waits';
    elsif v_instance.status = 'deleted' then
        raise exception 'instance "%" was deleted', v_instance.instance_id
            using errcode = 'SM120', detail = format('at %s', v_instance.clock);
    elsif v_instance.status <> 'active' then
        raise exception 'instance "%" is %', v_instance.instance_id, v_instance.status
            using errcode = 'SM110',
            detail = format('it ended at %s', v_instance.finished_at);
    elsif v_instance.revision <> check_sendable.expected_revision then
        raise exception 'instance "%" is at revision %, not %',
            v_instance.instance_id, v_instance.revision, check_sendable.expected_revision
            using errcode = 'SM108', hint = 'read it again and decide anew';
    end if;
end;
$$;

comment on function pgsm_private.check_sendable (pgsm_private.instances, bigint) is
    'Refuse an event for an instance that is paused (SM111), has ended (SM110, SM120) or is at another revision (SM108).';

commit;
