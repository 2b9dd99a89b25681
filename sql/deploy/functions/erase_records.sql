-- Deploy pgsm:functions/erase_records to pg
-- requires: tables/timers
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.erase_records (instance_id text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    delete from pgsm_private.timers as t
    where t.instance_id = erase_records.instance_id;

    -- one that a driver has locked is being delivered: it is the receiver's then
    update pgsm_private.timers as t
    set data = t.data
            || '{"data": {}}'
            || case when t.data ? 'output' then '{"output": null}' else '{}' end::jsonb
            || case when t.data ? 'error' then '{"error": {"type": "erased"}}' else '{}' end::jsonb,
        last_error = null
    from (
        select m.instance_id, m.timer_id
        from pgsm_private.timers as m
        where m.sender = erase_records.instance_id and m.kind = 'message'
        for update skip locked
    ) as m
    where t.instance_id = m.instance_id and t.timer_id = m.timer_id;

    update pgsm_private.effects as e
    set input = '{}',
        output = null,
        progress = null,
        tenant = null,
        key = 'erased/' || e.effect_id,
        error = case when e.error is not null then jsonb_strip_nulls(
            jsonb_build_object('type', 'erased', 'handled', e.error -> 'handled')) end
    where e.instance_id = erase_records.instance_id;
end;
$$;

comment on function pgsm_private.erase_records (text) is $comment$
    Empty the effects of an instance that has ended, and the messages from it that
    are not delivered; drop what lies under it.
$comment$;

commit;
