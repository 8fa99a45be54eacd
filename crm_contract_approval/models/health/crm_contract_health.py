from odoo import api, fields, models
from odoo.tools import SQL

# Steps that nobody can decide: who is asked, or stands in for him, has to be there and
# not be an author. Of the mode “all”, each has to; an escalation lets somebody else decide.
NOBODY = """
    WITH RECURSIVE stand_in AS (
        SELECT user_id, deputy_id FROM crm_contract_approval_delegation
        WHERE %(today)s BETWEEN date_from AND date_to
        UNION
        SELECT s.user_id, d.deputy_id FROM stand_in s
        JOIN crm_contract_approval_delegation d ON d.user_id = s.deputy_id
        WHERE %(today)s BETWEEN d.date_from AND d.date_to
    ), asked AS (
        SELECT t.id AS task_id, w.res_users_id AS user_id, false AS escalated
        FROM crm_contract_approval_task t
        JOIN crm_contract_approval_task_waiting_rel w
            ON w.crm_contract_approval_task_id = t.id
        WHERE t.state = 'pending'
        UNION ALL
        SELECT id, escalated_to_id, true FROM crm_contract_approval_task
        WHERE state = 'pending' AND escalated_to_id IS NOT NULL
    ), able AS (
        SELECT a.task_id, a.user_id, a.escalated, EXISTS (
            SELECT FROM res_users u
            JOIN res_company_users_rel k
                ON k.user_id = u.id AND k.cid = t.company_id
            WHERE (u.id = a.user_id OR u.id IN (
                SELECT deputy_id FROM stand_in s WHERE s.user_id = a.user_id
            ))
            AND u.active AND NOT u.share
            AND u.id IS DISTINCT FROM c.create_uid
            AND u.id IS DISTINCT FROM c.submitted_by_id
            AND NOT EXISTS (
                SELECT FROM crm_contract_editor_rel e
                WHERE e.crm_contract_id = c.id AND e.res_users_id = u.id
            )
        ) AS can
        FROM asked a
        JOIN crm_contract_approval_task t ON t.id = a.task_id
        JOIN crm_contract c ON c.id = t.contract_id
    ), people AS (
        SELECT task_id, bool_or(can AND escalated) AS escalated,
            count(*) FILTER (WHERE can AND NOT escalated) AS able,
            count(*) FILTER (WHERE NOT can AND NOT escalated) AS unable
        FROM able GROUP BY task_id
    )
    SELECT t.id, t.company_id
    FROM crm_contract_approval_task t LEFT JOIN people p ON p.task_id = t.id
    WHERE t.state = 'pending' AND NOT COALESCE(p.escalated, false)
        AND CASE t.mode
            WHEN 'all' THEN COALESCE(p.unable, 0) > 0 OR p.able IS NULL
            WHEN 'minimum' THEN (
                SELECT count(*) FROM crm_contract_approval_task_approver_rel d
                WHERE d.crm_contract_approval_task_id = t.id
            ) - COALESCE(p.unable, 0) < t.minimum
            ELSE COALESCE(p.able, 0) = 0
        END
"""


class CrmContractHealth(models.AbstractModel):
    """Approvals: steps that nobody can decide, reviews without a step."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), *self._get_approval_checks()]

    @api.model
    def _get_approval_checks(self):
        tasks = "crm.contract.approval.task"
        return [
            self._check(
                "approval_nobody",
                self.env._("Open approvals that nobody can decide"),
                self.env._(
                    "Those who are asked are archived, left the company or wrote the "
                    "contract. An approval administrator hands the step over."
                ),
                tasks,
            ),
            self._check(
                "approval_late",
                self.env._("Open approvals that are late by %s days", self._get_days()),
                self.env._("Ask who has to decide, or hand the step over."),
                tasks,
            ),
            self._check(
                "review_without_step",
                self.env._("Contracts in review that wait for no step"),
                self.env._(
                    "Nobody is asked, and nothing will happen. Recall the contract and "
                    "submit it again."
                ),
                "crm.contract",
            ),
            self._check(
                "step_without_review",
                self.env._("Open approvals of contracts that are not in review"),
                self.env._("Their contract went on without them. Report it."),
                tasks,
            ),
        ]

    @api.model
    def _query_approval_nobody(self):
        return SQL(NOBODY, today=fields.Date.context_today(self))

    @api.model
    def _query_approval_late(self):
        return self._select(
            "crm.contract.approval.task",
            [
                ("state", "=", "pending"),
                ("date_deadline", "<", self._get_day(self._get_days())),
            ],
        )

    @api.model
    def _query_review_without_step(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c
            WHERE c.state = 'review' AND NOT EXISTS (
                SELECT FROM crm_contract_approval_task t
                WHERE t.contract_id = c.id AND t.state = 'pending'
            )
            """
        )

    @api.model
    def _query_step_without_review(self):
        return SQL(
            """
            SELECT t.id, t.company_id
            FROM crm_contract_approval_task t JOIN crm_contract c ON c.id = t.contract_id
            WHERE t.state IN ('waiting', 'pending') AND c.state != 'review'
            """
        )
