-- Revert pgsm:types/claimed_effect from pg

begin;

drop type pgsm.claimed_effect;

commit;
