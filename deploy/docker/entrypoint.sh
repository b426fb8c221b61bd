#!/bin/sh
# Takes the database password from the file that holds it, then becomes the program.
set -eu

if [ -n "${FURROW_DATABASE_PASSWORD_FILE:-}" ]; then
  DATABASE_URL="postgresql://furrow:$(cat "$FURROW_DATABASE_PASSWORD_FILE")@db:5432/furrow"
  export DATABASE_URL
fi
exec "$@"
