# The official image with its user 999, for machines that reach Docker Hub, with age for encryption, and Python with boto3.
FROM postgres:15
RUN apt-get update -q \
 && apt-get install -qy --no-install-recommends age ca-certificates dumb-init python3 python3-boto3 python3-cryptography python3-psycopg2 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 999 -g 999 -m 700 /backups
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONUNBUFFERED=1
USER 999:999
ENTRYPOINT []
CMD ["true"]
