-- Deploy pgsm:functions/find_upgrade to pg
-- requires: tables/upgrades
-- requires: tables/definitions

begin;
set local role pgsm_owner;

create or replace function pgsm_private.find_upgrade (
    machine       text,
    from_version  integer,
    to_version    integer
)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_upgrade  pgsm_private.upgrades;
begin
    select u.* into v_upgrade
    from pgsm_private.upgrades as u
    where u.machine = find_upgrade.machine
        and u.from_version = find_upgrade.from_version
        and u.to_version = find_upgrade.to_version;
    -- nothing declared: every state must be in the new version by the same path
    return jsonb_build_object(
        'states', coalesce(v_upgrade.states, '{}'),
        'state', v_upgrade.state,
        'context', v_upgrade.context,
        'timers', coalesce(v_upgrade.timers, '"keep"'),
        'effects', coalesce(v_upgrade.effects, '"keep"'),
        'history', coalesce(v_upgrade.history, 'keep'),
        'entry', coalesce(v_upgrade.entry, false),
        'finals', (
            select coalesce(jsonb_agg(s.path order by s.position), '[]')
            from pgsm_private.states as s
            where s.machine = find_upgrade.machine and s.version = find_upgrade.from_version
                and s.type = 'final'
        ),
        'keys', (
            select coalesce(jsonb_agg(k.name order by k.name), '[]')
            from pgsm_private.machine_versions as v
            cross join json_object_keys(v.settings -> 'keys') as k (name)
            where v.machine = find_upgrade.machine and v.version = find_upgrade.from_version
        )
    );
end;
$$;

comment on function pgsm_private.find_upgrade (text, integer, integer) is
    'The declared map from one version to another, else the identity, as the engine takes it: with the final states and key names of the old version.';

commit;
