-- Deploy pgsm:functions/existing_instance to pg
-- requires: functions/lock_instance
-- requires: functions/describe_instance

begin;
set local role pgsm_owner;

create or replace function pgsm_private.existing_instance (
    machine      text,
    instance_id  text,
    if_exists    text
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    v_instance := pgsm_private.lock_instance(existing_instance.instance_id);
    if v_instance.status = 'deleted' then
        raise exception 'instance "%" was deleted, and its history is still there',
            v_instance.instance_id
            using errcode = 'SM120', hint = 'use another id';
    elsif existing_instance.if_exists = 'refuse' or v_instance.machine <> existing_instance.machine then
        raise exception 'instance "%" exists already', v_instance.instance_id
            using errcode = 'SM109',
            detail = format('it is an instance of machine "%s" version %s, %s',
                v_instance.machine, v_instance.version, v_instance.status),
            hint = 'if_exists => ''return'' gives an instance of the same machine back';
    end if;
    return pgsm_private.describe_instance(v_instance, null, null);
end;
$$;

comment on function pgsm_private.existing_instance (text, text, text) is
    'What start_instance answers where the id is taken.';

commit;
