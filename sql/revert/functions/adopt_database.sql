-- Revert pgsm:functions/adopt_database from pg

begin;

drop function pgsm.adopt_database;

commit;
