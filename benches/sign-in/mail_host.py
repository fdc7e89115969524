"""A mail server that keeps what it is sent: plain, with STARTTLS or all in TLS, and with a password."""
import email
import email.policy
import logging
import os
import re
import socket
import ssl
import subprocess
import time
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from server import free_port

USER = "postman"

# That a password without TLS can be read on its way is known: it goes from 127.0.0.1 to 127.0.0.1.
warnings.filterwarnings("ignore", module="aiosmtpd")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


class MailHost:
    """Listens on a free port of 127.0.0.1. `tls` is None, "starttls" or "smtps"; the certificate is nobody's whom anyone
    trusts. A silent one takes the password and says nothing more."""

    def __init__(self, password, tls=None, folder=None, is_silent=False):
        self.is_silent = is_silent
        self.password, self.mails, self.logins, self.port = password, [], [], free_port()
        how = {"hostname": "127.0.0.1", "port": self.port, "authenticator": self.authenticate, "auth_required": True}
        context = self_signed(folder) if tls else None
        if tls == "smtps":
            how |= {"ssl_context": context}
        if tls == "starttls":
            how |= {"tls_context": context, "require_starttls": True}
        how |= {"auth_require_tls": tls == "starttls"}
        self.controller = Controller(self, **how)
        self.scheme = {None: "smtp", "starttls": "smtp+starttls", "smtps": "smtps"}[tls]
        if tls == "smtps":
            # The controller's own look whether it is up does not believe its certificate either.
            self.controller._trigger_server = self.greet
        self.controller.start()

    def greet(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), 5) as plain, context.wrap_socket(plain) as secure:
            secure.recv(1024)

    def url(self, password=None):
        return f"{self.scheme}://{USER}:{password or self.password}@127.0.0.1:{self.port}"

    def authenticate(self, server, session, envelope, mechanism, data):
        is_right = data.login == USER.encode() and data.password == self.password.encode()
        self.logins.append(is_right)
        # A failure that is called handled is never answered.
        return AuthResult(success=is_right and not self.is_silent, handled=self.is_silent)

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 Kept"

    def code_for(self, address, already=0, patience=30):
        """The code in the next mail to that address behind the `already` first ones."""
        deadline = time.time() + patience
        while time.time() < deadline:
            texts = [mail.get_content() for to, mail in list(self.mails) if address in to]
            codes = [found.group(1) for text in texts if (found := re.search(r"^\s+(\d{6})\s*$", text, re.MULTILINE))]
            if len(codes) > already:
                return codes[already]
            time.sleep(0.05)
        raise RuntimeError(f"no mail with a code came to {address}")

    def stop(self):
        if self.controller:
            self.controller.stop(no_assert=True)
            self.controller = None


def self_signed(folder):
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    if not os.path.exists(certificate):
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
        subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
