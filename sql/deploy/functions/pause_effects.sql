-- Deploy pgsm:functions/pause_effects to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: functions/actor
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm.pause_effects (name text, reason text default null)
  returns bigint
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into pgsm_private.effect_pauses (name, paused_at, reason, actor)
    values (
        pause_effects.name, pgsm_private.now(), pause_effects.reason, pgsm_private.actor()
    )
    on conflict (name) do nothing;
    return (
        select count(*)
        from pgsm_private.effects as e
        where e.name = pause_effects.name
            and e.status in ('pending', 'retrying')
            and not e.held_back
            and e.parked is null
    );
end;
$$;

comment on function pgsm.pause_effects (text, text) is $comment$
    Claim no more effects of a name, until resume_effects: its endpoint is down, say.

        select pgsm.pause_effects('email.send', 'the provider is down');

    No attempt is used meanwhile, and deadlines ("within") stand still.  Those that
    run go on, and what they answer counts.  pgsm.effect_names shows what is paused.

    Returns how many wait.
$comment$;

commit;
