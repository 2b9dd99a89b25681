-- Deploy pgsm:functions/keep_answers to pg
-- requires: types/batch_step
-- requires: types/snapshot
-- requires: functions/sensitive_paths
-- requires: functions/without_paths

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keep_answers (
    steps    pgsm_private.batch_step[],
    answers  pgsm.snapshot[]
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    insert into pgsm_private.event_ids
        (instance_id, event_id, event, data, answer, recorded_at)
    select
        (s.instance).instance_id, s.event ->> 'event_id', s.event ->> 'event',
        case when p.paths = '[]' then s.event -> 'data'
            else pgsm_private.without_paths(s.event -> 'data', p.paths) end,
        to_jsonb(keep_answers.answers[s.place])
            || case when p.paths = '[]' then '{}'
                else jsonb_build_object('context', pgsm_private.without_paths(
                    (keep_answers.answers[s.place]).context, p.paths)) end,
        clock_timestamp()
    from unnest(keep_answers.steps) as s
    cross join lateral (
        -- a step that was taken says them
        select case when s.result ? 'outcome'
            then pgsm_private.sensitive_paths((s.instance).instance_id)
            else coalesce(s.result -> 'sensitive', '[]') end
    ) as p (paths)
    where s.event ? 'event_id';
end;
$$;

comment on function pgsm_private.keep_answers (pgsm_private.batch_step[], pgsm.snapshot[]) is
    'Remember the answers to those events of a batch that have ids, as keep_answer does for one.';

commit;
