# The image of aster_drive, for both roles. docs/containers.md says how to run it; `make image` builds it with version,
# revision and date filled in. Nothing here needs BuildKit, so every builder can make it.

FROM node:22-bookworm-slim AS web
WORKDIR /build
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY web ./
RUN npm run build

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build

# The dependencies are a layer of their own: it stays in the cache until one of these files changes.
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
RUN mkdir src migrations \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --bin aster_drive \
    && cargo clean --release --locked --package aster_drive

COPY migrations migrations
COPY src src
COPY --from=web /build/dist web/dist
# Unix seconds that count as the time of the build; with them the same sources give the same binary.
ARG ASTER_BUILD_EPOCH
RUN cargo build --release --locked --bin aster_drive

COPY docker/root-file-system docker/root-file-system
RUN docker/root-file-system target/release/aster_drive /root-file-system

FROM scratch
COPY --from=build /root-file-system /
# A new volume takes over owner and mode of the directory it is mounted on.
COPY --from=build --chown=10001:10001 /root-file-system.owned/ /

# `data/` of the configuration is `/data`.
WORKDIR /
USER 10001:10001
VOLUME /data
EXPOSE 3000
# SQLite sorts what does not fit into memory in a file, and the root file system may be read-only.
ENV ASTER__SERVER__HOST=0.0.0.0 \
    SQLITE_TMPDIR=/data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=3 CMD ["aster_drive", "healthcheck"]
ENTRYPOINT ["aster_drive"]

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aster_drive" \
      org.opencontainers.image.description="A self-hosted drive whose bytes live on follower nodes" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
