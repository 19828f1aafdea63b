#!/usr/bin/env bash
# Run once by the postgres image on an empty data folder: one database and one role per service, closed to the others.
set -euo pipefail
for name in $DATABASES; do
  psql -v ON_ERROR_STOP=1 -v name="$name" -v password="$SERVICES_PASSWORD" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
