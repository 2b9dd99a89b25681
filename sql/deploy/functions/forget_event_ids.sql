-- Deploy pgsm:functions/forget_event_ids to pg
-- requires: tables/instances
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm.forget_event_ids (
    older_than  interval default '30 days',
    batch       integer default 10000
)
  returns integer
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- a variable: with the volatile function in its place no index is used
    v_before  timestamptz := clock_timestamp() - forget_event_ids.older_than;
    v_gone    integer;
begin
    if coalesce(forget_event_ids.older_than, '-1') < interval '0' then
        raise exception 'the age of event ids is no negative interval'
            using errcode = 'SM121';
    elsif coalesce(forget_event_ids.batch, 0) < 1 then
        raise exception 'a batch is at least 1'
            using errcode = 'SM121';
    end if;
    delete from pgsm_private.event_ids as e
    using (
        select o.instance_id, o.event_id
        from pgsm_private.event_ids as o
        where o.recorded_at < v_before
        limit forget_event_ids.batch
        for update skip locked
    ) as o
    where e.instance_id = o.instance_id and e.event_id = o.event_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end;
$$;

comment on function pgsm.forget_event_ids (interval, integer) is $comment$
    Forget the ids of events that are older, and their answers, a batch at a time.

        select pgsm.forget_event_ids('30 days');

    An event that is sent again with a forgotten id is a new event: keep them longer
    than any caller tries again.  Returns how many were forgotten; call it again
    while that is the batch.  Raises SM121 for a negative age or an empty batch.
$comment$;

commit;
