-- Revert pgsm:functions/tell_parent from pg

begin;

drop function pgsm_private.tell_parent;

commit;
