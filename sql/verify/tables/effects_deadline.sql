-- Verify pgsm:tables/effects_deadline on pg

select 'pgsm_private.effects_deadline_idx'::regclass;
