-- Deploy pgsm:functions/upgrade_path to pg
-- requires: functions/upgrade_hops
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm.upgrade_path (
    machine       text,
    from_version  integer,
    to_version    integer,
    out step          integer,
    out old_version   integer,
    out new_version   integer,
    out declared_at   timestamptz
)
  returns setof record
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_from  integer;
    v_to    integer;
    v_hops  integer[];
begin
    v_from := (pgsm_private.find_version(upgrade_path.machine, upgrade_path.from_version)).version;
    v_to := (pgsm_private.find_version(upgrade_path.machine, upgrade_path.to_version)).version;
    if v_from = v_to then
        return;
    end if;
    v_hops := pgsm_private.upgrade_hops(upgrade_path.machine, v_from, v_to);
    return query
    select h.step::integer, v_hops[h.step], v_hops[h.step + 1], u.declared_at
    from generate_series(1, cardinality(v_hops) - 1) as h (step)
    left join pgsm_private.upgrades as u
        on u.machine = upgrade_path.machine and u.from_version = v_hops[h.step]
        and u.to_version = v_hops[h.step + 1]
    order by h.step;
end;
$$;

comment on function pgsm.upgrade_path (text, integer, integer) is $comment$
    The declared upgrades by which instances go from one version to another.

        select * from pgsm.upgrade_path('order', 1, 3);

    Returns a row a step; declared_at is null where nothing is declared: each state then goes
    to the one of the same path.  Raises SM002, SM003, SM404 (several paths are the
    shortest; the detail names them).
$comment$;

commit;
