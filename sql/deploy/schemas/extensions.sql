-- Deploy pgsm:schemas/extensions to pg

create extension if not exists plpython3u;
