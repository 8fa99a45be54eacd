"""Lines and what amendments made of them become chains, of which no day has two rows."""

import logging
from collections import defaultdict
from datetime import date, timedelta

from odoo.tools import SQL
from odoo.tools.sql import column_exists

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    # The constraint of chains takes its place.
    cr.execute("DROP INDEX IF EXISTS crm_contract_installment_period_uniq")
    if not column_exists(cr, "crm_contract_line", "is_recurring"):
        return
    for table in ("crm_contract_line", "crm_contract_installment"):
        cr.execute(
            SQL(
                "ALTER TABLE %s ADD COLUMN IF NOT EXISTS chain integer",
                SQL.identifier(table),
            )
        )
    cr.execute("UPDATE crm_contract_line SET chain = id WHERE chain IS NULL")
    if column_exists(cr, "crm_contract_line", "valid_until"):
        _link_lines(cr)
    if column_exists(cr, "crm_contract_installment", "period_start"):
        _link_rows(cr)


def _link_lines(cr):
    """Let former lines have the chain of the line that goes on from the day after."""
    cr.execute(
        """
        SELECT contract_id, id, valid_from, valid_until, (product_id, name)::text
          FROM crm_contract_line
         WHERE is_recurring AND contract_id IN (
               SELECT contract_id FROM crm_contract_line WHERE valid_until IS NOT NULL)
      ORDER BY contract_id, valid_from DESC NULLS LAST, id DESC
        """
    )
    contracts = defaultdict(list)
    for contract_id, *line in cr.fetchall():
        contracts[contract_id].append(line)
    for lines in contracts.values():
        for line_id, chain in _find_chains(lines):
            cr.execute(
                "UPDATE crm_contract_line SET chain = %s WHERE id = %s",
                [chain, line_id],
            )


def _find_chains(lines):
    """Yield (line, chain) of former lines; the lines are given from the last day on."""
    chains = {line_id: line_id for line_id, *_rest in lines}
    taken = set()
    for line_id, _first, last, what in lines:
        following = [
            (other_what != what, other)
            for other, first, _last, other_what in lines
            if last and first == last + timedelta(days=1) and other not in taken
        ]
        if following:
            _is_other, other = min(following)
            taken.add(other)
            chains[line_id] = chains[other]
            yield line_id, chains[other]


def _link_rows(cr):
    """Let rows have the chain of their line, unless another row has their days.

    Such rows stay as they are, outside of what the constraint keeps apart.
    """
    cr.execute(
        """
        UPDATE crm_contract_installment row
           SET chain = line.chain
          FROM crm_contract_line line
         WHERE row.line_id = line.id
        """
    )
    cr.execute(
        """
        SELECT row.chain, row.id, row.period_start, row.period_end, row.contract_id
          FROM crm_contract_installment row
         WHERE row.trigger = 'period' AND row.state IS DISTINCT FROM 'cancelled'
      ORDER BY row.chain, row.period_start, row.state IN ('planned', 'due'), row.id
        """
    )
    twice, chain_before, last = defaultdict(list), None, date.min
    for chain, row_id, start, end, contract_id in cr.fetchall():
        if chain != chain_before:
            chain_before, last = chain, date.min
        if start <= last:
            twice[contract_id].append(row_id)
        else:
            last = end
    if twice:
        rows = [row_id for ids in twice.values() for row_id in ids]
        cr.execute(
            "UPDATE crm_contract_installment SET chain = 0 WHERE id IN %s",
            [tuple(rows)],
        )
        _logger.warning(
            "Days of recurring lines are in the ledger twice, by an error of an earlier "
            "release: %s rows of the contracts %s. They stay as they are; look at the "
            "installments %s, and credit what was billed twice.",
            len(rows),
            sorted(twice),
            rows,
        )
