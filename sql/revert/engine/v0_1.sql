-- Revert pgsm:engine/v0_1 from pg

begin;

drop function pgsm_engine.call (text, text[]);
delete from pgsm_engine.bytecode where release = '0.1';
delete from pgsm_engine.modules where release = '0.1';

commit;
