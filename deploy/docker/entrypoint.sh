#!/bin/sh
# Takes secrets from the files that hold them, then becomes the program.
set -eu

if [ -n "${FURROW_DATABASE_PASSWORD_FILE:-}" ]; then
  DATABASE_URL="postgresql://furrow:$(cat "$FURROW_DATABASE_PASSWORD_FILE")@db:5432/furrow"
  export DATABASE_URL
fi
if [ -n "${FURROW_TILE_KEY_FILE:-}" ]; then
  FURROW_TILE_KEY="$(cat "$FURROW_TILE_KEY_FILE")"
  export FURROW_TILE_KEY
fi
exec "$@"
