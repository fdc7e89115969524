# The server and its workers in one image: `pennypost serve` unless told otherwise. docker-compose.yml starts both.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY migrations migrations
COPY frontend-codegen/graphiql/built frontend-codegen/graphiql/built
RUN cargo build --release --locked --bin pennypost

FROM debian:bookworm-slim
# curl is what the health check asks with; the certificates are for mail servers.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/pennypost --create-home pennypost
COPY --from=build /source/target/release/pennypost /usr/local/bin/pennypost
USER pennypost
ENV DATA_DIR=/var/lib/pennypost LISTEN=0.0.0.0:8080
VOLUME /var/lib/pennypost
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["pennypost"]
CMD ["serve"]
