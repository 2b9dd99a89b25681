-- Deploy pgsm:functions/upgrade_hops to pg
-- requires: tables/upgrades

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_hops (
    machine       text,
    from_version  integer,
    to_version    integer
)
  returns integer[]
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_paths  jsonb := jsonb_build_array(jsonb_build_array(upgrade_hops.from_version));
    v_seen   integer[] := array[upgrade_hops.from_version];
    v_found  jsonb;
begin
    -- all paths of one length at a time: the first that arrive are the shortest
    while v_found is null and v_paths is not null loop
        select
            jsonb_agg(p.path || to_jsonb(u.to_version) order by p.path, u.to_version),
            jsonb_agg(p.path || to_jsonb(u.to_version) order by p.path, u.to_version)
                filter (where u.to_version = upgrade_hops.to_version),
            v_seen || array_agg(u.to_version)
        into v_paths, v_found, v_seen
        from jsonb_array_elements(v_paths) as p (path)
        join pgsm_private.upgrades as u
            on u.machine = upgrade_hops.machine
            and u.from_version = (p.path ->> -1)::integer
            and u.to_version <> all (v_seen);
    end loop;
    if jsonb_array_length(v_found) > 1 then
        raise exception 'machine "%" has % shortest paths from version % to %',
            upgrade_hops.machine, jsonb_array_length(v_found),
            upgrade_hops.from_version, upgrade_hops.to_version
            using errcode = 'SM404',
            detail = (
                select string_agg(replace(btrim(f.path::text, '[]'), ', ', ' → '), ', ')
                from jsonb_array_elements(v_found) as f (path)
            ),
            hint = 'declare the upgrade itself, or go by one of them, a version at a time';
    end if;
    if v_found is null then
        return array[upgrade_hops.from_version, upgrade_hops.to_version];
    end if;
    return array(select jsonb_array_elements_text(v_found -> 0)::integer);
end;
$$;

comment on function pgsm_private.upgrade_hops (text, integer, integer) is $comment$
    The versions by which instances go from one to another: the shortest path of
    declared upgrades, else the one step that maps each state to itself.
    Raises SM404 where several are the shortest.
$comment$;

commit;
