-- Verify onboarding:schema on pg

begin;

select contact_id, email, channel, signed_up_at from crm.contacts where false;
select 1 / has_function_privilege('pgsm_client', 'crm.sign_up(text, text, text, text)', 'execute')::integer;
select 1 / has_function_privilege('pgsm_runner', 'crm.channel_of(text)', 'execute')::integer;

rollback;
