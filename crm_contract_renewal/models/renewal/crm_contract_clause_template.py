from odoo import models


class CrmContractClauseTemplate(models.Model):
    _inherit = "crm.contract.clause.template"

    def _get_present_versions(self):
        """Return the version that the library offers now instead of each clause.

        A clause that has no newer version, or whose newer versions were all archived,
        is not in it. A search per generation, whatever the number of clauses.

        :return: `{clause: newer clause}`
        """
        found, following = {}, {template: template for template in self}
        # Archived generations lie in between.
        library = self.with_context(active_test=False)
        while following:
            newer = library.search(
                [("previous_version_id", "in", [t.id for t in following])],
                order="version, id",
            )
            # Of two that follow the same one, the later one counts.
            by_previous = {row.previous_version_id: row for row in newer}
            # Numbers that rise come to an end, whatever was imported.
            following = {
                by_previous[previous]: origin
                for previous, origin in following.items()
                if previous in by_previous
                and by_previous[previous].version > previous.version
            }
            found |= {
                origin: row.with_env(self.env)
                for row, origin in following.items()
                if row.active
            }
        return found
