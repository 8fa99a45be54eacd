from odoo import api, models

from .crm_contract_signatory import PENDING


class CrmContractSuccession(models.AbstractModel):
    """Our signatory leaves: another one signs who is named to, or people decide.

    To sign is no work that the next one in charge simply takes over.
    """

    _inherit = "crm.contract.succession"

    @api.model
    def _get_duties(self, users):
        signatories = self.env["crm.contract.signatory"].search(
            [("user_id", "in", users.ids), ("role", "=", "signer"),
             ("state", "in", ("draft", *PENDING))]
        )  # fmt: skip
        requests = self.env["crm.contract.signature.request"].search(
            [("user_id", "in", users.ids), ("state", "in", ("draft", "open"))]
        )
        return [
            *super()._get_duties(users),
            *self._list(signatories, "user_id", self.env._("Signature")),
            *self._list(requests, "user_id", self.env._("Signature request")),
        ]

    @api.model
    def _assign(self, duties, leaving, successor=None):
        signing = [
            duty for duty in duties if duty.record._name == "crm.contract.signatory"
        ]
        others = [duty for duty in duties if duty not in signing]
        done = super()._assign(others, leaving, successor)
        for duty in signing:
            follower = duty.record._follow(leaving, successor)
            if follower:
                done.append(duty._replace(record=follower))
        return done


class CrmContractSignatory(models.Model):
    _inherit = "crm.contract.signatory"

    def _follow(self, leaving, successor=None):
        """Let another user sign in the place of one who leaves (sudo).

        :param leaving: users who don't
        :param successor: user who is named to take over; one of those whom the type
            names without him
        :return: the new signatory; empty if nobody may, which somebody is told
        """
        self.ensure_one()
        users = successor or self.request_id.contract_id.type_id.signature_user_ids
        taken = self.request_id._get_signers().user_id
        for user in users - leaving - taken:
            follower = self._pass_on(user)
            if follower:
                return follower
        if self.user_id in leaving and self.state != "draft":
            self._tell_left()
        return self.browse()

    def _pass_on(self, user):
        """Let a user sign in the place of another one; return him, empty if he can't."""
        check = self.env["crm.contract.signature.check"]
        with self.env.cr.savepoint():
            if self.state == "draft":
                self.user_id = user
                return self
            vals = self._prepare_successor(user.name, user.email, None, None, None)
            follower = self.create([{**vals, "user_id": user.id, "lang": user.lang}])
            if not check._get_person_problems(follower, set()):
                self._give_way(follower, {"by": "backend"})
                return follower
            follower.unlink()
        return self.browse()

    def _tell_left(self):
        """Tell whoever asked that nobody signs for us in the place of one who left."""
        summary = self.env._("%s left and can't sign", self.name)
        if summary not in self.contract_id.activity_ids.mapped("summary"):
            self.request_id._tell_owner(
                summary,
                self.env._(
                    "Withdraw the signature request and send another one, with somebody "
                    "who signs for us."
                ),
                activity=True,
            )
