-- Deploy pgsm:functions/define_upgrade to pg
-- requires: tables/upgrades
-- requires: functions/find_version
-- requires: functions/check_upgrade_rules
-- requires: functions/raise_problems
-- requires: functions/caller_role

begin;
set local role pgsm_owner;

create or replace function pgsm.define_upgrade (
    machine       text,
    from_version  integer,
    to_version    integer,
    states        jsonb default '{}',
    context       text default null,
    timers        jsonb default '"keep"',
    effects       jsonb default '"keep"',
    history       text default 'keep',
    state         text default null,
    entry         boolean default false
)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_old       pgsm_private.machine_versions;
    v_new       pgsm_private.machine_versions;
    v_problems  jsonb;
    v_author    text := pgsm_private.caller_role();
begin
    v_old := pgsm_private.find_version(define_upgrade.machine, define_upgrade.from_version);
    v_new := pgsm_private.find_version(define_upgrade.machine, define_upgrade.to_version);
    v_problems := pgsm_private.check_upgrade_rules(v_old, v_new, jsonb_build_object(
        'states', define_upgrade.states, 'context', define_upgrade.context,
        'timers', define_upgrade.timers, 'effects', define_upgrade.effects,
        'history', define_upgrade.history, 'state', define_upgrade.state
    ), v_author);
    if v_problems <> '[]' then
        perform pgsm_private.raise_problems(
            format('the upgrade of machine "%s" from version %s to %s',
                v_old.machine, v_old.version, v_new.version),
            v_problems, 'SM401'
        );
    end if;
    insert into pgsm_private.upgrades (machine, from_version, to_version, states, context,
        timers, effects, history, state, entry, author)
    values (v_old.machine, v_old.version, v_new.version, define_upgrade.states,
        define_upgrade.context, define_upgrade.timers, define_upgrade.effects,
        define_upgrade.history, define_upgrade.state, coalesce(define_upgrade.entry, false),
        v_author)
    on conflict on constraint upgrades_pkey do update
    set states = excluded.states, context = excluded.context, timers = excluded.timers,
        effects = excluded.effects, history = excluded.history, state = excluded.state,
        entry = excluded.entry, author = excluded.author, declared_at = clock_timestamp();
    -- a path may go by this one: who has failed may go now
    delete from pgsm_private.upgrade_failures as f where f.machine = v_old.machine;
end;
$$;

comment on function pgsm.define_upgrade (
    text, integer, integer, jsonb, text, jsonb, jsonb, text, text, boolean
) is $comment$
    Declare how instances of one version become instances of another.

        select pgsm.define_upgrade('onboarding', 1, 2,
            states  => '{"waiting": "drip.waiting", "legacy": null}',
            context => 'shop.onboarding_1_to_2(text, jsonb, text[], text[])');

    states maps old state paths to new ones (or a list of them); null refuses
    instances in that state by name; a state of the same path and kind in both
    need not be named.  state is a function (state text, context jsonb) returning a
    new path, or null for what the map says.

    context is a function of the instance id, the context, the old and the new
    states, returning the new context, run as pgsm_caller; or a template of
    expressions over the old one: {"set": {"eta": {"expr": "context.minutes * 60"}},
    "remove": ["minutes"]}.

    timers is "keep" (the default), "recompute" from when they were armed, "restart"
    or "drop"; effects, for invocations, "keep", "restart" or "cancel", for children
    also "along" (kept, and moved to the current version of their own machine as soon
    as a driver comes by; what "keep" leaves where it is); or an object of those by
    state ("waiting"), timer ("waiting/1 day", which may also become another:
    "drip.waiting/2 days", or null) or invocation id, and "default".
    history is "keep" (what has no counterpart is forgotten, and logged), "refuse" or
    "forget".  entry runs the entry actions of states that are new.

    Declaring it again replaces it.  Raises SM401 with all problems at once.
$comment$;

commit;
