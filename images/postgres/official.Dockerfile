# The official image, for machines that reach Docker Hub, with passwords on the socket, too. Has the locale and the checksums of the
# image that is built from packages, since both images share a tag, and each has to open the databases of the other.
FROM postgres:15
ENV LANG=C.UTF-8 POSTGRES_INITDB_ARGS="--locale=C.UTF-8 --data-checksums --auth-local=scram-sha-256 --auth-host=scram-sha-256"
