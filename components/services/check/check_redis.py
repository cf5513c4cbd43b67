"""Checks a Redis server for the needs of Celery."""

import urllib.parse
import uuid

import redis
from check_network import Fault, connect, handshake

# Oldest supported version of the server.
OLDEST = (6, 2)
# Permissions of the broker's user: all keys and channels, and all commands but administrative and dangerous ones.
ACL_RULES = "~* &* +@all -@admin -@dangerous +info"


def check(key, url, ca, identity=None):
    """Checks a Redis server, and prints whether the check passed.

    :param key: key of the URL in the stack file
    :param ca: path of the trusted authorities; None for the public ones
    :param identity: paths of the client certificate and its key
    :return: the faults, as texts
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
        log_in(client, user, tls, identity)
        info = info_of(client, user)
        faults = [*server_faults(info), *missing_permissions(client, user)]
        if not info.get("aof_enabled"):
            print(
                f"WARNING {place}: Redis writes no append-only file (aof_enabled is 0), so a crash loses the tasks that wait. "
                "To keep them: CONFIG SET appendonly yes, and the same in redis.conf.",
                flush=True,
            )
    except Fault as fault:
        faults = [str(fault)]
    print(f"{place}: {'failed' if faults else 'passed'}", flush=True)
    return [f"{place}: {fault}" for fault in faults]


def log_in(client, user, tls, identity):
    try:
        client.ping()
    except redis.exceptions.NoPermissionError:
        # The login succeeded; `missing_permissions` reports what the user may not do.
        return
    except redis.exceptions.AuthenticationError as error:
        raise Fault(
            f"the server refuses the login of {user} ({error}); expected the password in the URL. "
            f"To change it, as an administrator: ACL SETUSER {user} on >PASSWORD {ACL_RULES}"
        ) from error
    except redis.exceptions.RedisError as error:
        hint = certificate_hint(identity) if tls else " If the server expects TLS on this port, begin the URL with rediss://."
        raise Fault(f"the server does not answer as Redis does ({error}).{hint}") from error


def certificate_hint(identity):
    """Returns the likely fix when a server closes the connection after the handshake, as it does for a bad client certificate."""
    if identity is None:
        return " If the server asks for a client certificate (tls-auth-clients), set redis.certificate and redis.key."
    return " Expected a redis.certificate that is signed by an authority which the server trusts (tls-ca-cert-file)."


def info_of(client, user):
    try:
        return client.info("all")
    except redis.exceptions.NoPermissionError as error:
        raise Fault(
            f"{user} may not run INFO ({error}). To grant it, as an administrator: ACL SETUSER {user} {ACL_RULES}"
        ) from error


def server_faults(info):
    """Yields the faults of version, configuration and role, from the answer to INFO."""
    version = info["redis_version"]
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        yield f"the server is Redis {version}; expected {'.'.join(map(str, OLDEST))} or newer."
    policy = info["maxmemory_policy"]
    if policy != "noeviction":
        yield (
            f"its maxmemory-policy is {policy}: with its memory full Redis would silently drop tasks that wait; expected noeviction. "
            "To set it, as an administrator: CONFIG SET maxmemory-policy noeviction, and the same in redis.conf."
        )
    if info.get("role") != "master":
        yield "the server is a replica, which refuses writes; expected the address of the primary."
    if info.get("cluster_enabled"):
        yield "the server is a Redis Cluster, which Celery cannot use as a broker; expected a server without cluster-enabled."


def commands(client, key):
    """Returns the commands of Celery and Flower, by name, as calls on keys that begin with `key`."""
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
        "SUBSCRIBE": lambda: subscribe_to(pubsub, pubsub.subscribe, f"{key}-channel"),
        "PSUBSCRIBE": lambda: subscribe_to(pubsub, pubsub.psubscribe, f"{key}-*"),
        "DEL": lambda: client.delete(*(f"{key}-{part}" for part in ("queue", "binding", "index", "unacked", "mutex"))),
    }


def subscribe_to(pubsub, subscribe, channel):
    """Subscribes, and reads the answer, which comes as a message and raises the error."""
    subscribe(channel)
    pubsub.get_message(timeout=5)


def missing_permissions(client, user):
    """Yields the commands, keys and channels that the user lacks, and a full memory."""
    missing, keys = [], []
    for name, command in commands(client, f"airflow-check-{uuid.uuid4()}").items():
        try:
            command()
        except redis.exceptions.NoPermissionError as error:
            (keys if "keys" in str(error) or "channels" in str(error) else missing).append(name)
        except redis.exceptions.OutOfMemoryError:
            yield "its memory is full, so it refuses tasks; expected a higher maxmemory, or fewer keys of other programs."
            return
        except redis.exceptions.ReadOnlyError:
            return
    if missing:
        yield (
            f"{user} may not run {', '.join(missing)}, which Celery needs. "
            f"To grant it, as an administrator: ACL SETUSER {user} {ACL_RULES}"
        )
    if keys:
        yield (
            f"{user} may not use every key and channel ({', '.join(keys)} failed), and Celery chooses their names. "
            f"To grant it, as an administrator: ACL SETUSER {user} ~* &*"
        )
