-- Revert pgsm:schemas/schemas from pg

begin;

drop schema pgsm_engine;
drop schema pgsm_private;
drop schema pgsm;
alter default privileges for role pgsm_owner grant execute on functions to public;
alter default privileges for role pgsm_owner grant usage on types to public;

commit;
