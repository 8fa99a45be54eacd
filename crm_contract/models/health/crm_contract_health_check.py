from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...tools.records import one

# Records that are opened at once.
OPENED = 1000


class CrmContractHealthCheck(models.Model):
    """A check of the registry, and when it was last looked at.

    Rows come and go with the checks of the add-ons that are installed.
    """

    _name = "crm.contract.health.check"
    _description = "Health check"
    _order = "sequence, id"
    _rec_name = "label"

    name = fields.Char(required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    label = fields.Char(string="What is wrong", compute="_compute_label")
    advice = fields.Text(string="What to do", compute="_compute_label")
    can_open = fields.Boolean(compute="_compute_label")
    count_ids = fields.One2many("crm.contract.health.count", "check_id")
    count = fields.Integer(
        string="Found",
        compute="_compute_count",
        search="_search_count",
        help="In the companies that are chosen, when it was last looked at.",
    )
    count_before = fields.Integer(string="Before", compute="_compute_count")
    date_since = fields.Date(
        string="Since", compute="_compute_count", help="First day with something found."
    )
    date_looked = fields.Datetime(string="Last look", readonly=True)
    date_next = fields.Date(string="Next look of the job", readonly=True)
    position = fields.Integer(
        readonly=True, help="Of a scan that is under way: the last record looked at."
    )

    _name_uniq = models.UniqueIndex("(name)", "The check is there already.")

    @api.depends("name")
    @api.depends_context("lang", "uid")
    def _compute_label(self):
        # sudo: names of checks and models; whoever reads the row may know them
        checks = self.env["crm.contract.health"].sudo()._get_checks()
        by_name = {check.name: check for check in checks}
        for row in self:
            check = by_name.get(row.name)
            row.label = check.label if check else row.name
            row.advice = check.advice if check else ""
            row.can_open = bool(check) and self.env[check.model].has_access("read")

    @api.depends("count_ids.count", "count_ids.count_before", "count_ids.date_since")
    @api.depends_context("allowed_company_ids", "uid")
    def _compute_count(self):
        # Those of the companies at hand: the rule of the counts says so.
        groups = self.env["crm.contract.health.count"]._read_group(
            [("check_id", "in", self.ids)],
            ["check_id"],
            ["count:sum", "count_before:sum", "date_since:min"],
        )
        sums = {check.id: values for check, *values in groups}
        for row in self:
            values = sums.get(row.id, (0, 0, False))
            row.count, row.count_before, row.date_since = values

    def _search_count(self, operator, value):
        if operator in (">", "!=") and not value:
            return Domain("count_ids", "any", [("count", ">", 0)])
        if operator == "in" and not any(value):
            return Domain("count_ids", "not any", [("count", ">", 0)])
        return NotImplemented

    def action_look(self):
        """Look at the checks now: all of them, if none is chosen.

        :raise AccessError: unless the user manages contracts or the system
        """
        self._check_may_look()
        # sudo: the results are kept by the checks; who asks was checked
        self.sudo()._sync()
        rows = self or self.search(Domain.TRUE)
        chunk = self.env["crm.contract.job"]._try_again("health", rows)
        problems = [f"{row.label}: {reason}" for row, reason in chunk.failures.items()]
        found = sum(1 for row in rows if row.count)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if problems else "warning" if found else "success",
                "message": "\n".join(problems)
                or (
                    self.env._("%s checks found something.", found)
                    if found
                    else self.env._("Nothing is wrong.")
                ),
                "sticky": bool(problems),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_open(self):
        """Open the records that the check finds now, in the companies at hand.

        :raise UserError: if the user may not see records of that kind
        """
        one(self)
        self._check_may_look()
        health = self.env["crm.contract.health"]
        check = health._get_check(self.name)
        if not check or not self.can_open:
            raise UserError(
                self.env._(
                    "You may not see what “%s” found. Ask somebody who may, such as an"
                    " administrator.",
                    self.label,
                )
            )
        # sudo: what is wrong; the list shows what the rules of the user let him see
        ids = health.sudo()._find_ids(check, self.env.companies, OPENED + 1)
        name = check.label
        if len(ids) > OPENED:
            name = self.env._("%(check)s (first %(number)s)", check=name, number=OPENED)
        return self._prepare_list_action(check.model, ids[:OPENED], name)

    def _prepare_list_action(self, model, ids, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", ids)],
            "context": {"active_test": False, "create": False},
        }

    def _check_may_look(self):
        self.check_access("read")
        if not self.env.user.has_groups(
            "crm_contract.crm_contract_group_manager,base.group_system"
        ):
            raise AccessError(self.env._("Only contract managers may do this."))

    @api.model
    def _sync(self):
        """Let there be a row per check of the add-ons that are installed."""
        # sudo: rows are kept by the checks
        checks = self.env["crm.contract.health"].sudo()._get_checks()
        rows = {row.name: row for row in self.sudo().search(Domain.TRUE)}
        names = [check.name for check in checks]
        for sequence, name in enumerate(names):
            if name in rows and rows[name].sequence != sequence:
                rows[name].sequence = sequence
        self.sudo().create(
            [
                {"name": name, "sequence": sequence}
                for sequence, name in enumerate(names)
                if name not in rows
            ]
        )
        gone = [row for name, row in rows.items() if name not in names]
        self.sudo().browse().concat(*gone).unlink()

    def _look(self):
        """Count what the checks find, and note when; called by the job alone."""
        health = self.env["crm.contract.health"]
        today = fields.Date.context_today(self)
        for row in self:
            check = health._get_check(row.name)
            if not check:
                continue
            row.count_ids._note(row, health._count(check))
            vals = {"date_looked": fields.Datetime.now()}
            if row._is_due() and not row._has_more_to_scan():
                days = health._get_days_between(row.name)
                vals["date_next"] = fields.Date.add(today, days=days)
                # The next scan begins at the start.
                vals["position"] = 0
            row.write(vals)

    def _is_due(self):
        """Return whether the job has to look at the check (again)."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return not self.date_next or self.date_next <= today

    def _has_more_to_scan(self):
        """Return whether there are records that the scan has not come to yet."""
        self.ensure_one()
        scans = self.env["crm.contract.health"]._get_scans()
        for scan in scans:
            if scan.name == self.name:
                records = self.env[scan.model].with_context(active_test=False)
                domain = scan.domain() & Domain("id", ">", self.position)
                return bool(records.search_count(domain, limit=1))
        return False
