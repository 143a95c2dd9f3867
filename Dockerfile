# The plugin image, in the form that Istio takes (pkg/wasm/imagefetcher.go): the last layer is a compressed tar with a file
# named plugin.wasm. Build it for one platform and without attestations, or the digest that Istio compares is another one;
# so, with buildx and without:
#
#   BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --platform linux/amd64 --tag REGISTRY/traffic-mirror:VERSION .
FROM rust:1.95.0-bookworm AS build
WORKDIR /src
COPY . .
RUN scripts/module --raw traffic_mirror.wasm

# As `make build` does it.
FROM node:22-bookworm-slim AS finish
WORKDIR /src
COPY scripts scripts
COPY --from=build /src/traffic_mirror.wasm .
RUN scripts/finish-wasm traffic_mirror.wasm plugin.wasm

FROM scratch
COPY --from=finish /src/plugin.wasm ./plugin.wasm
