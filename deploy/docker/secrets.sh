#!/bin/sh
# Makes the passwords and the key that docker-compose.yml names, once. The folder keeps strangers out; the files themselves
# are readable, because the containers run under user ids of their own.
set -eu
cd "$(dirname "$0")/../.."

install -d -m 700 var var/secrets
for name in database_password grafana_password tile_key; do
  file="var/secrets/$name"
  if [ ! -s "$file" ]; then
    (umask 222 && od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n' >"$file")
    echo "made $file"
  fi
done
