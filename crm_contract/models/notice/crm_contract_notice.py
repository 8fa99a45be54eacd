from odoo import api, models
from odoo.tools import format_date

# What a state that a contract has come to is to its followers
STATE_SUBTYPES = {
    "review": "crm_contract.mt_contract_submitted",
    "to_sign": "crm_contract.mt_contract_approved",
    "signed": "crm_contract.mt_contract_signed",
    "running": "crm_contract.mt_contract_running",
    "ended": "crm_contract.mt_contract_ended",
}


class CrmContractNotice(models.AbstractModel):
    """News of contracts, told to those who follow that kind of news."""

    _name = "crm.contract.notice"
    _description = "News of contracts"

    @api.model
    def _tell(self, texts, subtype_xmlid):
        """Post what happened on contracts, where somebody follows such news.

        Where nobody does, nothing is written: the cost is that of one query.

        :param texts: `{contract: sentence}`
        :param subtype_xmlid: what to follow, a `mail.message.subtype` of contracts
        :return: the messages
        """
        # sudo: a definition, and who follows what
        subtype = self.env.ref(subtype_xmlid).sudo()
        followed = {
            res_id
            for (res_id,) in self.env["mail.followers"]
            .sudo()
            ._read_group(
                [
                    ("res_model", "=", "crm.contract"),
                    ("res_id", "in", [contract.id for contract in texts]),
                    ("subtype_ids", "in", subtype.ids),
                ],
                ["res_id"],
            )
        }
        messages = self.env["mail.message"]
        for contract, text in texts.items():
            if contract.id in followed:
                # sudo: who bills, or the daily job, may not write on the contract
                messages |= contract.sudo().message_post(
                    body=text, subtype_id=subtype.id, message_type="notification"
                )
        return messages


class CrmContract(models.Model):
    _inherit = "crm.contract"

    def _track_subtype(self, initial_values):
        """Say which subtype a change of the state has, for its followers."""
        self.ensure_one()
        if "state" in initial_values and self.state in STATE_SUBTYPES:
            return self.env.ref(STATE_SUBTYPES[self.state])
        return super()._track_subtype(initial_values)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft)
        texts = {}
        # sudo: which contract an invoice is of, whoever posts it
        for move in posted.sudo():
            if move.contract_id and move.move_type == "out_invoice":
                text = self.env._(
                    "Invoice %(number)s: %(amount)s.",
                    number=move.name,
                    amount=move.currency_id.format(move.amount_total),
                )
                known = texts.get(move.contract_id)
                texts[move.contract_id] = f"{known} {text}" if known else text
        if texts:
            self.env["crm.contract.notice"]._tell(
                texts, "crm_contract.mt_contract_billed"
            )
        return posted


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _advance_overdue(self):
        super()._advance_overdue()
        if self.is_overdue:
            text = self.env._(
                "%(amount)s of “%(name)s” is overdue since %(day)s.",
                amount=self.currency_id.format(self.amount_overdue),
                name=self.name,
                day=format_date(self.env, self.date_maturity),
            )
            self.env["crm.contract.notice"]._tell(
                {self.contract_id: text}, "crm_contract.mt_contract_overdue"
            )


class CrmContractDispute(models.Model):
    _inherit = "crm.contract.dispute"

    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        texts = {
            contract: self.env._(
                "In dispute: %s.", ", ".join(mine.mapped("display_name"))
            )
            for contract, mine in disputes.grouped("contract_id").items()
        }
        self.env["crm.contract.notice"]._tell(
            texts, "crm_contract.mt_contract_disputed"
        )
        return disputes
