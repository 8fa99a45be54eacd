from odoo import models


class CrmContractSignatory(models.Model):
    """Mails to signatories, and to whoever asked them."""

    _inherit = "crm.contract.signatory"

    def _mail(self, kind):
        """Mail each of the signatories (sudo).

        :param kind: end of the external id of a template
        """

    def _tell_owner(self, kind):
        """Tell whoever asked for the signature what the signatory did (sudo)."""


class CrmContractSignatureRequest(models.Model):
    _inherit = "crm.contract.signature.request"

    def _mail_completed(self):
        """Mail the stored file to all who signed, and to those who get a copy."""

    def _tell_closed(self, signatories):
        """Tell people that nothing is signed any more (sudo)."""
