-- Deploy pgsm:functions/check_upgrade to pg
-- requires: functions/upgrade_coverage
-- requires: functions/upgrade_hops
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm.check_upgrade (
    machine        text,
    from_version   integer,
    to_version     integer,
    out kind       text,
    out name       text,
    out instances  bigint,
    out target     text,
    out problem    text,
    out hint       text
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
    v_path  jsonb;
begin
    v_from := (pgsm_private.find_version(check_upgrade.machine, check_upgrade.from_version)).version;
    v_to := (pgsm_private.find_version(check_upgrade.machine, check_upgrade.to_version)).version;
    v_hops := pgsm_private.upgrade_hops(check_upgrade.machine, v_from, v_to);
    select jsonb_agg(jsonb_build_object(
        'checksum', v.checksum,
        'document', pgsm_private.machine_document(v.machine, v.version),
        'rules', pgsm_private.find_upgrade(v.machine, v_hops[h.step], v.version)
    ) order by h.step)
    into v_path
    from generate_series(1, cardinality(v_hops) - 1) as h (step)
    join pgsm_private.machine_versions as v
        on v.machine = check_upgrade.machine and v.version = v_hops[h.step + 1];
    return query
    select r.kind, r.name, r.instances, r.target, r.problem, r.hint
    from jsonb_to_recordset(pgsm_engine.call('cover', array[
        v_path::text,
        pgsm_private.upgrade_coverage(check_upgrade.machine, v_from)::text
    ])::jsonb -> 'rows') as r (
        kind text, name text, instances bigint, target text, problem text, hint text)
    order by r.problem is null,
        array_position('{configuration,state,history,timer,effect,child}', r.kind), r.name;
end;
$$;

comment on function pgsm.check_upgrade (text, integer, integer) is $comment$
    What an upgrade would do with the running instances of a version, counted:
    every configuration, state, history value, timer, running effect and child.
    A version that is null is the current one.

        select * from pgsm.check_upgrade('order', 1, 2) where problem is not null;

    Returns a row each: target is where it goes, or what becomes of it (dropped, restarted, cancelled,
    stopped); problem why it cannot go; those are first.  Nothing is run: what a
    context function or the settling refuses, preview_upgrades finds.  Raises SM002,
    SM003, SM404.
$comment$;

commit;
