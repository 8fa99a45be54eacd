from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.records import one, some


class Move(NamedTuple):
    sources: tuple
    target: str


MOVES = {
    "hand_out": Move(("applied",), "out"),
    "return": Move(("out",), "returned"),
    # The keeper seals himself: the seal does not leave its place.
    "seal": Move(("applied",), "returned"),
    "refuse": Move(("applied",), "refused"),
    "void": Move(("applied",), "void"),
}


class CrmContractSealing(models.Model):
    """The steps of an application, their single door, and who is told."""

    _inherit = "crm.contract.sealing"

    def action_hand_out(self, date_due=None):
        """Give the seal to the applicant, who takes it out; return the rows.

        :param date_due: day by which it has to be back; today by default
        :raise AccessError: unless the user keeps the seals
        :raise UserError: if a text may not be sealed any more, or somebody else has the
            seal
        """
        rows = self._check_decides()
        arguments = self.env["crm.contract.arguments"]
        for row in rows:
            today = row.company_id._get_today()
            default = max(today, row.date_due or today)
            day = arguments._read_date("date_due", date_due, default)
            if day < today:
                raise UserError(self.env._("“Back by” lies in the past."))
            row._check_may_be_sealed()
            row._check_is_there()
            row._move("hand_out", date_out=fields.Datetime.now(), date_due=day)
            # sudo: owned by the register; who comes at the same moment is retried
            row.stamp_id.sudo().holder_id = row.user_id
            row._tell_chain("stamp_out", copies=row.copies)
        return rows

    def action_seal(self, copies=None):
        """Let the keeper seal the copies himself, at the place of the seal.

        :param copies: how many were sealed; all by default
        """
        rows = self._check_decides()
        now = fields.Datetime.now()
        for row in rows:
            row._check_may_be_sealed()
            row._check_is_there(with_applicant=False)
            number = row._read_copies(copies)
            row._move("seal", date_out=now, date_back=now, copies_sealed=number)
            row._tell_chain("stamp_returned", copies=number)
        return rows

    def action_return(self, copies=None):
        """Take the seal back from the applicant; return the rows.

        :param copies: how many copies were sealed; all by default
        """
        rows = some(self)
        rows.stamp_id._check_keeper()
        for row in rows:
            number = row._read_copies(copies)
            row._move("return", date_back=fields.Datetime.now(), copies_sealed=number)
            others = row.stamp_id.sealing_ids.sudo()
            if not others.filtered(lambda other: other.state == "out"):
                # sudo: owned by the register
                row.stamp_id.sudo().holder_id = False
            row._tell_chain("stamp_returned", copies=number)
            if row.is_withdrawn:
                row._ask_to_destroy()
        return rows

    def action_refuse(self, reason=None):
        """Refuse applications; return them.

        :param reason: why (str), for the applicant
        """
        rows = self._check_decides()
        arguments = self.env["crm.contract.arguments"]
        text = arguments._read_text("reason", reason, required=True)
        rows._move("refuse", reason=text)
        for row in rows:
            row._tell(
                row.user_id,
                self.env._("%s was refused", row.stamp_id.sudo().name),
                text,
            )
        return rows

    def action_take_back(self):
        """Take one's own application back before the keeper decided; return it."""
        rows = some(self)
        rows.check_access("write")
        rows._move("void")
        return rows

    def action_destroy_copies(self):
        """Record that the sealed copies of a withdrawn text were destroyed.

        :return: the rows
        """
        rows = some(self)
        rows._check_involved()
        rows._check_state("returned")
        if not all(rows.mapped("is_withdrawn")):
            raise UserError(
                self.env._("The text was not withdrawn: its sealed copies are needed.")
            )
        for row in rows:
            # sudo: owned by the register
            row.sudo().copies_destroyed = row.copies_sealed
            row._tell_chain("destroyed", copies=row.copies_sealed)
        rows.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        return rows

    def action_view_text(self):
        """Open the approved text."""
        one(self).check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/text_file"
            f"?filename_field=text_name",
            "target": "new",
        }

    def _check_is_there(self, with_applicant=True):
        """Raise UserError if the seal is out.

        :param with_applicant: it may be with the applicant, who takes it for several texts
        """
        # sudo: where the seal is
        holder = self.stamp_id.sudo().holder_id
        if holder and not (with_applicant and holder == self.user_id):
            raise UserError(
                self.env._(
                    "%(stamp)s is with %(user)s. It has to be returned first.",
                    stamp=self.stamp_id.sudo().name,
                    user=holder.name,
                )
            )

    def _check_decides(self):
        rows = some(self)
        rows.check_access("read")
        rows.stamp_id._check_keeper()
        return rows

    def _check_involved(self):
        """Raise AccessError unless the user keeps the seals, or may apply for them."""
        self.check_access("read")
        for row in self:
            if not row.is_keeper and row.user_id != self.env.user:
                row.contract_id.check_access("write")

    def _check_state(self, *states):
        for row in self:
            if row.state not in states:
                raise UserError(row._describe_state())

    def _describe_state(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(sealing)s: this can't be done. The application is: %(state)s.",
            sealing=self.display_name,
            state=labels[self.state],
        )

    def _read_copies(self, value):
        arguments = self.env["crm.contract.arguments"]
        allowed = range(self.copies + 1)
        return arguments._read_integer("copies", value, allowed, self.copies)

    def _move(self, name, **vals):
        """Move rows over one transition: the only door of their state."""
        move = MOVES[name]
        self._check_state(*move.sources)
        if name in ("hand_out", "seal", "refuse"):
            vals["keeper_id"] = self.env.uid
        # sudo: owned by the register; who may was checked
        rows = self.sudo()
        rows.write({"state": move.target, **vals})
        rows.activity_unlink(["mail.mail_activity_data_todo"])

    @api.model
    def _void(self, versions):
        """Let applications for texts that are withdrawn be void.

        Whoever has the seal, or sealed copies, is told.
        """
        # sudo: applications of others, seen by whoever withdraws the text
        rows = self.sudo().search(
            [("version_id", "in", versions.ids), ("version_id.date_signed", "=", False)]
        )
        rows.filtered(lambda row: row.state == "applied")._move("void")
        for row in rows.filtered(lambda row: row.state == "out"):
            keepers = row.stamp_id.keeper_id | row.user_id
            note = self.env._("Nothing is to be sealed any more. Bring the seal back.")
            row._tell(keepers, self.env._("The text was withdrawn"), note)
        rows.filtered(lambda row: row.state == "returned")._ask_to_destroy()

    def _ask_to_destroy(self):
        for row in self.filtered(lambda r: r.copies_sealed > r.copies_destroyed):
            note = self.env._(
                "%s sealed copies of it exist. Destroy them, and record it here.",
                row.copies_sealed - row.copies_destroyed,
            )
            row._tell(row.user_id, self.env._("The text was withdrawn"), note)

    def _tell(self, users, summary, note=""):
        """Give users who are there something to do with the row."""
        self.ensure_one()
        there = users.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        # sudo: an activity for somebody else
        row = self.sudo()
        for user in there or row.stamp_id._get_keepers()[:1]:
            row.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=summary,
                note=note,
            )

    @api.model
    def _get_late_domain(self):
        """Return the domain of rows whose seal should have been back."""
        out = Domain("state", "=", "out")
        return out & self.env["res.company"]._on_days(
            lambda today: Domain("date_due", "<", today)
        )

    def _advance_late(self):
        """Tell keeper and applicant that the seal should have been back."""
        self._tell(
            self.stamp_id.keeper_id | self.user_id,
            self.env._("%s should have been back", self.stamp_id.name),
        )
        self.is_told_late = True
