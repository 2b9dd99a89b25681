-- Deploy pgsm:functions/instance_tree to pg
-- requires: tables/instances
-- requires: functions/find_instance

begin;
set local role pgsm_owner;

create or replace function pgsm.instance_tree (root_id text)
  returns table (
    depth          integer,
    instance_id    text,
    parent_id      text,
    parent_invoke  text,
    machine        text,
    version        integer,
    status         text,
    value          jsonb
  )
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.find_instance(instance_tree.root_id);
    return query
    with recursive family as (
        select
            0 as depth, array[i.instance_id] as place, i.instance_id, i.parent_id,
            i.parent_invoke, i.machine, i.version, i.status, i.value
        from pgsm_private.instances as i
        where i.instance_id = instance_tree.root_id
        union all
        select
            f.depth + 1, f.place || i.instance_id, i.instance_id, i.parent_id,
            i.parent_invoke, i.machine, i.version, i.status, i.value
        from family as f
        join pgsm_private.instances as i on i.parent_id = f.instance_id
    )
    select
        f.depth, f.instance_id, f.parent_id, f.parent_invoke, f.machine, f.version,
        f.status, f.value
    from family as f
    order by f.place;
end;
$$;

comment on function pgsm.instance_tree (text) is $comment$
    An instance and its descendants, each below its parent.

        select * from pgsm.instance_tree('order-42');

    Returns a row for each; depth is 0 for the instance itself.  Raises SM100.
$comment$;

commit;
