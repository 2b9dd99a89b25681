-- Deploy pgsm:tables/settings to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create table pgsm_private.settings (
    singleton          boolean  not null default true,
    call_search_path   text     not null default 'pg_catalog, pg_temp',
    catalog_functions  text[]   not null default '{}',
    epoch              integer  not null default 1,
    system_identifier  text     not null,
    database_oid       oid      not null,
    timers_stopped     boolean  not null default false,
    constraint settings_pkey primary key (singleton),
    constraint there_is_one_row check (singleton)
);

comment on table pgsm_private.settings is $comment$
    The one row of settings that no session may override: the search_path of
    user SQL, the functions of pg_catalog that it may call, and the identity
    of the database that pgsm may act in (adopt_database).
$comment$;

insert into pgsm_private.settings (system_identifier, database_oid)
select c.system_identifier::text, d.oid
from pg_catalog.pg_control_system() as c, pg_catalog.pg_database as d
where d.datname = pg_catalog.current_database();

commit;
