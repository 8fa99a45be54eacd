from odoo import api, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    @api.model
    def _schedule_quietly(self, activities):
        """Create activities in one batch, without a mail for each.

        :param activities: list of (record, create values without the record)
        :return: the activities, in this order
        """
        models_ = self.env["ir.model"]
        return self.with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": models_._get_id(record._name),
                    "res_id": record.id,
                    "automated": True,
                    **vals,
                }
                for record, vals in activities
            ]
        )
