-- Revert pgsm:engine/modules from pg

begin;

drop table pgsm_engine.bytecode;
drop table pgsm_engine.modules;

commit;
