-- Deploy onboarding:onboarding_v2 to pg
-- requires: onboarding_v1
--
-- Who waits goes on waiting, with the channel in the context: it was never looked up
-- for them, and the mail that depends on it is sent already.

begin;

create function crm.onboarding_1_to_2 (
    contact_id  text,
    context     jsonb,
    old_states  text[],
    new_states  text[]
)
  returns jsonb
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    select onboarding_1_to_2.context || jsonb_build_object('channel', c.channel)
    from crm.contacts as c
    where c.contact_id = onboarding_1_to_2.contact_id
$$;

revoke execute on function crm.onboarding_1_to_2 from public;
grant execute on function crm.onboarding_1_to_2 to pgsm_caller;

\set definition `cat onboarding.v2.json`
select pgsm.define_machine('onboarding', :'definition', 2);

select pgsm.define_upgrade('onboarding', 1, 2,
    context => 'crm.onboarding_1_to_2(text, jsonb, text[], text[])',
    timers  => '"keep"');

commit;
