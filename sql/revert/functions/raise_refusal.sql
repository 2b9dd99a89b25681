-- Revert pgsm:functions/raise_refusal from pg

begin;

drop function pgsm_private.raise_refusal;

commit;
