-- Deploy pgsm:functions/keep_answer to pg
-- requires: tables/instances
-- requires: types/snapshot
-- requires: functions/without_paths
-- requires: functions/sensitive_paths

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keep_answer (
    event_id  text,
    event     text,
    data      jsonb,
    answer    pgsm.snapshot
)
  returns void
  language plpgsql
as $$
declare
    v_sensitive  jsonb := pgsm_private.sensitive_paths((keep_answer.answer).instance_id);
begin
    insert into pgsm_private.event_ids
        (instance_id, event_id, event, data, answer, recorded_at)
    values (
        (keep_answer.answer).instance_id, keep_answer.event_id, keep_answer.event,
        pgsm_private.without_paths(keep_answer.data, v_sensitive),
        to_jsonb(keep_answer.answer) || jsonb_build_object('context',
            pgsm_private.without_paths((keep_answer.answer).context, v_sensitive)),
        clock_timestamp()
    );
end;
$$;

comment on function pgsm_private.keep_answer (text, text, jsonb, pgsm.snapshot) is
    'Remember the answer to an event with an id, to be given again, without what is sensitive.';

commit;
