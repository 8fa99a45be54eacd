from datetime import date

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crm_contract.tools.canonical import canonical_json
from odoo.addons.crm_contract.tools.in_force import in_force

from .crm_contract_amendment import OWN_CONTENT
from .crm_contract_amendment_check import FIXED

FAILED = "crm_contract_renewal.mail_activity_type_failed"
# What billing decides of the rows of a plan that was amended.
BALANCED = ("amount_type", "percentage", "amount_fixed")


class CrmContract(models.Model):
    """Incorporation: a signed amendment changes its contract on its day."""

    _inherit = "crm.contract"

    amount_signed = fields.Monetary(
        string="Value as first signed",
        readonly=True,
        copy=False,
        help="Contract value before the first amendment.",
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"amount_signed"}

    def _get_frozen_content(self):
        """Of a contract that was amended, it is what holds by the signed versions."""
        amendments = self._get_incorporated_amendments()
        if not amendments:
            return super()._get_frozen_content()
        versions = (self.sudo() | amendments).version_id
        content = in_force(versions._get_agreed(), date.max)
        for name in OWN_CONTENT:
            content["fields"].pop(name, None)
        return content

    def _get_incorporated_amendments(self):
        """Return the amendments that changed the contract so far."""
        # sudo: amendments that the user may not see
        return self.sudo().amendment_ids.filtered(
            lambda row: (
                row.state in ("in_force", "superseded")
                and row.version_id.state == "signed"
            )
        )

    def _get_departures(self):
        """Leave out what billing changed of a plan that was amended meanwhile.

        Rows that are billed stay as they are, and the last ones balance the plan.
        """
        departures = super()._get_departures()
        if not self._get_incorporated_amendments():
            return departures
        return [change for change in departures if not _is_balance(change)]

    @api.model
    def _get_incorporation_domain(self):
        """Return the domain of amendments that take effect now.

        While a contract is suspended, its ledger waits, and so do its amendments.
        """
        return Domain(
            [
                ("kind", "=", "amendment"),
                ("state", "=", "signed"),
                ("date_effective", "<=", "today"),
            ]
        ) & (
            Domain("origin_id.state", "in", ("signed", "running"))
            | Domain(
                [
                    ("origin_id.state", "=", "suspended"),
                    ("origin_id.type_id.bill_suspended", "=", True),
                ]
            )
        )

    def _on_signed(self):
        amendments = self.filtered(lambda contract: contract._is_amendment())
        super(CrmContract, self - amendments)._on_signed()
        amendments._on_amendment_signed()

    def _on_amendment_signed(self):
        """Let signed amendments take effect, if it is time; renewals have to follow."""
        self._tell_renewals()
        self.filtered_domain(self._get_incorporation_domain())._incorporate()

    def _tell_renewals(self):
        """Tell who drafts a renewal that its predecessor was amended meanwhile."""
        for amendment in self:
            # sudo: renewals that belong to somebody else
            renewals = amendment.origin_id.sudo()._get_live_renewals()
            for renewal in renewals.filtered("user_id"):
                if renewal.state in ("draft", "review", "to_sign"):
                    renewal.activity_schedule(
                        "mail.mail_activity_data_warning",
                        user_id=renewal.user_id.id,
                        summary=self.env._("The predecessor was amended"),
                        note=self._describe_to_renewal(amendment),
                    )

    @api.model
    def _describe_to_renewal(self, amendment):
        changes = [
            Markup("<li>%s: %s → %s</li>")
            % (change["label"], change["old"] or "–", change["new"] or "–")
            for change in amendment._get_agreed_changes()
        ]
        return Markup("<p>%s</p><ul>%s</ul>") % (
            self.env._(
                "%s was signed after this renewal was drafted. Check whether its "
                "changes are to hold here as well:",
                amendment._get_html_link(),
            ),
            Markup().join(changes),
        )

    def action_resume(self):
        result = super().action_resume()
        # sudo: amendments of the contract take effect whoever resumes it
        self.sudo().amendment_ids.filtered_domain(
            self._get_incorporation_domain()
        )._incorporate()
        return result

    def _action_end(self, reason, date, settle=False):
        # sudo: amendments of the contract, whoever ends it
        pending = self.sudo()._get_pending_amendments()
        # What was to hold by then is billed, whichever daily job is first.
        due = pending.filtered(lambda row: row.date_effective <= date)
        for amendment in due.filtered_domain(self._get_incorporation_domain()):
            amendment._advance_incorporate()
        result = super()._action_end(reason, date, settle=settle)
        pending = pending.filtered(lambda row: row.state == "signed")
        in_force = self.sudo().amendment_ids.filtered(lambda c: c.state == "in_force")
        (pending | in_force)._transition("supersede")
        # What never took effect is no part of what was agreed in the end.
        pending.version_id._withdraw()
        return result

    def _action_reopen(self):
        """What was in force until the end is so again."""
        result = super()._action_reopen()
        self._get_incorporated_amendments()._transition("revive")
        return result

    def _advance_incorporate(self):
        """Let one amendment take effect; what keeps it from that is told its owner."""
        try:
            with self.env.cr.savepoint():
                self._incorporate()
        except UserError as error:
            if not self.activity_search([FAILED]) and self.user_id:
                self.activity_schedule(
                    FAILED,
                    user_id=self.user_id.id,
                    summary=self.env._("Amendment can't take effect"),
                    note=str(error),
                )

    def _incorporate(self):
        """Change the contracts as the amendments say, in the order of their effect.

        What is billed stays; rows of the ledger that are not billed follow.

        :raise UserError: if more is billed than the amendment leaves
        """
        for amendment in self.sorted(lambda row: (row.date_effective, row.id)):
            # sudo: what both sides signed changes the contract, whoever recorded it
            contract = amendment.origin_id.sudo()
            # Nobody bills the contract meanwhile: who comes second is retried.
            contract._serialise()
            contract.invalidate_recordset()
            if not contract.amount_signed:
                contract.amount_signed = contract.amount_total
            with contract._content_unlocked():
                contract._take_content(amendment.sudo())
            ledger = self.env["crm.contract.ledger"]
            ledger._rebuild(contract, amendment.date_effective)
            log = self.env["crm.contract.mrr.movement"]
            log._log(contract, amendment.date_effective)
            amendment._transition("take_effect")
            contract._message_log(
                body=self.env._("Amended by %s.", amendment._get_html_link())
            )

    def _take_content(self, amendment):
        """Let the content be that of an amendment, as far as it is not billed."""
        self._fix_billed_rows()
        self._take_fields(amendment)
        self._take_lines(amendment)
        removed = self._take_rows("milestone_ids", amendment)
        self._take_plan(amendment)
        removed.unlink()
        self._take_rows("clause_ids", amendment).unlink()
        self._take_annexes(amendment)
        self._balance_plan(amendment)

    def _fix_billed_rows(self):
        """Let rows that are billed keep their amounts, whatever the value becomes."""
        for row in self._get_billed_rows().values():
            if row.amount_type == "percent":
                row._fix_amount()

    def _take_fields(self, amendment):
        vals = amendment._prepare_content_vals()
        lines = self.line_ids
        taxes = lines._fields["tax_ids"]
        # The lines that stay have the taxes that they were signed with.
        with self.env.protecting([taxes], lines):
            self.write({name: vals[name] for name in vals if name not in FIXED})

    def _take_rows(self, name, amendment):
        """Let rows be those of the amendment; return those that it has no more."""
        mine = self._get_rows_by_key(name)
        theirs = amendment._get_rows_by_key(name)
        new = [row for key, row in theirs.items() if key not in mine]
        created = self[name].create(
            self._own([row._prepare_content_copy_vals(keep_keys=True) for row in new])
        )
        if name == "milestone_ids":
            created._schedule_activities()
        for key, row in theirs.items():
            if key in mine and not _is_same(mine[key], row):
                mine[key].write(row._prepare_content_vals())
        return self[name].browse(
            [row.id for key, row in mine.items() if key not in theirs]
        )

    def _get_rows_by_key(self, name):
        self.ensure_one()
        return {row.content_key: row for row in self[name]._filter_content()}

    def _take_annexes(self, amendment):
        """Add the new annexes; those that are not in force any more are kept."""
        mine = self._get_rows_by_key("document_ids")
        theirs = amendment._get_rows_by_key("document_ids")
        for key, document in mine.items():
            if key not in theirs or theirs[key].sha256 != document.sha256:
                document.write({"kind": "former", "content_key": f"{key}-former"})
        self._take_rows("document_ids", amendment)

    def _take_plan(self, amendment):
        """Let the rows of the plan that are not billed be those of the amendment."""
        billed = self._get_billed_rows()
        mine = self._get_rows_by_key("installment_ids")
        theirs = amendment._get_rows_by_key("installment_ids")
        milestones = self._get_rows_by_key("milestone_ids")
        new = []
        for key, row in theirs.items():
            vals = row._prepare_content_copy_vals(keep_keys=True)
            vals["milestone_id"] = (
                milestones[row.milestone_id.content_key].id
                if (row.milestone_id)
                else False
            )
            if key not in mine:
                new.append(vals)
            elif key not in billed and not _is_same(mine[key], row):
                mine[key].write(vals)
        self.installment_ids.create(self._own(new))
        self.installment_ids.browse(
            [row.id for key, row in mine.items() if key not in {**theirs, **billed}]
        ).unlink()

    def _balance_plan(self, amendment):
        """Let the plan add up to the new value, whatever was billed since the draft.

        What is missing falls due when the amendment is in effect; what is too much
        comes off the last rows.

        :raise UserError: if the rows that are not billed don't hold as much
        """
        plan = self.installment_ids._filter_plan()
        rest = self.plan_difference if plan else 0.0
        if rest > 0:
            self._add_to_plan(rest, amendment)
        elif rest < 0 and plan._take_off(-rest):
            raise UserError(
                self.env._(
                    "%(contract)s billed more since %(amendment)s was drafted than it "
                    "leaves. Credit an invoice first.",
                    contract=self.display_name,
                    amendment=amendment.display_name,
                )
            )

    def _add_to_plan(self, amount, amendment):
        contract = self.with_context(lang=self._get_print_lang())
        self.installment_ids.create(
            {
                "contract_id": self.id,
                "name": contract.env._("Difference under %s", amendment.number),
                "date": amendment.date_effective,
                "amount_type": "fixed",
                "amount_fixed": amount,
                "sequence": max(self.installment_ids.mapped("sequence")),
            }
        )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _take_off(self, amount):
        """Reduce the rows that are not billed, the last ones first.

        :return: what they don't hold of the amount
        """
        open_rows = self.filtered(lambda row: row._is_open())
        for row in open_rows.sorted(
            lambda row: (row.date_due or date.max, row.id), reverse=True
        ):
            if not amount:
                break
            less = min(row.amount, amount)
            amount = row.currency_id.round(amount - less)
            if row.currency_id.compare_amounts(row.amount, less):
                row._fix_amount(row.amount - less)
            else:
                row.unlink()
        return amount


def _is_balance(change):
    path = change.path
    return path[0] == "installment_ids" and (len(path) == 2 or path[2] in BALANCED)


def _is_same(row, other):
    """Return whether two versions of a row have the same content."""
    return canonical_json(row._get_content()) == canonical_json(other._get_content())
