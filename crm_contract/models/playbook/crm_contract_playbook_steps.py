from odoo import models

from ...tools.reading import reading

_MOST_QUOTED = 300


class CrmContractPlaybookRule(models.Model):
    """How far clauses are from the library: its entry, fallback 1, fallback 2 …"""

    _inherit = "crm.contract.playbook.rule"

    def _get_ladder(self):
        """Return the library entry and its fallbacks, each with its former versions."""
        entries = [self.clause_id, *self.clause_id.alternate_ids.sorted()]
        return [_with_former(entry) for entry in entries]

    def _judge_steps(self, contract):
        """Return which clauses are too far: list of (message, quotation, field)."""
        ladder = self._get_ladder()
        known = ladder[0].union(*ladder)
        clauses = contract.clause_ids.filtered(lambda row: row.template_id in known)
        if not clauses:
            clauses = contract.clause_ids.filtered(
                lambda row: (
                    not row.template_id
                    and row.category_id == self.clause_id.category_id
                )
            )
        found = []
        for clause in clauses.sorted():
            step = self._get_step(clause, ladder)
            if step is None or step > self.max_steps:
                quote = reading(clause.body or "", True).strip()[:_MOST_QUOTED]
                message = self._describe_step(clause, step, ladder)
                found.append((message, quote, f"{clause.part}_clause_ids"))
        return found

    def _get_step(self, clause, ladder):
        """Return how many steps a clause is from the library (int), None for its own."""
        if not clause._has_library_text():
            return None
        return next(
            (
                step
                for step, entries in enumerate(ladder)
                if clause.template_id in entries
            ),
            None,
        )

    def _describe_step(self, clause, step, ladder):
        allowed = ", ".join(
            entries[0].display_name for entries in ladder[: self.max_steps + 1]
        )
        if step is None:
            return self.env._(
                "“%(clause)s” has a wording of its own. Use one of: %(allowed)s.",
                clause=clause.name,
                allowed=allowed,
            )
        return self.env._(
            "“%(clause)s” is fallback %(step)s. Use one of: %(allowed)s.",
            clause=clause.name,
            step=step,
            allowed=allowed,
        )


class CrmContractClauseTemplate(models.Model):
    _inherit = "crm.contract.clause.template"

    def _replace_by(self, successor):
        """Let rules follow the new version."""
        result = super()._replace_by(successor)
        # sudo: who may make versions may not be who keeps the playbook
        rules = self.env["crm.contract.playbook.rule"].sudo()
        rules = rules.with_context(active_test=False)
        rules.search([("clause_id", "in", self.ids)]).clause_id = successor
        return result


def _with_former(entry):
    """Return an entry of the library and the versions before it, the newest first."""
    found = entry
    while entry.previous_version_id and entry.previous_version_id not in found:
        entry = entry.previous_version_id
        found |= entry
    return found
