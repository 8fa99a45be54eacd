from odoo.tests import HttpCase

from .common import ContractCommon

LANGUAGES = ("en_US", "zh_CN")
MODULES = ("base", "web", "mail", "account", "sale", "crm")


class TourCommon(ContractCommon, HttpCase):
    """Tours in English and Chinese; an error on the console fails them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lang = cls.env["res.lang"].with_context(active_test=False)
        if not lang.search([("code", "=", "zh_CN")]).active:
            cls.env["res.lang"]._activate_lang("zh_CN")
            ours = cls.env["ir.module.module"].search(
                [("name", "=like", "crm_contract%"), ("state", "=", "installed")]
            )
            names = [*MODULES, *ours.mapped("name")]
            cls.env["ir.module.module"]._load_module_terms(names, ["zh_CN"])

    def _play(self, tour, user, lang, contract=None):
        """Play a tour as the user, on the form of the contract or among all of them."""
        user.lang = lang
        path = f"/odoo/contracts/{contract.id}" if contract else "/odoo/contracts"
        self.start_tour(path, tour, login=user.login, timeout=180)
        self.env.invalidate_all()
