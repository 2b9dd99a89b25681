-- Revert pgsm:functions/define_machine from pg

begin;

drop function pgsm.define_machine;

commit;
