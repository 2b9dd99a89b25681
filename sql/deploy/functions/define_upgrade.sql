-- Deploy pgsm:functions/define_upgrade to pg
-- requires: tables/upgrades
-- requires: functions/find_version
-- requires: functions/machine_document
-- requires: functions/check_function
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
    timers        jsonb default '"keep"'
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
    v_problems := pgsm_private.check_upgrade_arguments(define_upgrade.states, define_upgrade.timers);
    if v_old.version = v_new.version then
        v_problems := v_problems || jsonb_build_object('path', '$.to_version',
            'code', 'same_version', 'message', 'the two versions are the same');
    end if;
    if v_problems = '[]' then
        v_problems := pgsm_engine.call('check_upgrade', array[
            v_old.checksum, pgsm_private.machine_document(v_old.machine, v_old.version),
            v_new.checksum, pgsm_private.machine_document(v_new.machine, v_new.version),
            define_upgrade.states::text, define_upgrade.timers::text
        ])::jsonb -> 'problems';
    end if;
    if define_upgrade.context is not null then
        v_problems := v_problems || coalesce((pgsm_private.check_function(jsonb_build_object(
            'path', '$.context', 'function', define_upgrade.context, 'kind', 'call'
        ), v_author)).problem, '[]');
    end if;
    if v_problems <> '[]' then
        perform pgsm_private.raise_problems(
            format('the upgrade of machine "%s" from version %s to %s',
                v_old.machine, v_old.version, v_new.version),
            v_problems, 'SM401'
        );
    end if;
    insert into pgsm_private.upgrades
        (machine, from_version, to_version, states, context, timers, author)
    values (v_old.machine, v_old.version, v_new.version, define_upgrade.states,
        define_upgrade.context, define_upgrade.timers, v_author)
    on conflict on constraint upgrades_pkey do update
    set states = excluded.states, context = excluded.context,
        timers = excluded.timers, author = excluded.author,
        declared_at = clock_timestamp();
    delete from pgsm_private.upgrade_failures as f
    where f.machine = v_old.machine and f.from_version = v_old.version
        and f.to_version = v_new.version;
end;
$$;

comment on function pgsm.define_upgrade (text, integer, integer, jsonb, text, jsonb) is $comment$
    Declare how instances of one version become instances of another.

        select pgsm.define_upgrade('onboarding', 1, 2,
            states  => '{"waiting": "drip.waiting", "legacy": null}',
            context => 'shop.onboarding_1_to_2(text, jsonb, text[], text[])');

    states maps old state paths to new ones (or a list of them); null refuses
    instances in that state by name; a state of the same path and kind in both
    need not be named.  context is a function of the instance id, the context,
    the old and the new states, returning the new context; it runs as
    pgsm_caller.  timers is "keep", "recompute", "restart", "drop", or by timer
    {"waiting/1 day": "drip.waiting/2 days"}.

    Declaring it again replaces it.  Raises SM401 with all problems at once.
$comment$;

commit;
