"""Finds faults on the way to a service."""

import ipaddress
import socket
import ssl
import time

PATIENCE = 15


class Complaint(Exception):
    """A fault: the thing that is wrong, the thing that is needed, and the fix."""


def connect(host, port):
    """Opens a connection; a service that is starting gets some seconds."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, port), timeout=5)
        except OSError as error:
            if time.monotonic() < end:
                time.sleep(1)
                continue
            raise Complaint(unreachable(host, port, error)) from error


def unreachable(host, port, error):
    if isinstance(error, socket.gaierror):
        return (
            f"the name {host} cannot be resolved from inside a container ({error.strerror}). "
            "Needed is a name that its DNS knows, an address, or a line in airflow:extraHosts."
        )
    inside = " Inside a container that is the container itself: give the address of its machine." if is_loopback(host) else ""
    return (
        f"nobody answers at {host}:{port}, tried for {PATIENCE} s ({error}). "
        f"Needed is a server that listens on that address, and no firewall in between.{inside}"
    )


def is_loopback(host):
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def handshake(connection, host, ca, names=True, verify=True, identity=None):
    """Speaks TLS on a connection, to get OpenSSL's own words about the certificate: libraries say less."""
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = names and verify
    if not verify:
        context.verify_mode = ssl.CERT_NONE
    if identity:
        try:
            context.load_cert_chain(*identity)
        except (ssl.SSLError, OSError) as error:
            raise Complaint(f"redis.key is not the key of redis.certificate ({error}). Needed is that key, in PEM.") from error
    try:
        return context.wrap_socket(connection, server_hostname=host.strip("[]"))
    except ssl.SSLCertVerificationError as error:
        raise Complaint(distrust(host, error, ca)) from error
    except (ssl.SSLError, OSError) as error:
        raise Complaint(f"TLS with {host} fails ({error}). Needed is a server that speaks TLS 1.2 or newer there.") from error


# Error codes of OpenSSL, from x509_vfy.h.
NOT_YET, EXPIRED, HOST, ADDRESS = 9, 10, 62, 64


def distrust(host, error, ca):
    if error.verify_code in (EXPIRED, NOT_YET):
        return f"the certificate of {host} is not valid now ({error.verify_message}). Needed is a renewed one on the server."
    if error.verify_code in (HOST, ADDRESS):
        return (
            f"the certificate is not for {host} ({error.verify_message}). "
            "Needed is one with that name among its subject alternative names, or its name in the URL."
        )
    given = "the file given as ca" if ca and "certificates.crt" not in ca else "the public ones"
    return (
        f"the certificate of {host} is signed by an authority that is not known ({error.verify_message}). "
        f"Trusted are {given}: needed is the file of the authority that signed it, in PEM, as ca."
    )
