"""Ends and renewal decisions were fields of the contract; they are records now.

The old columns are still there: Odoo drops them when all modules are loaded.
"""

from odoo.tools import SQL
from odoo.tools.sql import column_exists

_OLD_TABLES = (
    "crm_contract_settlement_move_rel",
    "crm_contract_installment_penalty_tax_rel",
)


def migrate(cr, version):
    # The very first releases knew neither.
    if column_exists(cr, "crm_contract", "terminated_by"):
        # The older ones first: records are shown in the order of their making.
        _move_penalties_taken_back(cr)
        _move_ends(cr)
        _move_penalties(cr)
        _drop_old_tables(cr)
    if column_exists(cr, "crm_contract", "date_decided"):
        _move_decisions(cr)


def _move_ends(cr):
    """Make a record of each end that people decided on, with what settled it."""
    cr.execute(
        """
        INSERT INTO crm_contract_termination (
               contract_id, company_id, state, end_reason, date, terminated_by,
               date_notice_given, reason, create_date, write_date)
        SELECT id, company_id,
               CASE WHEN state = 'ended' THEN 'effective' ELSE 'announced' END,
               CASE WHEN end_reason = 'completed' THEN end_reason
                    ELSE 'terminated' END,
               COALESCE(date_termination, date_ended), terminated_by,
               date_notice_given, termination_reason, write_date, write_date
          FROM crm_contract
         WHERE date_termination IS NOT NULL
            OR state = 'ended' AND end_reason IN ('completed', 'terminated')
         ORDER BY id
        """
    )
    cr.execute(
        """
        UPDATE crm_contract contract
           SET termination_id = termination.id, date_termination = termination.date
          FROM crm_contract_termination termination
         WHERE termination.contract_id = contract.id
           AND termination.state != 'taken_back'
        """
    )
    cr.execute(
        """
        INSERT INTO crm_contract_termination_move_rel (
               crm_contract_termination_id, account_move_id)
        SELECT contract.termination_id, move.account_move_id
          FROM crm_contract_settlement_move_rel move
          JOIN crm_contract contract ON contract.id = move.crm_contract_id
         WHERE contract.termination_id IS NOT NULL
        """
    )


def _move_penalties(cr):
    """Move what is owed for an early end: by the customer, or by us."""
    cr.execute(
        """
        UPDATE crm_contract_installment penalty
           SET termination_id = contract.termination_id
          FROM crm_contract contract
         WHERE contract.id = penalty.contract_id
           AND penalty.trigger = 'penalty'
           AND penalty.is_cancelled IS NOT TRUE
        """
    )
    _take_from_rows(cr)
    # A credit note for fees names the invoice that it takes back, one for a penalty none.
    cr.execute(
        """
        UPDATE crm_contract_termination termination
           SET amount_penalty = move.amount_untaxed, penalty_owed_by = 'us',
               penalty_refund_id = move.id
          FROM crm_contract_termination_move_rel settlement
          JOIN account_move move ON move.id = settlement.account_move_id
         WHERE settlement.crm_contract_termination_id = termination.id
           AND move.move_type = 'out_refund'
           AND move.reversed_entry_id IS NULL
        """
    )
    cr.execute(
        """
        INSERT INTO crm_contract_termination_penalty_tax_rel (
               crm_contract_termination_id, account_tax_id)
        SELECT DISTINCT termination.id, tax.account_tax_id
          FROM crm_contract_termination termination
          JOIN account_move_line line ON line.move_id = termination.penalty_refund_id
          JOIN account_move_line_account_tax_rel tax
            ON tax.account_move_line_id = line.id
        """
    )


def _move_penalties_taken_back(cr):
    """Make a record for each penalty of an end that was taken back.

    Its last day is told by the name of the penalty alone.
    """
    cr.execute(
        """
        WITH termination AS (
            INSERT INTO crm_contract_termination (
                   contract_id, company_id, state, end_reason, date_recorded,
                   date_taken_back, create_date, write_date, reason)
            SELECT contract_id, company_id, 'taken_back', 'terminated', date,
                   write_date::date, create_date, write_date, name
              FROM crm_contract_installment
             WHERE trigger = 'penalty' AND is_cancelled
             ORDER BY id
         RETURNING id, contract_id, reason, create_date)
        UPDATE crm_contract_installment penalty
           SET termination_id = termination.id
          FROM termination
         WHERE termination.contract_id = penalty.contract_id
           AND termination.reason = penalty.name
           AND termination.create_date = penalty.create_date
           AND penalty.trigger = 'penalty'
           AND penalty.is_cancelled
        """
    )


def _take_from_rows(cr):
    """Let ends have the penalty of their row in the ledger, unless they have it."""
    cr.execute(
        """
        UPDATE crm_contract_termination termination
           SET amount_penalty = penalty.price_unit, penalty_owed_by = 'customer',
               penalty_clause_id = penalty.penalty_clause_id
          FROM crm_contract_installment penalty
         WHERE penalty.termination_id = termination.id
           AND termination.penalty_owed_by IS NULL
        """
    )
    cr.execute(
        """
        INSERT INTO crm_contract_termination_penalty_tax_rel (
               crm_contract_termination_id, account_tax_id)
        SELECT penalty.termination_id, tax.account_tax_id
          FROM crm_contract_installment penalty
          JOIN crm_contract_installment_penalty_tax_rel tax
            ON tax.crm_contract_installment_id = penalty.id
         WHERE penalty.termination_id IS NOT NULL
            ON CONFLICT DO NOTHING
        """
    )


def _drop_old_tables(cr):
    for table in _OLD_TABLES:
        cr.execute("DELETE FROM ir_model_relation WHERE name = %s", [table])
        cr.execute(SQL("DROP TABLE %s", SQL.identifier(table)))


def _move_decisions(cr):
    """Make a record of each decision; the contract leads to what still holds.

    An open-ended contract that goes on has none that holds: it was to be renewed.
    """
    cr.execute(
        """
        INSERT INTO crm_contract_renewal_decision (
               contract_id, company_id, date_deadline, date_end, decision, reason,
               competitor, date_decided, user_id, create_date, write_date)
        SELECT id, company_id,
               CASE WHEN renewal_decision IS NOT NULL THEN date_deadline END,
               date_end, COALESCE(renewal_decision, 'renew'), renewal_reason,
               renewal_competitor, COALESCE(date_decided, write_date::date),
               decided_by_id, write_date, write_date
          FROM crm_contract
         WHERE renewal_decision IS NOT NULL OR date_decided IS NOT NULL
         ORDER BY id
        """
    )
    cr.execute(
        """
        UPDATE crm_contract contract
           SET renewal_decision_id = decision.id
          FROM crm_contract_renewal_decision decision
         WHERE decision.contract_id = contract.id
           AND contract.renewal_decision IS NOT NULL
        """
    )
