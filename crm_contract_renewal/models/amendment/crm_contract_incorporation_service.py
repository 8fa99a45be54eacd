from datetime import date

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crm_contract.tools.canonical import canonical_json
from odoo.addons.crm_contract.tools.in_force import in_force

from .crm_contract_amendment import OWN_CONTENT
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
        self._incorporate(amendments.filtered_domain(self._get_due_domain()))
        self._await(amendments)

    @api.model
    def _get_incorporated(self, contracts):
        """Return the amendments that changed contracts so far."""
        # sudo: amendments that the user may not see; of what ended, some are archived
        # What was not submitted is not signed, and has no amendments.
        contracts = contracts.sudo().filtered("version_id")
        contracts = contracts.with_context(active_test=False)
        return contracts.amendment_ids.filtered(
            lambda row: (
                row.state in ("in_force", "superseded")
                and row.version_id.state == "signed"
            )
        )

    @api.model
    def _get_due_domain(self):
        """Return the domain of amendments that take effect now.

        While a contract is suspended, its ledger waits, and so do its amendments.
        """
        due = self.env["res.company"]._on_days(
            lambda today: Domain("date_effective", "<=", today)
        )
        return (
            due
            & Domain([("kind", "=", "amendment"), ("state", "=", "signed")])
            & (
                Domain("origin_id.state", "in", ("signed", "running"))
                | Domain(
                    [
                        ("origin_id.state", "=", "suspended"),
                        ("origin_id.type_id.bill_suspended", "=", True),
                    ]
                )
            )
        )

    @api.model
    def _await(self, amendments):
        """Let no row bill days alike that signed amendments will make different."""
        # sudo: what both sides signed, whoever recorded it
        for amendment in amendments.sudo().filtered(lambda row: row.state == "signed"):
            contract = amendment.origin_id
            ledger = self.env["crm.contract.ledger"]
            ledger._rebuild(contract, amendment.date_effective)

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
            for change in self.env["crm.contract.changes"]._get_agreed(amendment)
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
            if amendment._settles():
                self._settle(contract, amendment)
            ledger = self.env["crm.contract.ledger"]
            ledger._rebuild(contract, amendment.date_effective)
            self.env["crm.contract.obligation.plan"]._derive(contract)
            log = self.env["crm.contract.mrr.movement"]
            log._log(contract, amendment.date_effective)
            amendment._transition("take_effect")
            facts = {"by": amendment.number, "date": amendment.date_effective}
            self.env["crm.contract.event"]._add(
                contract, "amended", facts, amendment.version_id
            )
            # sudo: what somebody was told of it is over
            amendment.sudo().activity_unlink([FAILED])
            contract._message_log(
                body=self.env._("Amended by %s.", amendment._get_html_link())
            )

    @api.model
    def _settle(self, contract, amendment):
        """Bring what is billed from the day of an amendment on to its terms."""
        printed = contract.with_context(lang=contract._get_print_lang())
        self.env["crm.contract.true.up"]._settle(
            contract,
            amendment.date_effective,
            printed.env._("Difference under %s", amendment.number),
        )

    @api.model
    def _take_content(self, contract, amendment):
        """Let the content be what holds with an amendment, as far as it is not billed."""
        versions = contract | self._get_incorporated(contract) | amendment
        agreed = self.env["crm.contract.version"]._get_agreed_so_far(contract, versions)
        content = in_force(agreed, date.max)
        source = self._get_source(contract, versions, content)
        self._fix_billed_rows(contract)
        self._take_fields(contract, source)
        self.env["crm.contract.line.version"]._take(contract, agreed, amendment)
        removed = self._take_rows(contract, "milestone_ids", source)
        self._take_plan(contract, source)
        removed.unlink()
        self._take_rows(contract, "clause_ids", source).unlink()
        self._take_annexes(contract, versions, content)
        self._balance_plan(contract, amendment)

    @api.model
    def _get_source(self, contract, versions, content):
        """Return a record that has a content, which versions make up.

        It is the one that was signed last, unless one that it builds on is still to take
        effect; then, a contract in memory.
        """
        last = versions.sorted(lambda row: row.version_id.position)[-1:]
        pending = contract._get_pending_amendments() - versions
        if all(p.version_id.position > last.version_id.position for p in pending):
            return last
        return contract._new_from_content(_without_own(content))

    @api.model
    def _fix_billed_rows(self, contract):
        """Let rows that are billed keep their amounts, whatever the value becomes."""
        for row in contract.installment_ids._get_billed_by_key().values():
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
        contract[name].create(
            contract._own(
                [row._prepare_content_copy_vals(keep_keys=True) for row in new]
            )
        )
        for key, row in theirs.items():
            if key in mine and not _is_same(mine[key], row):
                mine[key].write(row._prepare_content_vals())
        return contract[name].browse(
            [row.id for key, row in mine.items() if key not in theirs]
        )

    @api.model
    def _take_annexes(self, contract, versions, content):
        """Add the new annexes; those that are not in force any more are kept.

        :param versions: the contracts whose documents are annexes that may be in force
        """
        mine = contract._get_rows_by_key("document_ids")
        files = {
            row["key"]: row["fields"].get("sha256")
            for row in content["children"].get("document_ids", ())
        }
        for key, document in mine.items():
            if files.get(key) != document.sha256:
                document.write({"kind": "former", "content_key": f"{key}-former"})
        present = contract._get_rows_by_key("document_ids")
        theirs = {
            key: document
            for version in versions - contract
            for key, document in version._get_rows_by_key("document_ids").items()
            if files.get(key) == document.sha256 and key not in present
        }
        contract.document_ids.create(
            contract._own(
                [
                    document._prepare_content_copy_vals(keep_keys=True)
                    for document in theirs.values()
                ]
            )
        )

    @api.model
    def _take_plan(self, contract, amendment):
        """Let the rows of the plan that are not billed be those of the amendment."""
        billed = contract.installment_ids._get_billed_by_key()
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


def _without_own(content):
    """Return a content without what amendments say of themselves."""
    values = content["fields"].items()
    rest = {name: value for name, value in values if name not in OWN_CONTENT}
    return {**content, "fields": rest}


def _is_same(row, other):
    """Return whether two versions of a row have the same content."""
    return canonical_json(row._get_content()) == canonical_json(other._get_content())
