# For machines that reach Docker Hub: the official image, asking for a password on its socket too.
FROM postgres:15
ENV POSTGRES_INITDB_ARGS="--auth-local=scram-sha-256 --auth-host=scram-sha-256"
