# Caddy with the project's own Caddyfile, for a user without rights.
FROM caddy:2.6.4-alpine
# The binary may bind low ports by a file capability; without any capability the kernel refuses to run it.
RUN setcap -r /usr/bin/caddy \
    && install -d -o 10001 -g 10001 -m 700 /data/caddy
COPY deploy/Caddyfile /etc/caddy/Caddyfile
COPY deploy/docker/Caddyfile /etc/caddy/containers/Caddyfile
USER 10001:10001
CMD ["caddy", "run", "--config", "/etc/caddy/containers/Caddyfile", "--adapter", "caddyfile"]
