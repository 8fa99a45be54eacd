import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.difference import Change

SIDES = [
    ("mine", "This draft"),
    ("theirs", "What was signed"),
    ("both", "Both"),
]


class CrmContractConflict(models.Model):
    """What an amendment and one that was signed meanwhile both change: one thing.

    Kept by the rebase; somebody decides which side is to hold before the amendment can
    be submitted.
    """

    _name = "crm.contract.conflict"
    _description = "Conflict of two amendments"
    _order = "amendment_id, id"
    _rec_name = "label"

    amendment_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="amendment_id.company_id", store=True, precompute=True
    )
    path = fields.Char(required=True, readonly=True, help="JSON, as of `Conflict`.")
    names = fields.Char(readonly=True, help="JSON, as of `Conflict`.")
    twin = fields.Char(readonly=True)
    label = fields.Char(string="What", required=True, readonly=True)
    mine = fields.Text(string="This draft", readonly=True)
    theirs = fields.Text(string="What was signed", readonly=True)
    stands = fields.Selection(SIDES, required=True, readonly=True)
    is_decided = fields.Boolean(readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    date_decided = fields.Datetime(string="Decided on", readonly=True)

    def action_keep_mine(self):
        """Let the side of the draft hold."""
        return self._decide("mine")

    def action_take_theirs(self):
        """Let hold what was signed."""
        return self._decide("theirs")

    def action_keep_both(self):
        """Let both rows hold that look like one.

        :raise UserError: where there can't be both
        """
        return self._decide("both")

    def _decide(self, side):
        """Let a side hold, and note who decided.

        :raise UserError: unless the amendment is a draft on what was signed last
        """
        for conflict in self:
            amendment = conflict.amendment_id
            amendment.check_access("write")
            if amendment.state != "draft" or amendment.is_outdated:
                raise UserError(
                    self.env._("Take %s back to draft, and rebase it, first.",
                               amendment.display_name)
                )  # fmt: skip
            if side == "both" and not conflict.twin:
                raise UserError(self.env._("Only one of the two can hold."))
            conflict._apply(side)
            # sudo: kept by the rebase; the rights on the draft were checked
            conflict.sudo().write(
                {
                    "stands": side,
                    "is_decided": True,
                    "decided_by_id": self.env.uid,
                    "date_decided": fields.Datetime.now(),
                }
            )
            amendment._message_log(body=conflict._describe())
            conflict._tell_open(amendment)
        return True

    def _apply(self, side):
        """Let the content of the draft be that of a side.

        :raise UserError: if another one was chosen before: what went can't come back
        """
        self.ensure_one()
        if side == self.stands:
            return
        if self.is_decided:
            raise UserError(
                self.env._(
                    "“%s” is decided already. Change it in the draft by hand.",
                    self.label,
                )
            )
        key = json.loads(self.path)[1:2]
        if self.twin:
            self._remove(self.twin if side == "theirs" else key[0])
        elif side == "theirs":
            self._take_theirs()
        else:
            self._remove(key[0])

    def _take_theirs(self):
        path = json.loads(self.path)
        names = json.loads(self.names or "[]") or path[-1:]
        changes = [Change(tuple(path), None, None)]
        if len(path) % 2:
            changes = [Change((*path[:-1], name), None, None) for name in names]
        # sudo: keys owned by code; the rights on the draft were checked
        draft = self.amendment_id.sudo()
        version = draft.origin_id._get_present_version()
        if path[0] == "milestone_ids" and path[1] not in version._get_rows_by_key(
            "milestone_ids"
        ):
            self._remove(path[1])
            return
        self.env["crm.contract.rebase"].sudo()._take_changes(draft, changes, version)
        self.env["crm.contract.amendment"]._keep_billed_rows(draft)

    def _remove(self, key):
        """Remove a row of the draft.

        :raise UserError: for a milestone that an installment waits for
        """
        child = json.loads(self.path)[0]
        # sudo: the rights on the draft were checked
        draft = self.amendment_id.sudo()
        row = draft._get_rows_by_key(child).get(key)
        if not row:
            return
        if child == "milestone_ids":
            waiting = draft.installment_ids.filtered(lambda r: r.milestone_id == row)
            if waiting:
                raise UserError(
                    self.env._(
                        "“%(milestone)s” can't be removed: the installment “%(row)s” "
                        "waits for it. Let it fall due otherwise first.",
                        milestone=row.name,
                        row=waiting[0].name,
                    )
                )
        row.unlink()

    def _describe(self):
        """Return what the two sides say, and which one stands (str)."""
        self.ensure_one()
        removed = self.env._("removed")
        texts = {
            "what": self.label,
            "mine": self.mine or removed,
            "theirs": self.theirs or removed,
        }
        if self.stands == "both":
            return self.env._(
                "%(what)s: added here as “%(mine)s” and in what was signed as "
                "“%(theirs)s”; both stand.",
                **texts,
            )
        if self.stands == "theirs":
            return self.env._(
                "%(what)s: “%(theirs)s” was signed and stands; it was “%(mine)s” here.",
                **texts,
            )
        return self.env._(
            "%(what)s: “%(mine)s” of this draft stands; “%(theirs)s” was signed.",
            **texts,
        )

    @api.model
    def _keep(self, amendment, vals_list):
        """Keep the conflicts of a rebase, beside those that are still to be decided.

        :return: all that are to be decided
        """
        # sudo: kept by the rebase, which checked the rights
        rows = self.sudo()
        paths = {vals["path"] for vals in vals_list}
        rows.search(
            [("amendment_id", "=", amendment.id), ("path", "in", list(paths))]
        ).unlink()
        rows.create([{**vals, "amendment_id": amendment.id} for vals in vals_list])
        return rows._tell_open(amendment)

    @api.model
    def _tell_open(self, amendment):
        """Name on the amendment what is still to be decided; return these conflicts."""
        rows = self._get_open(amendment)
        # sudo: owned field; the caller checked the rights on the draft
        amendment.sudo().conflicts = "\n".join(row._describe() for row in rows) or False
        return rows

    @api.model
    def _get_open(self, amendment):
        """Return the conflicts of an amendment that nobody decided on yet."""
        # sudo: what keeps an amendment from being submitted, whoever submits it
        return self.sudo().search(
            [("amendment_id", "=", amendment.id), ("is_decided", "=", False)]
        )
