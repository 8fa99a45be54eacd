from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...tools.records import search_flag, some
from .crm_contract_type import RETENTIONS

ARCHIVE_STATES = [
    ("to_file", "To be filed"),
    ("electronic", "Signed online"),
    ("filed", "Filed"),
    ("proposed", "Destruction proposed"),
    ("approved", "Destruction approved"),
    ("destroyed", "Destroyed"),
]
ACTIVITY = "crm_contract.mail_activity_type_filing"
# Working days after the day on which it was due: who is told then, see `_get_reminded`.
LADDER = (0, 5, 10)


def is_overdue(today):
    """Return the domain of what was due before a day."""
    return Domain("date_due", "<", today)


class CrmContractArchive(models.Model):
    """The file of a contract in the archive: its originals, where, and how long.

    Each signed contract has one from its signature on. That the originals are filed is a
    day; until then somebody is reminded.
    """

    _name = "crm.contract.archive"
    _description = "Archive file of a contract"
    _inherit = [
        "mail.thread",
        "crm.contract.owned.mixin",
        "crm.contract.named.mixin",
    ]
    _order = "date_due, id desc"
    _rec_name = "contract_id"
    _mail_post_access = "read"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Customer", store=True
    )
    type_id = fields.Many2one(
        related="contract_id.type_id", string="Type", store=True, index=True
    )
    contract_state = fields.Selection(
        related="contract_id.state", string="Contract state"
    )
    state = fields.Selection(
        ARCHIVE_STATES,
        compute="_compute_state",
        store=True,
        index=True,
        tracking=True,
        owned=True,
    )
    is_electronic = fields.Boolean(
        string="Signed online",
        tracking=True,
        help="There is no paper: the sealed file is the original.",
    )
    originals = fields.Integer(
        tracking=True, aggregator="sum", help="Signed papers that we keep."
    )
    place = fields.Char(tracking=True, help="Such as a room and a shelf.")
    box = fields.Char(tracking=True)
    retention = fields.Selection(
        RETENTIONS,
        string="Kept for",
        compute="_compute_retention",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
    )
    date_due = fields.Date(
        string="To be filed by", help="Working days after the signature, by the type."
    )
    date_filed = fields.Date(string="Filed on", copy=False)
    filed_by_id = fields.Many2one(
        "res.users", string="Filed by", readonly=True, copy=False, owned=True
    )
    date_reminder = fields.Date(
        string="Next reminder",
        readonly=True,
        copy=False,
        index="btree_not_null",
        owned=True,
    )
    reminders = fields.Integer(
        readonly=True,
        copy=False,
        aggregator=None,
        help="Reminders that were sent.",
        owned=True,
    )
    is_late = fields.Boolean(
        string="Not filed in time", compute="_compute_is_late", search="_search_is_late"
    )
    loan_ids = fields.One2many("crm.contract.archive.loan", "archive_id", copy=False)
    originals_out = fields.Integer(
        string="Lent",
        compute="_compute_originals_out",
        store=True,
        aggregator="sum",
        owned=True,
    )
    copies_sealed = fields.Integer(
        string="Copies sealed",
        compute="_compute_copies_sealed",
        compute_sudo=True,
        help="By the seal register, of the text that was signed; those of the customer "
        "are among them.",
    )

    _contract_uniq = models.UniqueIndex(
        "(contract_id)", "The contract has its archive file already."
    )
    _originals_bounds = models.Constraint(
        "CHECK (originals >= 0 AND originals <= 1000)",
        "The number of originals has to be between 0 and 1,000.",
    )
    # The database says it too: two loans may come at the same moment.
    _lent_bounds = models.Constraint(
        "CHECK (COALESCE(originals_out, 0) <= COALESCE(originals, 0))",
        "More originals are lent than there are.",
    )

    @api.depends(
        "is_electronic",
        "date_filed",
        "date_proposed",
        "date_approved",
        "date_destroyed",
    )
    def _compute_state(self):
        for row in self:
            if row.date_destroyed:
                row.state = "destroyed"
            elif row.date_approved:
                row.state = "approved"
            elif row.date_proposed:
                row.state = "proposed"
            elif row.date_filed:
                row.state = "filed"
            else:
                row.state = "electronic" if row.is_electronic else "to_file"

    @api.depends("contract_id")
    def _compute_retention(self):
        for row in self:
            row.retention = row.contract_id.type_id.retention or "10"

    @api.depends("loan_ids.kind", "loan_ids.copies", "loan_ids.date_back")
    def _compute_originals_out(self):
        for row in self:
            row.originals_out = sum(row.loan_ids._filter_out().mapped("copies"))

    @api.depends("contract_id.version_id")
    def _compute_copies_sealed(self):
        sums = dict(
            self.env["crm.contract.sealing"]._read_group(
                [("version_id", "in", self.contract_id.version_id.ids)],
                ["version_id"],
                ["copies_sealed:sum"],
            )
        )
        for row in self:
            row.copies_sealed = sums.get(row.contract_id.version_id, 0)

    @api.depends("state", "date_due")
    def _compute_is_late(self):
        unfiled = self.filtered(lambda row: row.state == "to_file")
        late = self.env["res.company"]._filter_on_days(unfiled, is_overdue)
        for row in self:
            row.is_late = row in late

    def _search_is_late(self, operator, value):
        return search_flag(operator, value, self._get_late_domain)

    @api.model
    def _get_late_domain(self):
        overdue = self.env["res.company"]._on_days(is_overdue)
        return Domain("state", "=", "to_file") & overdue

    @api.model
    def _get_bounds(self, field):
        return (0, 1000) if field.name == "originals" else super()._get_bounds(field)

    @api.constrains("date_filed", "originals", "place", "is_electronic")
    def _check_filed(self):
        for row in self.filtered("date_filed"):
            contract = row.contract_id
            if row.is_electronic:
                problem = self.env._("What was signed online has no paper to be filed.")
            elif row.originals < 1 or not (row.place or "").strip():
                problem = self.env._("Say how many originals are filed, and where.")
            elif row.date_filed > row.company_id._get_today():
                problem = self.env._("The day lies in the future.")
            elif contract.date_signed and row.date_filed < contract.date_signed:
                problem = self.env._("It was not signed by that day.")
            else:
                continue
            raise ValidationError(
                self.env._(
                    "%(contract)s: %(problem)s",
                    contract=contract.display_name,
                    problem=problem,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        rows = super().create(vals_list)
        if not self.env.su:
            rows._check_signed()
        rows.filtered("date_filed")._on_filed()
        return rows

    def write(self, vals):
        self._check_named([vals])
        if not self.env.su:
            self._check_can_change(vals)
        filing = self.filtered(lambda row: not row.date_filed)
        result = super().write(vals)
        filing.filtered("date_filed")._on_filed()
        if {"date_due", "is_electronic"} & set(vals):
            self._reckon_reminder()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Archive files can't be deleted."))

    def action_file(self):
        """Record that the originals are in their place since today; return the rows.

        :raise UserError: unless it is said how many there are, and where
        """
        rows = some(self)
        rows.check_access("write")
        for row in rows:
            if row.state != "to_file":
                raise UserError(
                    self.env._("%s has nothing to be filed.", row.display_name)
                )
            row.date_filed = row.company_id._get_today()
        return rows

    def _check_can_change(self, vals):
        """Raise UserError for what was settled: the day of filing, and what is gone."""
        gone = self.filtered("date_destroyed")
        if gone:
            raise UserError(
                self.env._(
                    "The originals of %s are destroyed.",
                    ", ".join(gone.mapped("display_name")),
                )
            )
        if "contract_id" in vals and any(
            row.contract_id.id != vals["contract_id"] for row in self
        ):
            raise UserError(self.env._("An archive file stays with its contract."))
        filed = self.filtered("date_filed")
        if filed and {"date_filed", "is_electronic"} & set(vals):
            raise UserError(
                self.env._(
                    "%s is filed: the day stays.",
                    ", ".join(filed.mapped("display_name")),
                )
            )

    def _check_signed(self):
        for row in self:
            if not row.contract_id.date_signed:
                raise UserError(
                    self.env._(
                        "%s is not signed: there is nothing to be filed.",
                        row.contract_id.display_name,
                    )
                )

    def _on_filed(self):
        """Say who filed, and end the reminders."""
        if not self:
            return
        # sudo: owned fields, and activities of others; who may file wrote the day
        rows = self.sudo()
        rows.write({"filed_by_id": self.env.uid, "date_reminder": False})
        rows.contract_id.activity_unlink([ACTIVITY])
        self.env["crm.contract.event"]._add_many(
            [
                (row.contract_id, "filed", row._prepare_facts(), None, None)
                for row in rows.sudo(False)
            ]
        )

    def _prepare_facts(self):
        """Return what the chain of the contract says of a filing (dict)."""
        row = self.sudo()
        return {
            "originals": row.originals,
            "place": row.place,
            "box": row.box or None,
            "day": row.date_filed.isoformat(),
            "retention": row.retention,
        }

    @api.model
    def _open(self, contracts):
        """Open the files of contracts that are being signed; one has one already if it
        was imported."""
        # sudo: files are opened by the signature, whoever signs
        archives = self.sudo()
        known = archives.search([("contract_id", "in", contracts.ids)]).contract_id
        vals_list = []
        for contract in (contracts - known).sudo():
            contract_type = contract.type_id
            online = self._is_signed_online(contract) and not contract_type.file_online
            day = contract.date_signed or contract.company_id._get_today()
            days = contract_type.filing_days
            due = days and self._add_working_days(contract.company_id, day, days)
            vals_list.append(
                {
                    "contract_id": contract.id,
                    "is_electronic": online,
                    "date_due": not online and due,
                    "date_reminder": not online and due,
                }
            )
        return archives.create(vals_list)

    @api.model
    def _is_signed_online(self, contract):
        """Return whether both sides signed the text at hand without paper (bool)."""
        # sudo: that there is one, whoever signs
        requests = self.env["crm.contract.signature.request"].sudo()
        return bool(
            requests.search_count(
                [
                    ("version_id", "=", contract.version_id.id),
                    ("state", "=", "done"),
                ],
                limit=1,
            )
        )

    @api.model
    def _add_working_days(self, company, day, days):
        """Return the day that lies some working days after another (date)."""
        calendar = company.resource_calendar_id
        start = datetime.combine(day + timedelta(days=1), time.min)
        found = (
            calendar.plan_days(days, start, compute_leaves=True)
            if days and calendar
            else False
        )
        return found.date() if found else day + timedelta(days=days)

    # Reminders

    def _reckon_reminder(self):
        """Begin the reminders anew: the day moved, or there is nothing to file."""
        for row in self:
            day = row.state == "to_file" and row.date_due
            # sudo: owned fields
            row.sudo().write({"date_reminder": day, "reminders": 0})
        self.sudo().contract_id.activity_unlink([ACTIVITY])

    @api.model
    def _get_remind_domain(self):
        """Return the domain of files of which somebody is to be reminded."""
        return Domain("state", "=", "to_file") & self.env["res.company"]._on_days(
            lambda today: Domain("date_reminder", "<=", today)
        )

    def _advance_reminder(self):
        """Tell who is next to see that the originals are filed.

        What was missed is told at once, to the last one who should have been told.
        """
        company, contract = self.company_id, self.contract_id
        days = [self._add_working_days(company, self.date_due, n) for n in LADDER]
        today = company._get_today()
        level = max(n for n, day in enumerate(days) if not n or day <= today)
        user = self._get_reminded(level)
        if not user:
            raise UserError(
                self.env._("Nobody is there to file %s.", contract.display_name)
            )
        contract.activity_unlink([ACTIVITY])
        contract.activity_schedule(
            ACTIVITY,
            date_deadline=self.date_due,
            user_id=user.id,
            summary=self.env._("File the originals"),
        )
        later = days[level + 1 :]
        self.write(
            {"reminders": level + 1, "date_reminder": later[0] if later else False}
        )

    def _get_reminded(self, level):
        """Return who is told at a level of the ladder: salesperson, leader, manager."""
        contract = self.contract_id
        first = contract._get_person_in_charge()
        if level == 0:
            return first
        if level == 1:
            return contract._get_person_in_charge(first) or first
        managers = contract._get_contract_managers(contract.company_id)
        return managers.filtered(contract._is_readable_by)[:1] or first
