# The operator's image: one binary and certificates; not root, nothing to write.
FROM rust:1.95-slim-bookworm AS build
# aws-lc is C; git is not needed, nor is anything else.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates cmake g++ make && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package azureml-spark-operator --bin azureml-spark-operator

FROM debian:bookworm-slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /source/target/release/azureml-spark-operator /usr/local/bin/azureml-spark-operator
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/azureml-spark-operator"]
