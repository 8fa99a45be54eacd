from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.records import some

ACTIVITY = "crm_contract.mail_activity_type_closing"


class Point(NamedTuple):
    """One line of the checklist: a key, what is to be so (str), and whether it is."""

    key: str
    label: str
    is_done: bool


class CrmContractClosing(models.AbstractModel):
    """What has to be so before the file of an ended contract is closed."""

    _name = "crm.contract.closing"
    _description = "Closing checklist"

    @api.model
    def _get_points(self, contracts):
        """Return the checklist of contracts: `{contract: list of Point}`.

        Extended by satellites and by what knows of other open ends. A constant number
        of queries; the contracts are in sudo.
        """
        money = self.env["crm.contract.archive"]._get_contracts_with_open_amounts
        open_amounts = money(contracts)
        obligations = self._find(
            "crm.contract.obligation",
            contracts,
            [("is_complete", "=", False), ("state", "!=", "cancelled")],
        )
        seals = self._find(
            "crm.contract.sealing", contracts, [("state", "in", ("applied", "out"))]
        )
        to_file = self._find(
            "crm.contract.archive", contracts, [("state", "=", "to_file")]
        )
        lent = self._find(
            "crm.contract.archive", contracts, [("originals_out", ">", 0)]
        )
        void = self._find_void_copies(contracts)
        points = {}
        for contract in contracts:
            points[contract] = [
                Point("money", self.env._("All is billed and paid"),
                      contract not in open_amounts),
                Point("milestones", self.env._("All obligations are fulfilled"),
                      contract not in obligations),
                Point("seals", self.env._("All seals are back"),
                      contract not in seals),
                Point("void", self.env._("Sealed copies of withdrawn texts are destroyed"),
                      contract not in void),
                Point("filed", self.env._("The originals are filed"),
                      contract not in to_file),
                Point("loans", self.env._("No original is lent"), contract not in lent),
            ]  # fmt: skip
        return points

    @api.model
    def _find(self, model, contracts, domain):
        """Return the contracts that have rows of a model which meet a domain."""
        groups = (
            self.env[model]
            .sudo()
            ._read_group(
                [("contract_id", "in", contracts.ids), *domain], ["contract_id"]
            )
        )
        return contracts.browse([contract.id for (contract,) in groups])

    @api.model
    def _find_void_copies(self, contracts):
        rows = self.env["crm.contract.sealing"].sudo().search(
            [
                ("contract_id", "in", contracts.ids),
                ("is_withdrawn", "=", True),
                ("copies_sealed", ">", 0),
            ]
        )  # fmt: skip
        left = rows.filtered(lambda row: row.copies_sealed > row.copies_destroyed)
        return contracts.browse(left.contract_id.ids)


class CrmContractArchive(models.Model):
    """The file of an ended contract is closed once nothing of it is open."""

    _inherit = "crm.contract.archive"

    checklist = fields.Html(
        compute="_compute_checklist", sanitize=False, compute_sudo=True
    )
    date_closed = fields.Date(
        string="Closed on", readonly=True, copy=False, owned=True, tracking=True
    )
    closed_by_id = fields.Many2one(
        "res.users", string="Closed by", readonly=True, copy=False, owned=True
    )
    is_told_open = fields.Boolean(readonly=True, copy=False, owned=True)

    @api.depends("contract_id", "state", "originals_out")
    @api.depends_context("lang")
    def _compute_checklist(self):
        points = self.env["crm.contract.closing"]._get_points(self.contract_id)
        for row in self:
            row.checklist = self.env["ir.qweb"]._render(
                "crm_contract.archive_checklist",
                {"points": points.get(row.contract_id._origin, [])},
            )

    def action_close(self):
        """Close the files of ended contracts of which nothing is open; return them.

        :raise UserError: naming what is open
        """
        rows = some(self)
        rows.check_access("write")
        for row in rows:
            if row.contract_id.sudo().state != "ended":
                raise UserError(self.env._("%s is not at its end.", row.display_name))
        for row, lines in rows._get_open_points().items():
            if lines:
                raise UserError(
                    self.env._(
                        "%(contract)s can't be closed. Still open:\n%(points)s",
                        contract=row.display_name,
                        points="\n".join(lines),
                    )
                )
        rows._close()
        return rows

    def _get_open_points(self):
        """Return what of the checklist is not done: `{file: list of str}`."""
        # sudo: whether something is open, whoever looks after the archive
        points = self.env["crm.contract.closing"]._get_points(self.sudo().contract_id)
        open_points = defaultdict(list)
        for row in self:
            open_points[row] = [
                point.label
                for point in points[row.sudo().contract_id]
                if not point.is_done
            ]
        return open_points

    def _close(self):
        for row in self:
            # sudo: owned fields, after the checks
            row.sudo().write(
                {
                    "date_closed": row.company_id._get_today(),
                    "closed_by_id": self.env.uid,
                }
            )
        self.sudo().contract_id.activity_unlink([ACTIVITY])

    # Jobs

    @api.model
    def _get_closing_domain(self):
        """Return the domain of files of contracts that ended and were not looked at."""
        return (
            Domain("contract_id.state", "=", "ended")
            & Domain("date_closed", "=", False)
            & Domain("is_told_open", "=", False)
        )

    def _advance_closing(self):
        """Close the file of one contract that ended, or say what is open."""
        lines = self._get_open_points()[self]
        if not lines:
            self._close()
            return
        self.contract_id._tell_person_in_charge(
            self.env._("Close the file of the contract"),
            self.env._("Still open: %s.", "; ".join(lines)),
            ACTIVITY,
        )
        self.is_told_open = True

    @api.model
    def _get_reopened_domain(self):
        """Return the domain of files that were to be closed, of contracts that run."""
        decided = (
            Domain("date_closed", "!=", False)
            | Domain("is_told_open", "=", True)
            | Domain("state", "in", ("proposed", "approved"))
        )
        running = ("signed", "running", "suspended")
        return decided & Domain("contract_id.state", "in", running)

    def _advance_reopened(self):
        """Take back what was decided of a file while its contract was ended."""
        self.write(
            {
                "date_closed": False,
                "closed_by_id": False,
                "is_told_open": False,
                "proposed_by_id": False,
                "date_proposed": False,
                "approved_by_id": False,
                "date_approved": False,
            }
        )
        self.contract_id.activity_unlink([ACTIVITY])
