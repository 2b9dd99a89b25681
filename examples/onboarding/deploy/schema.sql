-- Deploy onboarding:schema to pg
-- requires: pgsm:roles/grants

begin;

create schema crm;
comment on schema crm is 'Onboarding: who has signed up, and where they come from.';

create table crm.contacts (
    contact_id    text         primary key,
    email         text         not null,
    channel       text         not null default 'direct',
    signed_up_at  timestamptz  not null default now()
);

create function crm.sign_up (
    contact_id  text,
    email       text,
    channel     text default 'direct',
    day         text default '1 day'
)
  returns pgsm.snapshot
  language sql
  set search_path = pg_catalog, pg_temp
as $$
    insert into crm.contacts (contact_id, email, channel)
    values (sign_up.contact_id, sign_up.email, sign_up.channel);

    select * from pgsm.start_instance('onboarding', sign_up.contact_id, jsonb_build_object(
        'contact', sign_up.contact_id,
        'email', sign_up.email,
        'day', sign_up.day
    ));
$$;

comment on function crm.sign_up (text, text, text, text) is
    'A contact''s row and its onboarding, in one transaction.  day: how long a day is, for the impatient.';

create function crm.channel_of (contact_id text)
  returns text
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
    select c.channel from crm.contacts as c where c.contact_id = channel_of.contact_id
$$;

revoke execute on all functions in schema crm from public;
grant usage on schema crm to pgsm_caller, pgsm_client, pgsm_runner;
grant select, insert on crm.contacts to pgsm_client;
grant execute on function crm.sign_up to pgsm_client;
grant execute on function crm.channel_of to pgsm_runner;

commit;
