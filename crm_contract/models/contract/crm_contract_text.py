from odoo import api, fields, models

from ...tools.version import read_name

DISPUTE_METHODS = [
    ("negotiation", "Negotiation"),
    ("mediation", "Mediation"),
    ("arbitration", "Arbitration"),
    ("court", "Court"),
]


class CrmContract(models.Model):
    """Text: preamble, clauses by part, dispute resolution."""

    _inherit = "crm.contract"
    _agreed_texts = ("preamble",)

    preamble = fields.Html(
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        sanitize_overridable=False,
        content=True,
    )
    preamble_frozen = fields.Html(
        compute="_compute_preamble_frozen",
        sanitize=False,
        help="Preamble with placeholders resolved, as submitted.",
        owned=True,
    )
    dispute_method = fields.Selection(
        DISPUTE_METHODS,
        string="Dispute resolution",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        content=True,
    )
    dispute_institution = fields.Char(
        string="Institution or court",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="Arbitration or mediation institution, or court.",
        content=True,
    )
    dispute_place = fields.Char(
        string="Place of dispute resolution",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="Seat of the arbitration or place of the court.",
        content=True,
    )
    clause_ids = fields.One2many("crm.contract.clause", "contract_id", string="Clauses")
    breach_clause_ids = fields.One2many(
        "crm.contract.clause",
        "contract_id",
        string="Breach liability",
        domain=[("part", "=", "breach")],
    )
    dispute_clause_ids = fields.One2many(
        "crm.contract.clause",
        "contract_id",
        string="Dispute resolution clauses",
        domain=[("part", "=", "dispute")],
    )
    other_clause_ids = fields.One2many(
        "crm.contract.clause",
        "contract_id",
        string="Other terms",
        domain=[("part", "=", "other")],
    )
    deviating_count = fields.Integer(
        string="Deviating clauses", compute="_compute_deviating_count", store=True
    )

    @api.depends("template_id")
    def _compute_from_template(self):
        names = ("preamble", "dispute_method", "dispute_institution", "dispute_place")
        for template, contracts in self.grouped("template_id").items():
            for name in names:
                if template[name]:
                    contracts[name] = template[name]
                    continue
                for contract in contracts:
                    contract[name] = contract[name]

    @api.depends("version_id")
    def _compute_preamble_frozen(self):
        for contract in self:
            frozen = contract._get_frozen_fields()
            contract.preamble_frozen = frozen.get(read_name("preamble"))

    @api.depends("clause_ids.is_deviating", "preamble", "template_id")
    def _compute_deviating_count(self):
        """Count the clauses that are not those of the library, and so the preamble."""
        texts = self.env["crm.contract.reading"]
        for contract in self:
            clauses = contract.clause_ids.filtered("is_deviating")
            contract.deviating_count = len(clauses) + bool(
                texts._is_preamble_deviating(contract)
            )

    @api.model
    def _get_clause_fields(self):
        return (
            "clause_ids",
            "breach_clause_ids",
            "dispute_clause_ids",
            "other_clause_ids",
        )

    def action_insert_mandatory_clauses(self):
        """Add the mandatory clauses of the type that are not in the contract yet."""
        clauses = self._without_defaults().env["crm.contract.clause"]
        for contract in self:
            contract._check_content_editable()
            missing = clauses._get_missing_mandatory(contract)
            clauses.create(
                contract._own([{"template_id": clause.id} for clause in missing])
            )
        return True

    @api.constrains("preamble")
    def _check_preamble(self):
        placeholders = self.env["crm.contract.placeholder"]
        for contract in self:
            placeholders._check(self.env._("Preamble"), contract.preamble)
