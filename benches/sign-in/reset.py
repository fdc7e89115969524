"""A new password by a code from a mail, with a real mail server: once, not twice, not at the sixth try, not after five minutes."""
import secrets
import time

from figures import say
from mail_host import MailHost
from server import ME, PASSWORD, TOKENS, Server, outcome, said

NEW = "quite another pass phrase"
LIFETIME = 305


def measure(options):
    password = "smtp-" + secrets.token_hex(12)
    plain = MailHost(password)
    server = Server(options, "reset", TRUSTED_PROXIES="127.0.0.1/32", SMTP_URL=plain.url())
    try:
        server.start()
        for name in ("rosa", "ruth", "nora", "rita", "rolf"):
            setattr(server, name, server.register(name))
        use_once(server, plain)
        try_six_times(server, plain)
        be_locked_out(server, plain)
        if options.wait:
            wait_it_out(server, plain)
        else:
            say("a code after 5 min 5 s", "not tried: --wait was not given")
        server.stop()
        plain.stop()
        refusals(server, password, options.wait)
    finally:
        server.stop()
        plain.stop()


def wish(server, name):
    client = server.client(address="198.51.100.5")
    return said(client.mutate("requestPasswordReset", {"email": f"{name}@mail.example"}))


def use(server, name, code, new=NEW, address="198.51.100.6"):
    client = server.client(address=address)
    return said(client.mutate("resetPassword", {"email": f"{name}@mail.example", "code": code, "newPassword": new}))


def login(server, name, password):
    return said(server.client().mutate("login", {"login": name, "password": password}, TOKENS))


def use_once(server, host):
    begun = time.perf_counter()
    say("requestPasswordReset", wish(server, "rosa"))
    code = host.code_for("rosa@mail.example")
    say("the mail arrived", f"{(time.perf_counter() - begun) * 1000:.0f} ms after it was asked for; SMTP logins {host.logins}")
    say("the code, with a password that holds the username", use(server, "rosa", code, "my dear rosa and me"))
    say("the code, used", use(server, "rosa", code))
    say("the code, used a second time", use(server, "rosa", code, "yet another pass phrase"))
    say("the old access token", outcome(server.rosa.ask(ME), "me") if "errors" in server.rosa.ask(ME) else "STILL GOOD")
    payload = {"refreshToken": server.rosa.refresh}
    say("the old refresh token", said(server.client().mutate("refreshSession", payload, TOKENS)))
    say("login with the old password", login(server, "rosa", PASSWORD))
    say("login with the new password", login(server, "rosa", NEW))
    say("for an address that is nobody's", f"{wish(server, 'nobody-at-all')}; then {use(server, 'nobody-at-all', code)}")


def try_six_times(server, host):
    wish(server, "ruth")
    code = host.code_for("ruth@mail.example")
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for number in range(1, 6):
        answer = use(server, "ruth", wrong, address=f"198.51.100.{20 + number}")
        say(f"wrong code, try {number}", answer)
    say("the right code as the sixth try, at once", use(server, "ruth", code, address="198.51.100.30"))
    time.sleep(16)
    say("the right code, after the lock of 15 s", use(server, "ruth", code, address="198.51.100.31"))
    say("the password is still", "the old one" if login(server, "ruth", PASSWORD) == "done" else "ANOTHER ONE")
    say("another code is asked for", wish(server, "ruth"))
    second = host.code_for("ruth@mail.example", already=1)
    answer = use(server, "ruth", second, address="198.51.100.32")
    say("that code, at once (the failures before are not forgotten)", answer)
    if answer != "done":
        time.sleep(31)
        say("that code, 31 s later", use(server, "ruth", second, address="198.51.100.33"))


def be_locked_out(server, host):
    """Somebody elsewhere sends codes for a user who has asked for none; then she asks."""
    answers = [use(server, "nora", "000000", address=f"198.51.100.{40 + number}") for number in range(5)]
    say("a stranger's five codes for a user who asked for none", answers[-1])
    say("the user asks for a code", wish(server, "nora"))
    code = host.code_for("nora@mail.example")
    say("her right code, from her own address", use(server, "nora", code, address="203.0.113.30"))


def wait_it_out(server, host):
    wish(server, "rita")
    code = host.code_for("rita@mail.example")
    time.sleep(LIFETIME)
    say("a code after 5 min 5 s", use(server, "rita", code))
    say("the password is still", "the old one" if login(server, "rita", PASSWORD) == "done" else "ANOTHER ONE")


def refusals(server, password, is_patient):
    """Mail servers that cannot be used: what the job and the log say, and whether the password is in either."""
    cases = [
        ("TLS with a certificate of nobody's", {"tls": "smtps"}, password),
        ("STARTTLS with a certificate of nobody's", {"tls": "starttls"}, password),
        ("a wrong password", {}, password + "-wrong"),
    ]
    if is_patient:
        cases.append(("a mail server that falls silent", {"is_silent": True}, password))
    for what, how, given in cases:
        host = MailHost(password, folder=server.data, **how)
        try:
            refuse(server, host, what, host.url(given), password)
        finally:
            server.stop()
            host.stop()


def refuse(server, host, what, url, password):
    before = len(server.logged())
    server.start(SMTP_URL=url, LOG_LEVEL="debug")
    last = server.one("SELECT coalesce(max(id::text), '') FROM jobs")
    begun = time.time()
    wish(server, "rolf")
    job = server.wait_for("SELECT state, attempt, max_attempts, error_payload::text FROM jobs WHERE kind = 'SEND_EMAIL'"
                          f" AND id::text > '{last}' AND error_payload IS NOT NULL", patience=180)
    after = f" ({time.time() - begun:.1f} s after the wish)"
    say(f"{what}: the job", f"{job[0]} after attempt {job[1]} of {job[2]}: {job[3]}{after}" if job else "NO ERROR")
    server.stop()
    log = server.logged()[before:]
    told = [line for line in log.splitlines() if "mail server" in line or "SEND_EMAIL" in line]
    say(f"{what}: the log", " | ".join(told[:3]) or "NOTHING")
    say(f"{what}: mails taken, SMTP logins", f"{len(host.mails)}, {host.logins}")
    is_in = [place for place, text in (("the log", log), ("the job", "\n".join(job or []))) if password in text]
    say(f"{what}: the password is in", ", ".join(is_in).upper() or "neither")
