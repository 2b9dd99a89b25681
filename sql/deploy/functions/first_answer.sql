-- Deploy pgsm:functions/first_answer to pg
-- requires: tables/instances
-- requires: types/snapshot
-- requires: functions/without_paths
-- requires: functions/sensitive_paths

begin;
set local role pgsm_owner;

create or replace function pgsm_private.first_answer (
    instance_id  text,
    event_id     text,
    event        text,
    data         jsonb
)
  returns pgsm.snapshot
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_first  pgsm_private.event_ids;
begin
    if char_length(first_answer.event_id) > 500 then
        raise exception 'an event id is a text of at most 500 characters'
            using errcode = 'SM104';
    end if;
    select e.*
    into v_first
    from pgsm_private.event_ids as e
    where e.instance_id = first_answer.instance_id and e.event_id = first_answer.event_id;
    if not found then
        return null;
    end if;
    if v_first.event <> first_answer.event or v_first.data <>
        pgsm_private.without_paths(
            first_answer.data, pgsm_private.sensitive_paths(first_answer.instance_id))
    then
        raise exception 'event id "%" was used with another event or other data',
            first_answer.event_id
            using errcode = 'SM107',
            detail = format('the first event was "%s", sent at %s',
                v_first.event, v_first.recorded_at);
    end if;
    return jsonb_populate_record(null::pgsm.snapshot, v_first.answer);
end;
$$;

comment on function pgsm_private.first_answer (text, text, text, jsonb) is
    'The answer that an event id was given before, or null; raises SM107 where the event differs, SM104 for an id that is too long.';

commit;
