from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.records import some

_MANAGER = "crm_contract.crm_contract_group_manager"


class CrmContractArchive(models.Model):
    """The end of originals: proposed by one, approved by another, then destroyed.

    What is destroyed is paper: the record and its files stay.
    """

    _inherit = "crm.contract.archive"

    proposed_by_id = fields.Many2one(
        "res.users", string="Proposed by", readonly=True, copy=False, owned=True
    )
    date_proposed = fields.Date(
        string="Proposed on", readonly=True, copy=False, owned=True
    )
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, owned=True
    )
    date_approved = fields.Date(
        string="Approved on", readonly=True, copy=False, owned=True
    )
    destroyed_by_id = fields.Many2one(
        "res.users", string="Destroyed by", readonly=True, copy=False, owned=True
    )
    date_destroyed = fields.Date(
        string="Destroyed on", readonly=True, copy=False, owned=True
    )

    def action_propose(self):
        """Propose that the originals be destroyed; return the files.

        :raise UserError: naming what speaks against it
        """
        rows = self._check_step("write", "filed")
        rows._check_destroyable()
        for row in rows:
            row._decide(
                proposed_by_id=self.env.uid, date_proposed=row.company_id._get_today()
            )
        return rows

    def action_approve(self):
        """Approve, as a contract manager, what somebody else proposed.

        :return: the files
        """
        rows = self._check_step("read", "proposed")
        if not self.env.user.has_group(_MANAGER):
            raise AccessError(self.env._("A contract manager approves destructions."))
        if self.env.user in rows.proposed_by_id:
            raise UserError(
                self.env._("Somebody else has to approve what you proposed.")
            )
        rows._check_destroyable()
        for row in rows:
            row._decide(
                approved_by_id=self.env.uid, date_approved=row.company_id._get_today()
            )
        return rows

    def action_keep(self):
        """Take a proposal back, approved or not; return the files."""
        rows = self._check_step("write", "proposed", "approved")
        rows._decide(
            proposed_by_id=False,
            date_proposed=False,
            approved_by_id=False,
            date_approved=False,
        )
        return rows

    def action_destroy(self):
        """Record that the originals were destroyed, as approved; return the files.

        :raise UserError: if something speaks against it by now
        """
        rows = self._check_step("write", "approved")
        rows._check_destroyable()
        for row in rows:
            row._decide(
                destroyed_by_id=self.env.uid,
                date_destroyed=row.company_id._get_today(),
            )
            # sudo: the names alone
            known = row.sudo()
            facts = {
                "originals": known.originals,
                "proposed_by": known.proposed_by_id.name,
                "approved_by": known.approved_by_id.name,
            }
            self.env["crm.contract.event"]._add(row.contract_id, "destroyed", facts)
        return rows

    def _check_step(self, right, *states):
        """Return the files, which the user may access and which are in a state."""
        rows = some(self)
        rows.check_access(right)
        labels = dict(self._fields["state"]._description_selection(self.env))
        for row in rows:
            if row.state not in states:
                raise UserError(
                    self.env._(
                        "%(contract)s: this can't be done. The file is: %(state)s.",
                        contract=row.display_name,
                        state=labels[row.state],
                    )
                )
        return rows

    def _check_destroyable(self):
        """Raise UserError naming what speaks against a destruction."""
        lines = [
            f"{row.display_name}: {row.obstacles}"
            for row in self
            if not row.is_destroyable
        ]
        if lines:
            raise UserError(self.env._("This is to be kept:\n%s", "\n".join(lines)))

    def _decide(self, **vals):
        # sudo: owned by the destruction; who may was checked
        self.sudo().write(vals)

    def _check_can_lend(self):
        """Raise UserError unless the originals are in the archive."""
        if self.state != "filed":
            raise UserError(
                self.env._(
                    "%s: originals are lent that are filed, and not to be destroyed.",
                    self.display_name,
                )
            )
        if self.originals_out > self.originals:
            raise UserError(
                self.env._(
                    "%(contract)s: %(number)s originals are filed; the others are lent.",
                    contract=self.display_name,
                    number=self.originals,
                )
            )
