#!/bin/sh
# Takes secrets from the files that hold them, names the counters' generation, then becomes the program.
set -eu

if [ -n "${FURROW_DATABASE_PASSWORD_FILE:-}" ]; then
  DATABASE_URL="postgresql://furrow:$(cat "$FURROW_DATABASE_PASSWORD_FILE")@db:5432/furrow"
  export DATABASE_URL
fi
if [ -n "${FURROW_TILE_KEY_FILE:-}" ]; then
  FURROW_TILE_KEY="$(cat "$FURROW_TILE_KEY_FILE")"
  export FURROW_TILE_KEY
fi
# A fresh folder of counters gets a name, once: whoever links first has named it. furrow-metrics only reads there.
if [ -n "${PROMETHEUS_MULTIPROC_DIR:-}" ] && [ -w "$PROMETHEUS_MULTIPROC_DIR" ]; then
  generation="$PROMETHEUS_MULTIPROC_DIR/generation"
  if [ ! -e "$generation" ]; then
    own="$PROMETHEUS_MULTIPROC_DIR/.generation.$(cat /proc/sys/kernel/random/uuid)"
    # Where there is no room the program says so itself, and runs all the same.
    { cat /proc/sys/kernel/random/uuid >"$own" && ln "$own" "$generation"; } 2>/dev/null || true
    rm -f "$own"
  fi
fi
exec "$@"
