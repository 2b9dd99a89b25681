-- Deploy pgsm:functions/lock_batch to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lock_batch (instance_ids text[])
  returns text[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_locked  text[];
    v_busy    text;
begin
    -- nothing is held while it waits for one, and nothing else is waited for
    perform
    from pgsm_private.instances as i
    where i.instance_id = (lock_batch.instance_ids)[1]
    for no key update;

    v_locked := array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.instance_id = any (lock_batch.instance_ids)
        order by i.instance_id collate "C"
        for no key update skip locked
    );
    if cardinality(v_locked) = cardinality(lock_batch.instance_ids) then
        return v_locked;
    end if;
    select min(i.instance_id)
    into v_busy
    from pgsm_private.instances as i
    where i.instance_id = any (lock_batch.instance_ids)
        and i.instance_id <> all (v_locked);
    return array(
        select u.id
        from unnest(lock_batch.instance_ids) with ordinality as u (id, place)
        where v_busy is null or u.id collate "C" < v_busy
        order by u.place
    );
end;
$$;

comment on function pgsm_private.lock_batch (text[]) is $comment$
    Lock instances, given in ascending order, up to the first but one that somebody else
    has locked.  Returns those before it: at least the first, which it waits for while it
    holds nothing.
$comment$;

commit;
