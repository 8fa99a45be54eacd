from odoo import api, models
from odoo.fields import Domain

from ..job.crm_contract_job import Step

# A file may take half a minute: they are locked, and committed, in small chunks.
CHUNK = 5


class CrmContractSearchJob(models.AbstractModel):
    """The job that reads the texts of files: annexes, signed copies, files of messages."""

    _name = "crm.contract.search.job"
    _inherit = "crm.contract.job"
    _description = "Read texts of contracts"

    @api.model
    def _get_steps(self):
        # sudo: files of all contracts, whoever tries again
        files = self.env["ir.attachment"].sudo()
        return [
            *super()._get_steps(),
            Step(
                "file_text",
                self.env._("Read the texts of files"),
                files,
                lambda: (
                    files._get_contract_text_domain()
                    & Domain("contract_text", "=", False)
                    # Else files of fields are left out.
                    & Domain("id", ">", 0)
                ),
                lambda file: file._read_contract_text(),
                chunk=CHUNK,
            ),
        ]
