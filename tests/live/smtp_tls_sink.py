"""A mail host that takes every message, over TLS where the sender begins it (RFC 3207).

    python smtp_tls_sink.py ADDRESS CERTIFICATE KEY

The files are read anew for each connection. Messages go to files in the current folder,
recipients first, as those of Postfix's `smtp-sink` do, which knows no TLS.
"""

import socketserver
import ssl
import sys
import tempfile
from pathlib import Path

PORT = 25


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    certificate, key = "", ""

    def handle(self) -> None:
        """Answer commands until the sender goes."""
        self._recipients: list[str] = []
        self._say("220 ESMTP")
        while line := self.rfile.readline().decode("latin-1").strip():
            word = line[:4].upper()
            if word == "EHLO":
                has_tls = isinstance(self.connection, ssl.SSLSocket)
                self._say("250 mail" if has_tls else "250-mail\r\n250 STARTTLS")
            elif word == "STAR":
                self._say("220 go on")
                self._begin_tls()
            elif word == "DATA":
                self._take_message()
            elif word == "QUIT":
                return
            else:
                if word == "RCPT":
                    self._recipients.append(line.partition(":")[2])
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _begin_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.request = self.connection
        self.setup()

    def _take_message(self) -> None:
        self._say("354 go on")
        lines = [f"X-Rcpt-Args: {each}\n" for each in self._recipients]
        while (line := self.rfile.readline().decode("latin-1")) not in {".\r\n", ""}:
            lines.append(line)
        with tempfile.NamedTemporaryFile("w", dir=Path.cwd(), delete=False) as file:
            file.writelines(lines)
        self._recipients.clear()
        self._say("250 taken")


if __name__ == "__main__":
    address, Session.certificate, Session.key = sys.argv[1:]
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer((address, PORT), Session) as server:
        server.serve_forever()
