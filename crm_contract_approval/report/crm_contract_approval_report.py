from odoo import fields, models
from odoo.tools import SQL


class CrmContractApprovalReport(models.Model):
    """Figures of approvals: a row per submission, decision and step that waits."""

    _name = "crm.contract.approval.report"
    _description = "Analysis of approvals"
    _auto = False
    _rec_name = "contract_id"
    _order = "date desc, id desc"
    _depends = {
        "crm.contract.approval.review": [
            "contract_id",
            "company_id",
            "task_id",
            "round",
            "decision",
            "user_id",
            "reason_id",
            "date",
        ],
        "crm.contract.approval.task": [
            "contract_id",
            "company_id",
            "policy_id",
            "round",
            "name",
            "state",
            "date_start",
        ],
        "crm.contract": ["type_id", "kind", "partner_id", "user_id", "team_id"],
    }

    row_type = fields.Selection(
        [
            ("submission", "Submission"),
            ("decision", "Decision"),
            ("waiting", "Waiting"),
        ],
        string="Event",
        readonly=True,
    )
    contract_id = fields.Many2one("crm.contract", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    policy_id = fields.Many2one("crm.contract.approval.policy", readonly=True)
    step_name = fields.Char(string="Step", readonly=True, translate=True)
    approver_id = fields.Many2one("res.users", readonly=True)
    reason_id = fields.Many2one(
        "crm.contract.approval.reason", string="Reason of rejection", readonly=True
    )
    type_id = fields.Many2one("crm.contract.type", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales team", readonly=True)
    date = fields.Datetime(readonly=True)
    hours = fields.Float(
        string="Hours to decide",
        readonly=True,
        aggregator="avg",
        help="From the moment that the step began; for what waits, until now.",
    )
    rejected = fields.Float(
        string="Rejected (%)",
        readonly=True,
        aggregator="avg",
        help="Share of the decisions that reject.",
    )
    first_pass = fields.Float(
        string="First pass (%)",
        readonly=True,
        aggregator="avg",
        help="Share of the first submissions that were approved as they were.",
    )
    waiting = fields.Integer(string="Waiting now", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row.*, c.type_id, c.partner_id, c.user_id, c.team_id
              FROM (%s UNION ALL %s UNION ALL %s) AS row
              JOIN crm_contract c ON c.id = row.contract_id
            """,
            self._query_submissions(),
            self._query_decisions(),
            self._query_waiting(),
        )

    def _query_submissions(self):
        # Known once the first submission is through: approved, or not.
        return SQL(
            """
            SELECT 3 * r.id AS id, 'submission' AS row_type, r.contract_id,
                   r.company_id, t.policy_id, NULL::jsonb AS step_name,
                   NULL::int AS approver_id, NULL::int AS reason_id, r.date,
                   NULL::float AS hours, NULL::float AS rejected,
                   CASE WHEN r.round > 1 OR t.is_open THEN NULL
                        WHEN t.is_approved THEN 100.0 ELSE 0.0 END AS first_pass,
                   0 AS waiting
              FROM crm_contract_approval_review r
              JOIN (SELECT contract_id, round, MAX(policy_id) AS policy_id,
                           BOOL_OR(state IN ('waiting', 'pending')) AS is_open,
                           BOOL_AND(state IN ('approved', 'kept')) AS is_approved
                      FROM crm_contract_approval_task
                     GROUP BY contract_id, round) t
                ON t.contract_id = r.contract_id AND t.round = r.round
             WHERE r.decision = 'submit'
            """
        )

    def _query_decisions(self):
        # A step that was sent back began anew: what was decided before has no time.
        return SQL(
            """
            SELECT 3 * r.id + 1, 'decision', r.contract_id, r.company_id, t.policy_id,
                   t.name, r.user_id, r.reason_id, r.date,
                   CASE WHEN r.date >= t.date_start
                        THEN EXTRACT(EPOCH FROM r.date - t.date_start) / 3600 END,
                   CASE WHEN r.decision = 'reject' THEN 100.0 ELSE 0.0 END,
                   NULL, 0
              FROM crm_contract_approval_review r
              JOIN crm_contract_approval_task t ON t.id = r.task_id
             WHERE r.decision IN ('approve', 'condition', 'reject')
            """
        )

    def _query_waiting(self):
        return SQL(
            """
            SELECT 3 * t.id + 2, 'waiting', t.contract_id, t.company_id, t.policy_id,
                   t.name, w.user_id, NULL, t.date_start,
                   EXTRACT(EPOCH FROM NOW() AT TIME ZONE 'UTC' - t.date_start) / 3600,
                   NULL, NULL, 1
              FROM crm_contract_approval_task t
              LEFT JOIN LATERAL (
                   SELECT MIN(rel.res_users_id) AS user_id
                     FROM crm_contract_approval_task_waiting_rel rel
                    WHERE rel.crm_contract_approval_task_id = t.id
              ) w ON TRUE
             WHERE t.state = 'pending'
            """
        )
