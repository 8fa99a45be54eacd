from datetime import date

from odoo import api, models
from odoo.tools.date_utils import add

from odoo.addons.crm_contract.tools.in_force import Agreed
from odoo.addons.crm_contract.tools.line_history import bills_alike, line_histories
from odoo.addons.crm_contract.tools.version import values_of

from .crm_contract_amendment import OWN_CONTENT


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
        versions = self.env["crm.contract.line.version"]
        # sudo: what the contract billed, and when it was suspended, for whoever drafts
        contract = self.origin_id.sudo()
        values = [
            memory._get_chain_value(
                lines._get_billed_of_chain(), memory[-1:]._get_pauses(contract)
            )
            for memory, lines in versions._get_drafted_pairs(self)
        ]
        if self._settles():
            differences = versions._get_differences(self)
            values += [(row.untaxed, row.total) for row in differences]
        return values


class CrmContractLineVersion(models.AbstractModel):
    """What amendments make of the lines of a contract, by the versions that are signed.

    A contract has a line for each of the terms on which one was billed, or is to be, one
    upon the other in time. They are made anew from the versions whenever an amendment
    takes effect: in which order amendments do makes no difference.
    """

    _name = "crm.contract.line.version"
    _description = "Lines of amended contracts"

    @api.model
    def _take(self, contract, agreed, amendment):
        """Let the lines of a contract be those of what is agreed.

        :param agreed: list of `Agreed`, see `tools.in_force`
        :param amendment: the one that takes effect: what a line has beside its content
        """
        theirs = amendment._get_rows_by_key("line_ids")
        histories = line_histories(
            with_beginning(agreed), contract.date_start, contract.date_end or None
        )
        self._adopt(contract, histories)
        mine = self._get_lines_by_key(contract)
        for key, history in histories.items():
            lines = mine.get(key, contract.line_ids.browse())
            lines._follow(contract, history, theirs.get(key))

    @api.model
    def _adopt(self, contract, histories):
        """Let lines that an earlier release cut off be those that they were before.

        What they billed must not be billed again.
        """
        for line, key in self._find_lost(contract, histories).items():
            line._join(contract.line_ids.filtered(lambda o, k=key: o.content_key == k))
            line.content_key = key

    @api.model
    def _find_lost(self, contract, histories):
        """Return lines that an earlier release cut off: {line: key that it had}.

        It gave them another key when an amendment replaced or removed them.
        """
        lines = contract.line_ids.filtered("is_recurring")
        known = contract.line_ids.filtered(lambda line: line.content_key in histories)
        chains, found = set(known.mapped("chain")), {}
        for line in lines.filtered(lambda line: line.chain not in chains):
            row = line._get_content()
            scores = {
                key: max((_resemble(row, s.source) for s in history.spans), default=0)
                for key, history in histories.items()
            }
            key = max(scores, key=scores.get, default=None)
            if key and scores[key]:
                found[line] = key
        return found

    @api.model
    def _get_lines_by_key(self, contract):
        """Return the lines of a contract with those before them: {key: lines}."""
        chains = contract.line_ids.grouped("chain")
        return {line.content_key: chains[line.chain] for line in contract.line_ids}

    @api.model
    def _get_drafted_pairs(self, amendment):
        """Return the chains that a contract has if a draft takes effect, and has now.

        :return: list of (lines in memory, lines of the contract); one of both is empty
            where a line is new, or nothing is left of it
        """
        # sudo: what both sides signed, for whoever drafts what comes next
        contract = amendment.origin_id.sudo()
        content = amendment._get_content()
        for number, row in enumerate(content["children"]["line_ids"]):
            # A line that is being added in a form.
            row["key"] = row["key"] or f"new-{number}"
        agreed = self._get_agreed(contract, amendment, content)
        histories = line_histories(
            agreed, amendment.date_start, amendment.date_end or None
        )
        mine = self._get_lines_by_key(contract)
        for line, key in self._find_lost(contract, histories).items():
            mine[key] = mine.get(key, line.browse()) | line
        chains = self._make_in_memory(amendment, content, histories)
        none = contract.line_ids.browse()
        pairs = [(lines, mine.get(key, none)) for key, lines in chains.items()]
        gone = contract.line_ids - none.union(*(lines for _memory, lines in pairs))
        return [*pairs, *((none, lines) for lines in gone._filter_chains())]

    @api.model
    def _get_agreed(self, contract, amendment, content):
        """Return what is agreed if a draft is signed last (list of `Agreed`)."""
        versions = self.env["crm.contract.version"].sudo()
        signed = versions.search(versions._get_agreed_domain(contract))
        agreed = (signed - amendment.version_id)._get_agreed()
        # A draft that is being made has no base yet.
        base = (
            amendment.base_version_id or contract._get_present_version()
        )._get_content()
        last = max((text.order for text in agreed), default=0) + 1
        day = amendment.date_effective or date.max
        return with_beginning([*agreed, Agreed(last, day, base, content)])

    @api.model
    def _make_in_memory(self, amendment, content, histories):
        """Return the lines of histories in memory: {key: lines in the order of days}."""
        spans = {
            f"{key}/{number}": span
            for key, history in histories.items()
            for number, span in enumerate(history.spans)
        }
        rows = [{**span.source, "key": name} for name, span in spans.items()]
        fields = {name: content["fields"][name] for name in content["fields"]}
        for name in OWN_CONTENT:
            fields.pop(name, None)
        memory = amendment._new_from_content(
            {"fields": fields, "children": {"line_ids": [*map(values_of, rows)]}}
        )
        chains = {}
        for line in memory.line_ids:
            span = spans[line.content_key]
            line.update({"valid_from": span.first, "valid_until": span.last})
            key = line.content_key.rpartition("/")[0]
            chains[key] = chains.get(key, line.browse()) | line
        return {
            key: lines.sorted(lambda line: line.valid_from or date.min)
            for key, lines in chains.items()
        }


def _resemble(row, other):
    """Return how much two contents of a line have in common, 0 for nothing (int)."""
    row, other = row["fields"], other["fields"]
    if row.get("product_id") != other.get("product_id"):
        return 0
    names = ("name", "price_unit", "quantity", "recurrence_unit", "discount")
    same = sum(row.get(name) == other.get(name) for name in names)
    return 1 + same if row.get("product_id") or same else 0


def with_beginning(agreed):
    """Return texts that begin with one that was agreed as a whole.

    A contract that was taken over may have no version of its own.
    """
    first = min(agreed, key=lambda text: text.order)
    if first.base is None:
        return agreed
    return [Agreed(first.order - 1, date.min, None, first.base), *agreed]


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _join(self, others):
        """Let the line be of the chain of others, but for days that both billed."""
        if not others:
            return
        rows = self.sudo().installment_ids
        theirs = self.search([("chain", "=", others[0].chain)]).sudo().installment_ids
        twice = rows.filtered(
            lambda row: any(
                row.period_start <= other.period_end
                and row.period_end >= other.period_start
                for other in theirs
            )
        )
        with self.env.protecting([rows._fields["chain"]], twice):
            self.chain = others[0].chain
            self.flush_recordset()
            rows.flush_recordset()

    def _follow(self, contract, history, other):
        """Let the lines of a key be what its history says of them.

        Lines that billed something keep the terms on which they did.

        :param history: `tools.line_history.History`
        :param other: the line in the amendment that takes effect, if it has it
        """
        targets = [(span.source, span.first, span.last) for span in history.spans]
        if history.row and not history.row["fields"].get("is_recurring"):
            targets.append((history.row, None, None))
        live = self._filter_content()
        unused, vacant = self, []
        for row, first, last in targets:
            line = unused.filtered(
                lambda line, row=row: bills_alike(line._get_content(), row)
            )[:1]
            unused -= line
            if line:
                line._hold(row, first, last)
            else:
                vacant.append((row, first, last))
        for row, first, last in vacant:
            line = unused.filtered(lambda line: not line._has_billed())[-1:]
            unused -= line
            if line:
                line._hold(row, first, last, other)
            else:
                (live[:1] or self[-1:])._add(contract, row, first, last, other)
        unused._give_way()

    def _hold(self, row, first, last, other=None):
        """Let the line be a content of it, on the days from first to last."""
        vals = {"valid_from": first or False, "valid_until": last or False}
        vals = {name: day for name, day in vals.items() if self[name] != day}
        if not self._says(row):
            self.step_ids.unlink()
            vals |= self._prepare_row_vals(row, other)
        if vals:
            self.write(vals)

    def _add(self, contract, row, first, last, other=None):
        """Add a line to a contract that goes on with the chain of this one, if any."""
        vals = {
            **self._prepare_row_vals(row, other),
            "valid_from": first or False,
            "valid_until": last or False,
        }
        if self:
            vals |= {"chain": self.chain, "sale_line_id": self.sale_line_id.id}
        contract.line_ids.create(contract._own([vals]))

    def _says(self, row):
        """Return whether the line has a content, words included."""
        mine = self._get_content()
        words = {
            name: row["fields"][name]
            for name in mine["fields"].keys() & row["fields"].keys()
        }
        return mine["fields"] | words == mine["fields"] and bills_alike(mine, row)

    def _prepare_row_vals(self, row, other=None):
        """Return the values of a line that has a content (dict).

        :param other: the line that what is no content comes from; this one without it
        """
        vals = self._prepare_new_vals(values_of(row))
        source = other or self
        return {**vals, "analytic_distribution": source.analytic_distribution}

    def _has_billed(self):
        """Return whether rows of the line are more than what it is to bill."""
        # sudo: what the ledger billed of the line
        rows = self.sudo().installment_ids
        return any(row.trigger != "period" or not row._is_open() for row in rows)

    def _give_way(self):
        """Let lines bill nothing any more; those that never did go."""
        for line in self:
            if line._has_billed():
                first = (
                    line.valid_from or line.date_start or line.contract_id.date_start
                )
                line.valid_until = add(first, days=-1)
            else:
                line.installment_ids.unlink()
                line.unlink()
