# One image for web, worker, furrow-ndvi, furrow-weather, furrow-metrics and the one-shot set-up: what `pip install .[s3]` brings, and nothing to build with.
FROM rust:1.90.0-slim-bookworm AS rust

FROM python:3.11.11-slim-bookworm AS build
# libdeflate and zstd are C.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
COPY --from=rust /usr/local/cargo /usr/local/cargo
COPY --from=rust /usr/local/rustup /usr/local/rustup
ENV PATH=/opt/furrow/bin:/usr/local/cargo/bin:$PATH \
    CARGO_HOME=/usr/local/cargo \
    RUSTUP_HOME=/usr/local/rustup \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/furrow
WORKDIR /src
COPY . .
RUN pip install --constraint deploy/constraints.txt ".[s3]"

FROM python:3.11.11-slim-bookworm
COPY --from=build /opt/furrow /opt/furrow
COPY --chmod=755 deploy/docker/entrypoint.sh /opt/furrow/bin/furrow-entrypoint
# Volumes take over the owner of the folder they cover.
RUN groupadd --gid 10001 furrow \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin furrow \
    && install --directory --owner furrow --group furrow --mode 750 /data /state
ENV PATH=/opt/furrow/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FURROW_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["furrow-entrypoint"]
CMD ["furrow-manage", "check"]
