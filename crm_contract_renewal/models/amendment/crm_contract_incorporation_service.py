from datetime import date

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.canonical import canonical_json

from .crm_contract_amendment_check import FIXED

FAILED = "crm_contract_renewal.mail_activity_type_failed"


class CrmContractIncorporation(models.AbstractModel):
    """Lets signed amendments change their contracts, as far as these are not billed."""

    _name = "crm.contract.incorporation"
    _description = "Incorporation of amendments"

    @api.model
    def _follow_signature(self, amendments):
        """Do what the signature of amendments leads to.

        Their tasks begin, who drafts a renewal is told, and they take effect if it is
        time.
        """
        amendments.task_ids._launch()
        for amendment in amendments:
            self._tell_renewals(amendment)
        domain = amendments._get_incorporation_domain()
        self._incorporate(amendments.filtered_domain(domain))

    @api.model
    def _tell_renewals(self, amendment):
        """Tell who drafts a renewal that its predecessor was amended meanwhile."""
        # sudo: renewals that belong to somebody else
        renewals = amendment.origin_id.sudo()._get_live_renewals()
        for renewal in renewals:
            if renewal.state in ("draft", "review", "to_sign"):
                renewal._tell_person_in_charge(
                    self.env._("The predecessor was amended"),
                    self._describe_to_renewal(amendment),
                    "mail.mail_activity_data_warning",
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

    @api.model
    def _try(self, amendment):
        """Let one amendment take effect; what keeps it from that is told its owner."""
        try:
            with self.env.cr.savepoint():
                self._incorporate(amendment)
        except UserError as error:
            if not amendment.activity_search([FAILED]):
                amendment._tell_person_in_charge(
                    self.env._("Amendment can't take effect"), str(error), FAILED
                )

    @api.model
    def _incorporate(self, amendments):
        """Change the contracts as the amendments say, in the order of their effect.

        What is billed stays; rows of the ledger that are not billed follow.

        :raise UserError: if more is billed than the amendment leaves
        """
        for amendment in amendments.sorted(lambda row: (row.date_effective, row.id)):
            # sudo: what both sides signed changes the contract, whoever recorded it
            contract = amendment.origin_id.sudo()
            # Nobody bills the contract meanwhile: who comes second is retried.
            contract._serialise()
            contract.invalidate_recordset()
            if not contract.amount_signed:
                contract.amount_signed = contract.amount_total
            with contract._content_unlocked():
                self._take_content(contract, amendment.sudo())
            ledger = self.env["crm.contract.ledger"]
            ledger._rebuild(contract, amendment.date_effective)
            log = self.env["crm.contract.mrr.movement"]
            log._log(contract, amendment.date_effective)
            amendment._transition("take_effect")
            # sudo: what somebody was told of it is over
            amendment.sudo().activity_unlink([FAILED])
            contract._message_log(
                body=self.env._("Amended by %s.", amendment._get_html_link())
            )

    @api.model
    def _take_content(self, contract, amendment):
        """Let the content be that of an amendment, as far as it is not billed."""
        self._fix_billed_rows(contract)
        self._take_fields(contract, amendment)
        self._take_lines(contract, amendment)
        removed = self._take_rows(contract, "milestone_ids", amendment)
        self._take_plan(contract, amendment)
        removed.unlink()
        self._take_rows(contract, "clause_ids", amendment).unlink()
        self._take_annexes(contract, amendment)
        self._balance_plan(contract, amendment)

    @api.model
    def _fix_billed_rows(self, contract):
        """Let rows that are billed keep their amounts, whatever the value becomes."""
        for row in contract._get_billed_rows().values():
            if row.amount_type == "percent":
                row._fix_amount(row.amount)

    @api.model
    def _take_fields(self, contract, amendment):
        vals = amendment._prepare_content_vals()
        lines = contract.line_ids
        taxes = lines._fields["tax_ids"]
        # The lines that stay have the taxes that they were signed with.
        with self.env.protecting([taxes], lines):
            contract.write({name: vals[name] for name in vals if name not in FIXED})

    @api.model
    def _take_rows(self, contract, name, amendment):
        """Let rows be those of the amendment; return those that it has no more."""
        mine = contract._get_rows_by_key(name)
        theirs = amendment._get_rows_by_key(name)
        new = [row for key, row in theirs.items() if key not in mine]
        created = contract[name].create(
            contract._own(
                [row._prepare_content_copy_vals(keep_keys=True) for row in new]
            )
        )
        if name == "milestone_ids":
            created._schedule_activities()
        for key, row in theirs.items():
            if key in mine and not _is_same(mine[key], row):
                mine[key].write(row._prepare_content_vals())
        return contract[name].browse(
            [row.id for key, row in mine.items() if key not in theirs]
        )

    @api.model
    def _take_lines(self, contract, amendment):
        """Let the lines be those of the amendment from its day on.

        A recurring line that is billed otherwise ends, with what it billed, and a new
        one goes on; other lines just change.
        """
        mine = contract._get_rows_by_key("line_ids")
        theirs = amendment._get_rows_by_key("line_ids")
        day = amendment.date_effective
        for key, line in theirs.items():
            if key in mine:
                mine[key]._become(line, day)
            else:
                line._add_to(contract, line.is_recurring and day)
        for key, line in mine.items():
            if key not in theirs:
                line._end_version(line._get_cut(day))

    @api.model
    def _take_annexes(self, contract, amendment):
        """Add the new annexes; those that are not in force any more are kept."""
        mine = contract._get_rows_by_key("document_ids")
        theirs = amendment._get_rows_by_key("document_ids")
        for key, document in mine.items():
            if key not in theirs or theirs[key].sha256 != document.sha256:
                document.write({"kind": "former", "content_key": f"{key}-former"})
        self._take_rows(contract, "document_ids", amendment)

    @api.model
    def _take_plan(self, contract, amendment):
        """Let the rows of the plan that are not billed be those of the amendment."""
        billed = contract._get_billed_rows()
        mine = contract._get_rows_by_key("installment_ids")
        theirs = amendment._get_rows_by_key("installment_ids")
        milestones = contract._get_rows_by_key("milestone_ids")
        new = []
        for key, row in theirs.items():
            vals = row._prepare_content_copy_vals(keep_keys=True)
            vals["milestone_id"] = (
                row.milestone_id and milestones[row.milestone_id.content_key].id
            )
            if key not in mine:
                new.append(vals)
            elif key not in billed and not _is_same(mine[key], row):
                mine[key].write(vals)
        contract.installment_ids.create(contract._own(new))
        contract.installment_ids.browse(
            [row.id for key, row in mine.items() if key not in {**theirs, **billed}]
        ).unlink()

    @api.model
    def _balance_plan(self, contract, amendment):
        """Let the plan add up to the new value, whatever was billed since the draft.

        What is missing falls due when the amendment is in effect; what is too much
        comes off the last rows.

        :raise UserError: if the rows that are not billed don't hold as much
        """
        plan = contract.installment_ids._filter_plan()
        rest = contract.plan_difference if plan else 0.0
        if rest > 0:
            self._add_to_plan(contract, rest, amendment)
        elif rest < 0 and plan._take_off(-rest):
            raise UserError(
                self.env._(
                    "%(contract)s billed more since %(amendment)s was drafted than it "
                    "leaves. Credit an invoice first.",
                    contract=contract.display_name,
                    amendment=amendment.display_name,
                )
            )

    @api.model
    def _add_to_plan(self, contract, amount, amendment):
        printed = contract.with_context(lang=contract._get_print_lang())
        contract.installment_ids.create(
            {
                "contract_id": contract.id,
                "name": printed.env._("Difference under %s", amendment.number),
                "date": amendment.date_effective,
                "amount_type": "fixed",
                "amount_fixed": amount,
                "sequence": max(contract.installment_ids.mapped("sequence")),
            }
        )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _fix_amount(self, amount):
        """Let a row of the plan be an amount, whatever share of the value it was."""
        self.ensure_one()
        self.write({"amount_type": "fixed", "amount_fixed": amount})

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


def _is_same(row, other):
    """Return whether two versions of a row have the same content."""
    return canonical_json(row._get_content()) == canonical_json(other._get_content())
