-- Deploy pgsm:functions/diff_versions to pg
-- requires: functions/version_parts
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm.diff_versions (
    machine       text,
    from_version  integer,
    to_version    integer,
    out kind      text,
    out name      text,
    out change    text,
    out old       jsonb,
    out new       jsonb,
    out line      text
)
  returns setof record
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsm_private.find_version(diff_versions.machine, diff_versions.from_version);
    perform pgsm_private.find_version(diff_versions.machine, diff_versions.to_version);
    return query
    select d.kind, d.name, d.change, d.old, d.new,
        case d.change when 'added' then '+ ' when 'removed' then '- ' else '~ ' end
            || d.kind || ' ' || d.name
            || case d.change
                when 'changed' then format(': %s → %s', d.old, d.new)
                else '' end
    from (
        select
            coalesce(a.kind, b.kind) as kind, coalesce(a.name, b.name) as name,
            case when a.part is null then 'added' when b.part is null then 'removed'
                else 'changed' end as change,
            a.part as old, b.part as new
        from pgsm_private.version_parts(diff_versions.machine, diff_versions.from_version) as a
        full join pgsm_private.version_parts(diff_versions.machine, diff_versions.to_version) as b
            on b.kind = a.kind and b.name = a.name
        where a.part is distinct from b.part
    ) as d
    order by array_position('{machine,state,transition,timer,action,invocation,guard,delay,effect}',
        d.kind), d.name;
end;
$$;

comment on function pgsm.diff_versions (text, integer, integer) is $comment$
    What differs between two versions of a machine: states, transitions, timers,
    entry and exit actions, invocations, named guards, actions, delays and effects.

        select * from pgsm.diff_versions('order', 1, 2);

    Returns a row a part: change is added, removed or changed; old and new are the part's
    definitions; line says it as text.  Raises SM002, SM003.
$comment$;

commit;
