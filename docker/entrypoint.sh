#!/bin/bash
# Starts PostgreSQL; arguments that begin with a dash are the server's own, such as
# -c fsync=off, and anything else is a command to run instead.
#   POSTGRES_PASSWORD  of the superuser postgres; needed at the first start
#   POSTGRES_DB        the database that pg_cron and pgsm live in; default: pgsm
# Where pgsm is installed it is deployed first, before anybody can connect.
set -euo pipefail

database=${POSTGRES_DB:-pgsm}

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

create_cluster() {
    : "${POSTGRES_PASSWORD:?names the password of the superuser postgres}"
    local password
    password=$(as_postgres mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
    chown postgres:postgres "$PGDATA"
    as_postgres initdb --pgdata="$PGDATA" --username=postgres --encoding=UTF8 \
        --locale=C.UTF-8 --auth-local=peer --auth-host=scram-sha-256 \
        --pwfile="$password" >/dev/null
    rm "$password"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    cat >>"$PGDATA/postgresql.conf" <<CONF
listen_addresses = '*'
timezone = 'UTC'
shared_preload_libraries = 'pg_cron'
cron.database_name = '$database'
cron.use_background_workers = on
max_worker_processes = 24
max_connections = 200
CONF
}

# Only on a socket that nobody else reads: until it is ready nobody gets in.
prepare_database() {
    local sockets
    sockets=$(as_postgres mktemp --directory)
    as_postgres pg_ctl start --wait --silent --pgdata="$PGDATA" --log=/dev/null \
        --options="-c listen_addresses='' -c unix_socket_directories=$sockets"
    export PGHOST=$sockets PGUSER=postgres
    as_postgres psql --no-psqlrc --quiet --dbname=postgres --set=name="$database" <<'SQL'
select format('create database %I', :'name')
where not exists (select from pg_database where datname = :'name') \gexec
SQL
    if command -v pgsm >/dev/null; then
        HOME=/tmp PGDATABASE=$database as_postgres "$(command -v pgsm)" deploy
    fi
    as_postgres pg_ctl stop --wait --silent --mode=fast --pgdata="$PGDATA"
    unset PGHOST PGUSER
    rm -rf "$sockets"
}

if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    exec "$@"
fi
[ -s "$PGDATA/PG_VERSION" ] || create_cluster
prepare_database
exec setpriv --reuid=postgres --regid=postgres --init-groups \
    postgres -D "$PGDATA" "$@"
