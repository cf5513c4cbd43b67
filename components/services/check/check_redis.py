"""Checks that a Redis has all that Celery needs."""

import urllib.parse
import uuid

import redis
from check_network import Complaint, connect, handshake

OLDEST = (6, 2)
RULES = "~* &* +@all -@admin -@dangerous +info"


def complaints(key, url, ca, identity=None):
    """Returns the faults of a Redis.

    `ca` is a file of authorities, in place of the public ones; `identity` has the files of a certificate and its key.
    """
    parts = urllib.parse.urlsplit(url)
    user, password = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password)
    tls = parts.scheme == "rediss"
    place = f"{key}, tried as {user} at {parts.hostname}:{parts.port}{parts.path} {'with' if tls else 'without'} TLS"
    try:
        with connect(parts.hostname, parts.port) as connection:
            if tls:
                handshake(connection, parts.hostname, ca, identity=identity).close()
        client = redis.Redis(
            host=parts.hostname,
            port=parts.port,
            db=int(parts.path[1:]),
            username=user,
            password=password,
            socket_timeout=10,
            decode_responses=True,
            ssl=tls,
            **({"ssl_ca_certs": ca} if tls and ca else {}),
            **({"ssl_certfile": identity[0], "ssl_keyfile": identity[1]} if tls and identity else {}),
        )
        found = list(faults(client, user, tls, identity))
    except Complaint as complaint:
        found = [str(complaint)]
    print(f"{place}: {'refused' if found else 'good'}", flush=True)
    return [f"{place}: {fault}" for fault in found]


def faults(client, user, tls, identity):
    log_in(client, user, tls, identity)
    information = ask(client, user)
    yield from unfit(information)
    yield from lacking(client, user)


def log_in(client, user, tls, identity):
    try:
        client.ping()
    except redis.exceptions.NoPermissionError:
        # The login is right; a missing permission is reported with the others.
        return
    except redis.exceptions.AuthenticationError as error:
        raise Complaint(
            f"the server refuses the login of {user} ({error}). "
            f"Needed is the right password in the URL, or as an administrator: ACL SETUSER {user} on >PASSWORD {RULES}"
        ) from error
    except redis.exceptions.RedisError as error:
        hint = shown(identity) if tls else " If it speaks TLS there, the URL begins with rediss://."
        raise Complaint(f"the server does not answer as Redis does ({error}).{hint}") from error


def shown(identity):
    """Says what a server may lack that ends a connection after the handshake, which is when it judges the client."""
    if identity is None:
        return " If it asks for a client certificate (tls-auth-clients), needed are redis.certificate and redis.key."
    return " Needed is a redis.certificate that is signed by an authority which the server trusts (tls-ca-cert-file)."


def ask(client, user):
    try:
        return client.info("all")
    except redis.exceptions.NoPermissionError as error:
        raise Complaint(
            f"{user} may not ask for INFO ({error}). Needed is, as an administrator: ACL SETUSER {user} {RULES}"
        ) from error


def unfit(information):
    version = information["redis_version"]
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        yield f"the server is Redis {version}. Needed is {'.'.join(map(str, OLDEST))} or newer."
    policy = information["maxmemory_policy"]
    if policy != "noeviction":
        yield (
            f"its maxmemory-policy is {policy}: when it is full it would drop tasks that wait, without a word. "
            "Needed is, as an administrator: CONFIG SET maxmemory-policy noeviction, and the same in redis.conf."
        )
    if information.get("role") != "master":
        yield "it is a replica, which cannot be written to. Needed is the address of the primary."
    if information.get("cluster_enabled"):
        yield "it is a Redis Cluster, which Celery cannot use as a broker. Needed is one without cluster-enabled."
    if not information.get("aof_enabled"):
        print(
            "WARNING Redis keeps no log (aof_enabled is 0): what waits in the queue is lost when it crashes. "
            "Better is: CONFIG SET appendonly yes, and the same in redis.conf.",
            flush=True,
        )


def attempts(client, key):
    """Does what Celery and Flower do, on keys of this check alone."""
    pubsub = client.pubsub()
    return {
        "LPUSH": lambda: client.lpush(f"{key}-queue", "task"),
        "RPUSH": lambda: client.rpush(f"{key}-queue", "task"),
        "LLEN": lambda: client.llen(f"{key}-queue"),
        "BRPOP": lambda: client.brpop([f"{key}-queue"], timeout=1),
        "LREM": lambda: client.lrem(f"{key}-queue", 0, "none"),
        "SADD": lambda: client.sadd(f"{key}-binding", "route"),
        "SMEMBERS": lambda: client.smembers(f"{key}-binding"),
        "SCARD": lambda: client.scard(f"{key}-binding"),
        "SREM": lambda: client.srem(f"{key}-binding", "route"),
        "ZADD": lambda: client.zadd(f"{key}-index", {"task": 1}),
        "ZREVRANGEBYSCORE": lambda: client.zrevrangebyscore(f"{key}-index", 2, 0),
        "ZREM": lambda: client.zrem(f"{key}-index", "task"),
        "HSET": lambda: client.hset(f"{key}-unacked", "task", "message"),
        "HGET": lambda: client.hget(f"{key}-unacked", "task"),
        "HDEL": lambda: client.hdel(f"{key}-unacked", "task"),
        "MULTI and EXEC": lambda: client.pipeline(transaction=True).llen(f"{key}-queue").execute(),
        "WATCH": lambda: client.transaction(lambda pipe: pipe.multi(), f"{key}-queue"),
        "SET": lambda: client.set(f"{key}-mutex", "owner", ex=10, nx=True),
        "EXPIRE": lambda: client.expire(f"{key}-mutex", 10),
        "EXISTS": lambda: client.exists(f"{key}-mutex"),
        "EVALSHA and SCRIPT LOAD": lambda: client.register_script("return redis.call('get', KEYS[1])")([f"{key}-mutex"]),
        "PUBLISH": lambda: client.publish(f"{key}-channel", "message"),
        "SUBSCRIBE": lambda: heard(pubsub, pubsub.subscribe, f"{key}-channel"),
        "PSUBSCRIBE": lambda: heard(pubsub, pubsub.psubscribe, f"{key}-*"),
        "DEL": lambda: client.delete(*(f"{key}-{part}" for part in ("queue", "binding", "index", "unacked", "mutex"))),
    }


def heard(pubsub, subscribe, channel):
    """Reads the answer to a subscription, which comes as a message."""
    subscribe(channel)
    pubsub.get_message(timeout=5)


def lacking(client, user):
    missing, keys = [], []
    for name, attempt in attempts(client, f"airflow-check-{uuid.uuid4()}").items():
        try:
            attempt()
        except redis.exceptions.NoPermissionError as error:
            (keys if "keys" in str(error) or "channels" in str(error) else missing).append(name)
        except redis.exceptions.OutOfMemoryError:
            yield "it is full: it takes no more tasks. Needed is a higher maxmemory, or fewer keys of others in it."
            return
        except redis.exceptions.ReadOnlyError:
            return
    if missing:
        yield (
            f"{user} may not run {', '.join(missing)}, which Celery does. "
            f"Needed is, as an administrator: ACL SETUSER {user} {RULES}"
        )
    if keys:
        yield (
            f"{user} may not use every key and channel ({', '.join(keys)} failed), and Celery chooses their names. "
            f"Needed is, as an administrator: ACL SETUSER {user} ~* &*"
        )
