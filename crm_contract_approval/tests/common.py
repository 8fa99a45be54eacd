from contextlib import contextmanager, nullcontext

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.crm_contract.tests.common import ContractCommon

GROUP = "crm_contract_approval.crm_contract_approval_group_"


@tagged("post_install", "-at_install")
class ApprovalCommon(ContractCommon):
    """A policy of two steps, two lawyers, an executive, an approval administrator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lawyer = cls._create_user("contract_lawyer", f"{GROUP}legal")
        cls.lawyer2 = cls._create_user("contract_lawyer2", f"{GROUP}legal")
        cls.boss = cls._create_user("contract_boss", f"{GROUP}executive")
        cls.approval_manager = cls._create_user(
            "contract_approval_manager", f"{GROUP}manager"
        )
        cls.policy = cls.env["crm.contract.approval.policy"].create(
            {
                "name": "Test policy",
                "sequence": -10,
                "company_id": cls.company.id,
                "hand_over_to": "any",
                "step_ids": [
                    Command.create(
                        {
                            "name": "Legal",
                            "user_ids": [Command.set((cls.lawyer | cls.lawyer2).ids)],
                            "reapproval": "changed",
                            "concern_amount": False,
                            "concern_lines": False,
                        }
                    ),
                    Command.create(
                        {
                            "name": "Executive",
                            "user_ids": [Command.set(cls.boss.ids)],
                            "days": 5,
                        }
                    ),
                ],
            }
        )
        cls.legal, cls.executive = cls.policy.step_ids

    def _send(self, **vals):
        """Return a contract in review, submitted by the user of the lowest right."""
        contract = self._submit(self._create_contract(**vals))
        self.assertEqual(contract.state, "review")
        return contract

    def _delegate(self, user, deputy, begin=0, end=5, by=None, answer="accept"):
        """Return a delegation, as it is after the deputy answered.

        One that begins in the past was made then.
        """
        model = self.env["crm.contract.approval.delegation"].with_user(by or user)
        with freeze_time(self._days(min(begin, 0))) if begin < 0 else nullcontext():
            row = model.create(
                {
                    "user_id": user.id,
                    "deputy_id": deputy.id,
                    "date_from": self._days(begin),
                    "date_to": self._days(end),
                }
            )
            if answer and row.answer == "asked":
                getattr(row.with_user(deputy), f"action_{answer}")()
        return row

    def _task(self, contract):
        return contract.sudo().approval_task_id.sudo(False)

    def _open_decide(self, contract, user, decision="approve", **vals):
        """Open the dialog as a user does from the form of the contract."""
        model = self.env["crm.contract.decide"].with_user(user)
        return model.with_context(
            active_model="crm.contract",
            active_ids=contract.ids,
            shown_hash=contract.sudo().content_hash,
        ).create({"decision": decision, **vals})

    def _decide(self, contract, user, decision="approve", **vals):
        return self._open_decide(contract, user, decision, **vals).action_decide()

    def _approve_all(self, contract):
        self._decide(contract, self.lawyer)
        self._decide(contract, self.boss)
        self.assertEqual(contract.state, "to_sign")
        return contract

    @contextmanager
    def _refused(self, text="", error=UserError):
        with self.assertRaisesRegex(error, text), self.env.cr.savepoint():
            yield

    def _certify(self, what, contract):
        """Return what the certificate says of a contract."""
        certificate = contract.env["crm.contract.approval.certificate"]
        return getattr(certificate, f"_get_{what}")(contract)

    def _decisions(self, contract):
        reviews = contract.sudo().review_ids.sorted("id")
        return reviews.mapped("decision")
