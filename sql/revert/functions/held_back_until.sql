-- Revert pgsm:functions/held_back_until from pg

begin;

drop function pgsm_private.held_back_until;

commit;
