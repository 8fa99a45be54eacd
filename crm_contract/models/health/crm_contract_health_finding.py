from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.records import one


class CrmContractHealthFinding(models.Model):
    """A record that a scan found to be wrong, until a later one finds it right."""

    _name = "crm.contract.health.finding"
    _description = "Finding of a health scan"
    _order = "id desc"
    _rec_name = "reason"

    scan = fields.Char(required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    record_name = fields.Char(string="Record", compute="_compute_record_name")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    reason = fields.Text(required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)

    _record_uniq = models.UniqueIndex("(scan, res_id)", "It was found already.")

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for finding in self:
            # sudo: the name alone; opening the record asks for access to it
            record = finding.sudo()._get_record()
            finding.record_name = record.display_name or finding.res_model

    def action_open_record(self):
        """Open the record that is wrong."""
        one(self)
        return self._get_record()._get_records_action()

    def _get_record(self):
        """Return the record, empty if it, or its model, is gone."""
        self.ensure_one()
        if self.res_model not in self.env:
            return self.browse()
        return self.env[self.res_model].browse(self.res_id).exists()

    @api.model
    def _note(self, scan, records, reasons):
        """Keep what a scan found among records, and forget what is right again.

        :param reasons: `{record: reason}` of those that are wrong
        """
        known = self.search([("scan", "=", scan), ("res_id", "in", records.ids)])
        by_id = {row.res_id: row for row in known}
        today = fields.Date.context_today(self)
        wrong = {record.id for record in reasons}
        known.filtered(lambda row: row.res_id not in wrong).unlink()
        for record, reason in reasons.items():
            if record.id in by_id:
                by_id[record.id].reason = reason
        self.create(
            [
                {
                    "scan": scan,
                    "res_model": record._name,
                    "res_id": record.id,
                    "company_id": record.company_id.id,
                    "reason": reason,
                    "date": today,
                }
                for record, reason in reasons.items()
                if record.id not in by_id
            ]
        )

    @api.model
    def _select(self, scan, model):
        """Return the query of the records that a scan found and that are still there."""
        return SQL(
            "SELECT f.id, f.company_id FROM crm_contract_health_finding f"
            " JOIN %s t ON t.id = f.res_id WHERE f.scan = %s",
            SQL.identifier(self.env[model]._table),
            scan,
        )
