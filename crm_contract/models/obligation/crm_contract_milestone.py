from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, formatLang

from ...tools.obligation import find_cycle
from ...tools.reading import reading
from ...tools.records import one
from .crm_contract_obligation_terms_mixin import NOTHING

# Names of rows of the same contract, by their content keys.
KEYS = ("after_keys", "clause_key")
CLOSED = ("done", "accepted", "waived")


class CrmContractMilestone(models.Model):
    """What is agreed of an obligation, and what became of it: its occurrences."""

    _name = "crm.contract.milestone"
    _inherit = ["crm.contract.milestone", "crm.contract.obligation.terms.mixin"]

    team_id = fields.Many2one(
        "crm.team",
        index="btree_not_null",
        help="Whose members see to it where nobody is responsible alone.",
    )
    contact_id = fields.Many2one(
        "res.partner",
        string="Customer's contact",
        index="btree_not_null",
        ondelete="set null",
        help="Whom to talk to at the customer's.",
    )
    after_keys = fields.Char(
        string="Comes after",
        readonly=True,
        owned=True,
        copy=False,
        help="Keys of the obligations that come before this one.",
    )
    after_ids = fields.Many2many(
        "crm.contract.milestone",
        compute="_compute_after_ids",
        inverse="_inverse_after_ids",
        domain="[('contract_id', '=', contract_id), ('id', '!=', id)]",
        string="Prerequisites",
        help="Obligations that have to be fulfilled before this one.",
    )
    clause_key = fields.Char(string="Agreed in", readonly=True, owned=True, copy=False)
    clause_id = fields.Many2one(
        "crm.contract.clause",
        compute="_compute_clause_id",
        inverse="_inverse_clause_id",
        domain="[('contract_id', '=', contract_id)]",
        help="Clause of the contract that it comes from.",
    )
    clause_quote = fields.Text(compute="_compute_clause_quote", string="Quoted clause")
    obligation_ids = fields.One2many(
        "crm.contract.obligation", "milestone_id", string="Obligations"
    )
    date_derive = fields.Date(
        readonly=True,
        copy=False,
        owned=True,
        help="Day from which its next obligations have to be there.",
    )

    _derive_idx = models.Index("(date_derive) WHERE date_derive IS NOT NULL")
    _overdue_idx = models.Index("(contract_id) WHERE trigger = 'overdue'")

    @api.depends("after_keys", "contract_id.milestone_ids.content_key")
    def _compute_after_ids(self):
        for contract, rows in self.grouped("contract_id").items():
            by_key = {row.content_key: row for row in contract.milestone_ids}
            for row in rows:
                found = [by_key[key] for key in row._get_after_keys() if key in by_key]
                row.after_ids = row.browse().union(*found)

    def _inverse_after_ids(self):
        for row in self:
            if row.after_ids.contract_id - row.contract_id:
                raise ValidationError(
                    self.env._(
                        "“%s” can only wait for obligations of the same contract.",
                        row.name,
                    )
                )
            keys = " ".join(sorted(row.after_ids.mapped("content_key"))) or False
            row._write_keys({"after_keys": keys})

    @api.depends("clause_key", "contract_id.clause_ids.content_key")
    def _compute_clause_id(self):
        for contract, rows in self.grouped("contract_id").items():
            by_key = {row.content_key: row for row in contract.clause_ids}
            for row in rows:
                row.clause_id = by_key.get(row.clause_key, False)

    def _inverse_clause_id(self):
        for row in self:
            if row.clause_id and row.clause_id.contract_id != row.contract_id:
                raise ValidationError(
                    self.env._("“%s” names a clause of another contract.", row.name)
                )
            row._write_keys({"clause_key": row.clause_id.content_key or False})

    @api.depends("clause_key")
    def _compute_clause_quote(self):
        for row in self:
            clause = row.clause_id
            text = clause.body_frozen or clause.body
            row.clause_quote = text and reading(text, breaks=True)

    def _write_keys(self, vals):
        """Write what rows of the contract are named by, as a change of the content."""
        self.ensure_one()
        if all((self[name] or False) == value for name, value in vals.items()):
            return
        self.check_access("write")
        self._check_content_editable()
        # sudo: owned fields; rights and the lock of the content are checked
        self.sudo().write(vals)

    @api.constrains("after_keys", "contract_id")
    def _check_after(self):
        for contract in self.contract_id:
            rows = {row.content_key: row for row in contract.milestone_ids}
            cycle = find_cycle(
                {key: row._get_after_keys() for key, row in rows.items()}
            )
            if cycle:
                raise ValidationError(
                    self.env._(
                        "These obligations wait for each other: %s. Let one of them be "
                        "the first.",
                        ", ".join(rows[key].name for key in cycle if key in rows),
                    )
                )

    def _get_after_keys(self):
        return (self.after_keys or "").split()

    # Content

    @api.model
    def _get_content_fields(self):
        return (*super()._get_content_fields(), *NOTHING, *KEYS)

    @api.model
    def _get_copied_fields(self):
        return (
            *(name for name in super()._get_copied_fields() if name not in KEYS),
            "team_id",
            "contact_id",
        )

    def _get_content_value(self, name):
        value = super()._get_content_value(name)
        return None if name in NOTHING and value in (NOTHING[name], None) else value

    def _prepare_content_copy_vals(self, keep_keys=False):
        vals = super()._prepare_content_copy_vals(keep_keys)
        if keep_keys:
            # Rows that keep their keys go on to be named by them.
            vals |= {name: self[name] for name in KEYS}
        return vals

    def _prepare_content_vals(self):
        vals = super()._prepare_content_vals()
        if self.env.su:
            vals |= {name: self[name] for name in KEYS}
        return vals

    @api.model
    def _describe_content_value(self, field, value):
        if field.name in KEYS and value:
            model = "crm.contract.clause" if field.name == "clause_key" else self._name
            rows = self.env[model].search([("content_key", "in", value.split())])
            return ", ".join(dict.fromkeys(rows.mapped("name")))
        return super()._describe_content_value(field, value)

    # Text

    def _get_terms_text(self):
        """Return what is agreed beside name and deadline, as printed (list of str)."""
        self.ensure_one()
        texts = []
        if self.needs_acceptance:
            texts.append(self.env._("Fulfilled when the other side has accepted it."))
        if self.evidence:
            labels = dict(self._fields["evidence"]._description_selection(self.env))
            texts.append(self.env._("Evidence: %s", labels[self.evidence]))
        if self.penalty_kind == "fixed":
            amount = formatLang(
                self.env,
                self.penalty_amount,
                currency_obj=self.contract_id.currency_id,
            )
            texts.append(self.env._("Penalty for delay: %s", amount))
        elif self.penalty_kind:
            texts.append(self._get_daily_penalty_text())
        clause = self.clause_id.name
        if clause:
            texts.append(self.env._("See: %s", clause))
        return texts

    def _get_daily_penalty_text(self):
        text = self.env._(
            "Penalty for delay: %s %% of the contract value per day",
            f"{self.penalty_percent:g}",
        )
        if self.penalty_cap:
            text = self.env._(
                "%(penalty)s, at most %(cap)s %%",
                penalty=text,
                cap=f"{self.penalty_cap:g}",
            )
        return text

    def _get_due_text(self, after=None):
        """Return when it falls due, as the printed contract says it (str).

        :param after: names of the obligations that it comes after, by default those
            of its contract
        """
        self.ensure_one()
        text = self._get_first_due_text(after)
        if not self._is_recurring():
            return text
        every = self._get_every_text()
        if not text:
            return every
        return self.env._("%(first)s, then %(every)s", first=text, every=every)

    def _get_every_text(self):
        unit = self.recurrence_unit or "month"
        if self.recurrence_interval == 1:
            return {
                "day": self.env._("every day"),
                "week": self.env._("every week"),
                "month": self.env._("every month"),
                "quarter": self.env._("every quarter"),
                "half_year": self.env._("every half year"),
                "year": self.env._("every year"),
            }[unit]
        period = self.env["crm.contract.print"]._get_period_text(
            self.recurrence_interval, unit
        )
        return self.env._("every %s", period)

    def _get_first_due_text(self, after):
        trigger = self.trigger or "date"
        if trigger == "date":
            day = self.date_deadline
            return format_date(self.env, day, date_format="long") if day else ""
        if not self.trigger_days and trigger != "obligation":
            return {
                "signature": self.env._("On signature of the contract"),
                "start": self.env._("On the first day of the contract"),
                "overdue": self.env._("On each missed payment"),
            }[trigger]
        if self.days_kind == "working":
            days = self.env._("%s working days", self.trigger_days)
        else:
            days = self.env["crm.contract.print"]._get_period_text(
                self.trigger_days, "day"
            )
        if trigger == "signature":
            return self.env._("%s after signature of the contract", days)
        if trigger == "start":
            return self.env._("%s after the start of the contract", days)
        if trigger == "overdue":
            return self.env._("%s after each missed payment", days)
        return self.env._(
            "%(days)s after %(obligations)s",
            days=days,
            obligations=", ".join(after or self.after_ids.mapped("name")),
        )

    # Performance

    def write(self, vals):
        """Let open obligations follow who is responsible for them."""
        followed = {"user_id", "team_id", "contact_id"}.intersection(vals)
        before = [(row, {name: row[name] for name in followed}) for row in self]
        result = super().write(vals)
        for row, old in before if followed else ():
            row._hand_on(old)
        return result

    def _hand_on(self, old):
        # sudo: who may change the milestone may change who sees to its obligations
        rows = self.sudo().obligation_ids._filter_open()
        for name, value in old.items():
            same = rows.filtered(lambda row, name=name, v=value: row[name] == v)
            if same and value != self[name]:
                same.with_context(mail_activity_quick_update=True).write(
                    {name: self[name].id}
                )

    def _set_done(self, day):
        """Note on which day the obligation was fulfilled, or that it is not (False).

        Rows of the plan that wait for it fall due.
        """
        # sudo: owned field, written by the door of obligations
        self.sudo().date_done = day

    def action_done(self):
        """Record that the obligation was fulfilled today; installments may fall due.

        :return: the milestones
        :raise UserError: if it takes evidence or acceptance, or falls due repeatedly
        """
        self._check_can_change_done()
        self.env["crm.contract.obligation.plan"]._derive(self.contract_id)
        repeated = self.filtered(lambda m: m._is_recurring() or m.trigger == "overdue")
        if repeated:
            raise UserError(
                self.env._(
                    "%s falls due repeatedly: complete its obligations one by one.",
                    ", ".join(repeated.mapped("name")),
                )
            )
        for rows in self.obligation_ids._filter_open().grouped("contract_id").values():
            # sudo: who may write the milestone closes what it consists of
            rows.sudo()._finish(rows.company_id._get_today())
        return self

    def action_view_obligations(self):
        """Open the obligations that a milestone consists of."""
        one(self).check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_obligation_action"
        )
        return dict(action, domain=[("milestone_id", "=", self.id)], context={})

    def action_undo(self):
        """Take back a completion, unless an installment of it is billed already.

        :return: the milestones
        """
        self._check_can_change_done()
        closed = self.obligation_ids.filtered(lambda row: row.state in CLOSED)
        # sudo: who may write the milestone reopens what it consists of
        closed.sudo()._reopen()
        return self
