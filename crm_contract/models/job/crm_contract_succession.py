from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain


class Duty(NamedTuple):
    """What somebody is responsible for: a record, and the field that says so.

    `contract` decides on who may take it over, empty for what belongs to no contract;
    `label` is what it is, as people read it (str). Without a field (""), it is told
    alone.
    """

    record: models.BaseModel
    field: str
    contract: models.BaseModel
    label: str


class CrmContractSuccession(models.AbstractModel):
    """Who takes over contracts, reminders and obligations of somebody who leaves.

    The next one in charge of each contract does, unless somebody is named who may.
    """

    _name = "crm.contract.succession"
    _description = "Hand over what somebody is responsible for"

    @api.model
    def _hand_over(self, users, successor=None):
        """Hand over what users are responsible for.

        :param successor: user who takes over what he may; the next one in charge takes
            the rest
        :return: the duties that somebody else has now (list of `Duty`)
        """
        if not users:
            return []
        # sudo: whoever archives a user need not see his contracts
        return self.sudo()._assign(self.sudo()._get_duties(users), users, successor)

    @api.model
    def _assign(self, duties, leaving, successor=None):
        """Give each duty to the successor, or to the next one in charge.

        :param leaving: users who take none of them
        :return: the duties that somebody else has now (list of `Duty`)
        """
        found = {}
        for duty in duties:
            user = self._find_successor(duty, leaving, successor)
            if user and user != duty.record[duty.field]:
                found.setdefault((user, duty.field, duty.record._name), []).append(duty)
        for (user, field, _model), mine in found.items():
            records = mine[0].record.union(*(duty.record for duty in mine))
            # One mail for each would say the same; the dialog, or the log, says it.
            records.with_context(mail_activity_quick_update=True).write(
                {field: user.id}
            )
        return [duty for mine in found.values() for duty in mine]

    @api.model
    def _find_successor(self, duty, leaving, successor):
        """Return who takes over a duty (user, none if nobody is there)."""
        contract = duty.contract
        if successor and contract and contract._is_readable_by(successor):
            return successor
        return contract._get_person_in_charge(leaving) if contract else leaving.browse()

    @api.model
    def _get_duties(self, users):
        """Return what users are responsible for, and is not over (list of `Duty`).

        Extended by satellites.
        """
        open_states = ("draft", "review", "to_sign", "signed", "running", "suspended")
        contracts = self.env["crm.contract"].search(
            [("user_id", "in", users.ids), ("state", "in", open_states)]
        )
        milestones = self.env["crm.contract.milestone"].search(
            [
                ("user_id", "in", users.ids),
                ("date_done", "=", False),
                ("contract_id.state", "in", open_states),
            ]
        )
        return [
            *self._list(contracts, "user_id", self.env._("Contract")),
            *self._list(milestones, "user_id", self.env._("Obligation")),
            *self._get_activity_duties(users),
        ]

    @api.model
    def _list(self, records, field, label):
        """Return a duty for each record (list of `Duty`)."""
        return [
            Duty(record, field, self._get_contract(record), label) for record in records
        ]

    @api.model
    def _get_contract(self, record):
        if record._name == "crm.contract":
            return record
        if record._name == "mail.activity":
            record = self.env[record.res_model].browse(record.res_id).exists()
            return self._get_contract(record)
        if "contract_id" in record._fields:
            return record.contract_id
        return self.env["crm.contract"]

    @api.model
    def _get_activity_duties(self, users):
        activities = self.env["mail.activity"].search(
            self._get_activity_domain() & Domain("user_id", "in", users.ids)
        )
        return self._list(activities, "user_id", self.env._("Reminder"))

    @api.model
    def _get_activity_domain(self):
        """Return the domain of activities that somebody else can take over."""
        return Domain("res_model", "in", ("crm.contract", "crm.contract.milestone"))
