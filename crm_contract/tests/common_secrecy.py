import os
from unittest.mock import patch

from ..tools.secret_master import make_line
from .common import ContractCommon

ID_NUMBER = "11010519491231002X"
PHONE = "13800138000"


class SecrecyCommon(ContractCommon):
    """A server with a master key; the protection itself is off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.master = make_line("k1")
        cls.startClassPatcher(
            patch.dict(os.environ, {"CONTRACT_SECRET_KEYS": cls.master})
        )
        # A batch is committed by itself, which no test may do.
        cls.classPatch(
            cls.env.registry["ir.cron"],
            "_commit_progress",
            lambda *args, **kwargs: float("inf"),
        )
        cls.secrecy = cls.env["crm.contract.secrecy"]
        cls.job = cls.env["crm.contract.secrecy.job"]
        cls.keys = cls.env["crm.contract.secret.key"]

    @classmethod
    def _turn_on(cls):
        cls.job._turn_on()
        cls.job._run()

    @classmethod
    def _turn_off(cls):
        cls.job._turn_off()
        cls.job._run()

    def _use_masters(self, *lines):
        """Let the server have other master keys until the test ends."""
        self.startPatcher(
            patch.dict(os.environ, {"CONTRACT_SECRET_KEYS": ",".join(lines)})
        )
        # As a server does that starts with them.
        self.env.registry.clear_cache()
        self.env.invalidate_all()

    def _get_stored(self, record, name):
        """Return what is in the database of a field."""
        self.env.flush_all()
        self.env.cr.execute(
            f"SELECT {name} FROM {record._table} WHERE id = %s", [record.id]
        )
        return self.env.cr.fetchone()[0]

    @classmethod
    def _create_person(cls, **vals):
        return cls.env["res.partner"].create(
            {
                "name": "Chris Chief",
                "contract_id_number": ID_NUMBER,
                "contract_private_phone": PHONE,
                **vals,
            }
        )
