import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..models.bridges import ir_actions_report
from ..tools import pdf_engine
from ..tools.pdf_engine import EngineTimeoutError, run
from .common import ContractCommon
from .common_doctest import check_doctests

REPORT = "crm_contract.report_contract"
# A script that starts another one, both of which would never end.
ENDLESS = "sleep 1000 & echo $! > %s; sleep 1000"


def is_alive(pid):
    """Return whether a process runs; one that nobody buried yet does not."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return False


@tagged("post_install", "-at_install")
class TestToolsPdfEngine(BaseCase):
    def test_doctests(self):
        check_doctests(self, pdf_engine)

    def test_the_group_ends_with_the_time(self):
        with TemporaryDirectory() as name:
            note = Path(name) / "pid"
            with self.assertRaises(EngineTimeoutError):
                run(["sh", "-c", ENDLESS % note], 0.5)
            pid = int(note.read_text())
            for _time in range(100):
                if not is_alive(pid):
                    break
                os.sched_yield()
                threading.Event().wait(0.05)
            self.assertFalse(is_alive(pid))

    def test_the_group_ends_with_the_caller(self):
        """A worker whose time is over leaves nothing behind."""
        with TemporaryDirectory() as name:
            note = Path(name) / "pid"
            popen = pdf_engine.subprocess.Popen

            def stop(process, *args, **kwargs):
                while not (note.exists() and note.read_text().strip()):
                    threading.Event().wait(0.02)
                raise KeyboardInterrupt

            with (
                patch.object(popen, "communicate", stop),
                self.assertRaises(KeyboardInterrupt),
            ):
                run(["sh", "-c", ENDLESS % note], 60)
            pid = int(note.read_text())
            for _time in range(100):
                if not is_alive(pid):
                    break
                threading.Event().wait(0.05)
            self.assertFalse(is_alive(pid))


class TestPdfEngine(ContractCommon):
    """The engine that prints, given pages as they are: the second line of defence."""

    def setUp(self):
        super().setUp()
        self.reports = self.env["ir.actions.report"]
        if self.reports.get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")

    def _print(self, body):
        page = f"<!DOCTYPE html><html><body>{body}</body></html>"
        return self.reports._run_wkhtmltopdf([page], report_ref=REPORT)

    def test_nobody_is_asked(self):
        asked = []
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def listen():
            with suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    asked.append(connection)
                    connection.close()

        threading.Thread(target=listen, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        pdf = self._print(
            f'<base href="{url}/"/><link rel="stylesheet" href="{url}/a.css"/>'
            f"<style>@import url({url}/b.css); p {{background: url({url}/c.png)}}</style>"
            f'<img src="{url}/d.png"/><iframe src="{url}/e"></iframe>'
            f'<object data="{url}/f"></object><script src="{url}/g.js"></script>'
            f'<script>new Image().src = "{url}/h"</script><p>Text</p>'
        )
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertFalse(asked)

    def test_no_file_is_read(self):
        with TemporaryDirectory() as name:
            secret = Path(name) / "secret.html"
            secret.write_text("<p>" + "secret " * 2000 + "</p>")
            plain = len(self._print('<iframe src="about:blank"></iframe>'))
            with_file = len(
                self._print(f'<iframe src="file://{secret}" height="900"></iframe>')
            )
        self.assertLess(with_file - plain, 500)

    @mute_logger(ir_actions_report.__name__)
    def test_too_slow(self):
        self.env["ir.config_parameter"].set_param("crm_contract.print_timeout", "0.01")
        with self.assertRaisesRegex(UserError, "longer than 0.01 seconds"):
            self._print("<p>Text</p>")

    @mute_logger(ir_actions_report.__name__)
    def test_broken(self):
        with (
            patch.object(ir_actions_report, "find_in_path", lambda name: "false"),
            self.assertRaisesRegex(UserError, "The PDF engine failed"),
        ):
            self._print("<p>Text</p>")

    def test_other_reports_are_left_alone(self):
        options = self.reports._build_wkhtmltopdf_args(
            self.env.ref("crm_contract.paperformat_contract"), False
        )
        self.assertNotIn("--proxy", options)
        self.assertIn("--disable-local-file-access", options)
