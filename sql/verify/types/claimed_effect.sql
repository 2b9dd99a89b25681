-- Verify pgsm:types/claimed_effect on pg

select 'pgsm.claimed_effect'::regtype;
