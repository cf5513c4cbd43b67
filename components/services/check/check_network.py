"""Checks the network path to a service: name, TCP connection and TLS."""

import ipaddress
import socket
import ssl
import time

# Seconds for a service that is starting to accept connections.
PATIENCE = 15


class Fault(Exception):
    """A fault of a service; its text says what was found, what is expected, and the fix."""


def connect(host, port):
    """Opens a TCP connection; retries for `PATIENCE` seconds.

    :raises Fault: if no connection was made
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, port), timeout=5)
        except OSError as error:
            if time.monotonic() < end:
                time.sleep(1)
                continue
            raise Fault(unreachable(host, port, error)) from error


def unreachable(host, port, error):
    if isinstance(error, socket.gaierror):
        return (
            f"the name {host} cannot be resolved in a container ({error.strerror}); "
            "expected a name that the container's DNS resolves, an IP address, or an entry in airflow:extraHosts."
        )
    hint = f" In a container {host} is the container itself: give the address of the server's machine." if is_loopback(host) else ""
    return (
        f"no connection to {host}:{port} within {PATIENCE} s ({error}); "
        f"expected a server that listens on this address, and no firewall in between.{hint}"
    )


def is_loopback(host):
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def handshake(connection, host, ca, names=True, verify=True, identity=None):
    """Makes a TLS handshake, for OpenSSL's own verdict on the certificate, which database drivers shorten.

    :param ca: path of the trusted authorities; None for the public ones
    :param identity: paths of the client certificate and its key
    :raises Fault: if the handshake fails
    """
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = names and verify
    if not verify:
        context.verify_mode = ssl.CERT_NONE
    if identity:
        try:
            context.load_cert_chain(*identity)
        except (ssl.SSLError, OSError) as error:
            raise Fault(f"redis.key is not the key of redis.certificate ({error}); expected that key, in PEM.") from error
    try:
        return context.wrap_socket(connection, server_hostname=host.strip("[]"))
    except ssl.SSLCertVerificationError as error:
        raise Fault(distrust(host, error, ca)) from error
    except (ssl.SSLError, OSError) as error:
        raise Fault(f"the TLS handshake with {host} failed ({error}); expected a server with TLS 1.2 or newer on this port.") from error


# Error codes of OpenSSL, from x509_vfy.h.
NOT_YET, EXPIRED, HOST, ADDRESS = 9, 10, 62, 64


def distrust(host, error, ca):
    if error.verify_code in (EXPIRED, NOT_YET):
        return f"the certificate of {host} is not valid at this time ({error.verify_message}): renew it on the server."
    if error.verify_code in (HOST, ADDRESS):
        return (
            f"the server's certificate is not for {host} ({error.verify_message}); "
            f"expected {host} among its subject alternative names, or one of these names in the URL."
        )
    trusted = "the file ca" if ca and "certificates.crt" not in ca else "the public list"
    return (
        f"the certificate of {host} is signed by an unknown authority ({error.verify_message}); "
        f"expected an authority of {trusted}. Set ca to a file with the authority that signed the certificate, in PEM."
    )
