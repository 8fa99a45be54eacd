from odoo import models
from odoo.exceptions import UserError


class CrmContract(models.Model):
    """Submission: the number, and what is frozen."""

    _inherit = "crm.contract"

    def write(self, vals):
        if "type_id" in vals:
            self._check_type_stays(vals["type_id"])
        return super().write(vals)

    def _check_type_stays(self, type_id):
        """Refuse another type once a number says it, the review that it needed passed.

        What changes a contract is of the type of that.
        """
        changed = self.filtered(
            lambda c: (c.number or not c.performs) and c.type_id.id != type_id
        )
        if changed:
            raise UserError(
                self.env._(
                    "The type of %s can't change any more: it is in the number, and "
                    "decides on who approves. Cancel it and make a new contract.",
                    ", ".join(changed.mapped("display_name")),
                )
            )

    def _set_number(self):
        """Give the number on first submission; it survives recalls."""
        if not self.number:
            # sudo: owned fields
            contract = self.sudo()
            contract.date_number = self.company_id._get_today()
            contract._set_next_sequence()

    def _get_starting_sequence(self):
        return f"{self.type_id.code}/{self.date_number.year}/00000"

    def _get_last_sequence_domain(self, relaxed=False):
        return (
            "WHERE company_id = %(company)s AND sequence_prefix = %(prefix)s",
            {
                "company": self.company_id.id,
                "prefix": f"{self.type_id.code}/{self.date_number.year}/",
            },
        )

    def _freeze(self):
        """Make the versions of submitted contracts, and store their printed texts."""
        self.env["crm.contract.placeholder"]._check_resolved(self)
        before = {contract: contract.version_ids[:1] for contract in self}
        versions = self.env["crm.contract.version"]._freeze(self)
        for contract, version in zip(self, versions, strict=True):
            # sudo: owned field, written by the submission after its checks
            contract.sudo().version_id = version
        texts = self.env["crm.contract.document"]._store_texts(self)
        self.env["crm.contract.event"]._add_submitted(self, texts)
        for contract, last in before.items():
            if last:
                self.env["crm.contract.changes"]._log(contract, last)

    def _unfreeze(self):
        """Take the versions back with which the contracts were submitted."""
        self.version_id._withdraw()
        # sudo: owned field; the transition to draft checked the rights
        self.sudo().version_id = False
