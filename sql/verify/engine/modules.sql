-- Verify pgsm:engine/modules on pg

select 1 from pgsm_engine.modules where false;
select 1 from pgsm_engine.bytecode where false;
