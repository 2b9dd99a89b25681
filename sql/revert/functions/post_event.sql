-- Revert pgsm:functions/post_event from pg

begin;

drop function pgsm.post_event;

commit;
