# The official image, for machines that reach Docker Hub; it asks for a password on its socket too. Locale and checksums are
# those of the build from packages, so that either variant opens a database of the other: they share a tag.
FROM postgres:15
ENV LANG=C.UTF-8 POSTGRES_INITDB_ARGS="--locale=C.UTF-8 --data-checksums --auth-local=scram-sha-256 --auth-host=scram-sha-256"
