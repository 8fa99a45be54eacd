import uuid
from datetime import date

from odoo import api, models
from odoo.tools.date_utils import add

from odoo.addons.crm_contract.tools.canonical import canonical_json
from odoo.addons.crm_contract.tools.recurrence import periods

# Fields of a recurring line that say what it is; all others say how it is billed.
WORDS = frozenset({"sequence", "name", "scope", "service_standard"})


class CrmContract(models.Model):
    """Lines of a contract that is amended: their versions follow each other in time."""

    _inherit = "crm.contract"

    @api.depends("date_effective")
    def _compute_amounts(self):
        # Of what was submitted, the value stands, whatever the contract bills later.
        frozen = self.filtered(lambda c: c._is_amendment() and c.state != "draft")
        super(CrmContract, self - frozen)._compute_amounts()

    def action_submit(self):
        drafts = self.filtered(lambda c: c._is_amendment() and c.state == "draft")
        # What the contract billed since the last edit may count; computed now, while
        # they are drafts.
        drafts._recompute_as_of_today("amount_total")
        drafts.mapped("amount_total")
        return super().action_submit()

    def _get_recurring_values(self):
        """Of an amendment: what the contract's lines are worth before and after it."""
        if not self._is_amendment():
            return super()._get_recurring_values()
        # sudo: the lines of the contract, for the value that whoever drafts has to know
        contract = self.origin_id.sudo()
        live = {
            key: (line, line.valid_from)
            for key, line in contract._get_rows_by_key("line_ids").items()
            if line.is_recurring
        }
        history = contract.line_ids - contract.line_ids._filter_content()
        spans = [(line, None, None) for line in history]
        for version in (contract._get_pending_amendments() - self._origin) | self:
            spans += _succeed(version, live)
        spans += [(line, first, None) for line, first in live.values()]
        return [line._get_recurring_value(*span) for line, *span in spans]


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _bills_like(self, other):
        """Return whether two versions of a line are billed alike."""
        return _get_terms(self) == _get_terms(other)

    def _get_cut(self, day, successor=None, first=None):
        """Return the day from which other terms of the line hold.

        It is the day of the amendment, or the day after what is billed. A line that
        isn't billed by the day changes where a period begins.

        :param successor: the line with the other terms, if there is one
        :param first: first day of the line, where it is a version to come
        """
        self.ensure_one()
        # sudo: what the ledger billed of the line
        billed = self.sudo().installment_ids.filtered(
            lambda row: row.state in ("invoiced", "paid")
        )
        day = max([day, *(add(end, days=1) for end in billed.mapped("period_end"))])
        recurrence = self._get_recurrence(first)
        if not recurrence or (self.prorate and (not successor or successor.prorate)):
            return day
        following = periods(recurrence, date.max, since=day)
        return next(
            (period.start for period in following if period.start >= day),
            recurrence.end and add(recurrence.end, days=1),
        )

    def _become(self, line, day):
        """Let the line be what an amendment makes of it."""
        if not self.is_recurring or self._bills_like(line):
            valid_from = self.valid_from if self.is_recurring else day
            self._take(line, line.is_recurring and valid_from)
            return
        cut = self._get_cut(day, line if line.is_recurring else None)
        if line.is_recurring and cut <= self._get_first_day():
            self._take(line, cut)
            return
        order_line = self.sale_line_id
        contract = self.contract_id
        self._end_version(cut)
        line._add_to(contract, line.is_recurring and cut, sale_line_id=order_line.id)

    def _add_to(self, contract, valid_from, **vals):
        """Add the line of an amendment to the contract that it amends."""
        self.ensure_one()
        content = self._prepare_content_copy_vals(keep_keys=True)
        contract.line_ids.create(
            contract._own([{**content, "valid_from": valid_from, **vals}])
        )

    def _get_first_day(self):
        start = self.date_start or self.contract_id.date_start
        return max(filter(None, (start, self.valid_from)))

    def _take(self, line, valid_from):
        """Take the content of another version of the line."""
        if canonical_json(self._get_content()) == canonical_json(line._get_content()):
            return
        self.step_ids.unlink()
        vals = line._prepare_content_copy_vals(keep_keys=True)
        self.write({**vals, "valid_from": valid_from})

    def _end_version(self, cut):
        """Let the line bill nothing from a day on; without a past it goes."""
        if not self.is_recurring or cut <= self._get_first_day():
            self.installment_ids.unlink()
            self.unlink()
            return
        self.step_ids.filtered(lambda step: step.date_from >= cut).unlink()
        self.write(
            {
                "valid_until": add(cut, days=-1),
                # The key stays with the line that goes on.
                "content_key": uuid.uuid4().hex,
            }
        )


def _get_terms(line):
    content = line._get_content()
    fields = content["fields"].items()
    terms = {name: value for name, value in fields if name not in WORDS}
    return canonical_json({**content, "fields": terms})


def _succeed(amendment, live):
    """Let the lines of an amendment take the place of those that are live.

    :param live: `{content key: (line, first day)}`, changed in place
    :return: the spans that end: list of (line, first day, last day)
    """
    day = amendment.date_effective
    theirs = {
        key: line
        for key, line in amendment._get_rows_by_key("line_ids").items()
        if line.is_recurring
    }
    spans = []
    for key, (line, first) in list(live.items()):
        successor = theirs.get(key)
        if successor and line._bills_like(successor):
            live[key] = successor, first
            continue
        cut = line._get_cut(day, successor, first)
        spans.append((line, first, add(cut, days=-1)))
        live[key] = successor, cut
    for key, line in theirs.items():
        live.setdefault(key, (line, day))
    for key in [key for key, (line, _first) in live.items() if not line]:
        del live[key]
    return spans
