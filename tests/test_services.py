"""Databases and Redis as hosts hand them out: poolers, few connections, certificates of their own."""

import datetime
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis.exceptions import ConnectionError as NoConnectionError

from app import services
from app.services import free_port, open_engine, open_redis
from app.settings import load_settings
from tests.tables import end_all_connections


def prepared(engine: sa.Engine) -> int:
    """How many statements a connection has prepared after it has run one ten times."""
    with engine.connect() as connection:
        for number in range(10):
            connection.execute(sa.text("SELECT CAST(:number AS int)"), {"number": number})
        return int(connection.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements")) or 0)


def test_statements_are_prepared_where_nothing_stands_between(pg_engine: sa.Engine) -> None:
    assert prepared(pg_engine) > 0


def test_behind_a_pooler_nothing_is_prepared(pg_engine: sa.Engine) -> None:
    """One that tells us another process than the one that serves us."""

    class Pooled(psycopg.Connection):  # type: ignore[type-arg]
        @property
        def info(self) -> psycopg.ConnectionInfo:
            told = psycopg.ConnectionInfo(self.pgconn)
            object.__setattr__(told, "__class__", _OfPooler)
            return told

    class _OfPooler(psycopg.ConnectionInfo):
        @property
        def backend_pid(self) -> int:
            return super().backend_pid + 1

    address = pg_engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    engine = open_engine(pg_engine.url.render_as_string(hide_password=False))
    sa.event.listen(engine, "do_connect", lambda *_: Pooled.connect(address))

    assert prepared(engine) == 0
    engine.dispose()


@contextmanager
def pgbouncer(folder: Path, engine: sa.Engine) -> Iterator[str]:
    """PgBouncer in transaction mode with three connections to the server; yields its URL."""
    port = free_port()
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "ini").write_text(
        f"""[databases]
postgres = host={engine.url.query["host"]} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
auth_file = {folder / "users"}
pool_mode = transaction
default_pool_size = 3
unix_socket_dir =
"""
    )
    folder.chmod(0o777)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o711)
    command = ["pgbouncer", "-u", "nobody", str(folder / "ini")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        for _ in range(100):
            try:
                psycopg.connect(url.replace("+psycopg", "")).close()
                break
            except psycopg.OperationalError:
                threading.Event().wait(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(not shutil.which("pgbouncer"), reason="pgbouncer is not installed")
def test_many_transactions_share_few_connections_of_pgbouncer(
    pg_engine: sa.Engine, tmp_path: Path
) -> None:
    failed: list[BaseException] = []

    def work(engine: sa.Engine) -> None:
        try:
            for number in range(60):
                with engine.begin() as connection:
                    connection.execute(sa.text("SELECT CAST(:number AS int)"), {"number": number})
                    connection.execute(sa.text("SELECT pg_sleep(0.001)"))
        except sa.exc.SQLAlchemyError as error:
            failed.append(error)

    with pgbouncer(tmp_path, pg_engine) as url:
        engine = open_engine(url)
        threads = [threading.Thread(target=work, args=(engine,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        engine.dispose()

    assert failed == []


def test_a_process_never_has_more_connections_than_it_may(pg_engine: sa.Engine) -> None:
    engine = open_engine(pg_engine.url.render_as_string(hide_password=False), connections=3)
    engine.pool._timeout = 0.1  # type: ignore[attr-defined]  # nobody waits ten seconds here
    held = [engine.connect() for _ in range(3)]

    with pytest.raises(sa.exc.TimeoutError):
        engine.connect()

    for connection in held:
        connection.close()
    engine.dispose()


@contextmanager
def tls_server(folder: Path) -> Iterator[int]:
    """Answers PONG to whatever it is asked, behind a certificate that it signed itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somewhere-else")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, context), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _answer(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        try:
            with plain, context.wrap_socket(plain, server_side=True) as client:
                while told := client.recv(4096):
                    client.sendall(b"+PONG\r\n" if b"PING" in told else b"+OK\r\n" * told.count(b"*"))
        except OSError:
            continue


@pytest.mark.parametrize("verify", ["true", "false"])
def test_a_certificate_that_nobody_vouches_for_is_taken_only_where_that_is_said(
    tmp_path: Path, verify: str
) -> None:
    with tls_server(tmp_path) as port:
        told = {
            "BACKLINE_HOME": str(tmp_path),
            "REDIS_URL": f"rediss://127.0.0.1:{port}/0?protocol=2",
            "REDIS_TLS_VERIFY": verify,
        }
        url = load_settings(told).redis_url or ""

        with open_redis(url) as client:
            if verify == "true":
                with pytest.raises(NoConnectionError, match="certificate verify failed"):
                    client.ping()
            else:
                assert client.ping()


def test_what_a_url_says_of_certificates_itself_stands(tmp_path: Path) -> None:
    url = "rediss://h:6379/0?ssl_cert_reqs=required"
    told = {"BACKLINE_HOME": str(tmp_path), "REDIS_URL": url, "REDIS_TLS_VERIFY": "false"}

    assert load_settings(told).redis_url == url


def test_a_connection_that_ended_while_nobody_used_it_is_noticed(
    pg_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was in use a moment ago is not tried."""
    engine = open_engine(pg_engine.url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        before = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    end_all_connections(pg_engine)
    pg_engine.dispose()  # whoever needs it next would be given one that has ended
    monkeypatch.setattr(services, "_IDLE_S", 0)

    with engine.connect() as connection:
        after = connection.scalar(sa.text("SELECT pg_backend_pid()"))

    assert before != after
    engine.dispose()
