from odoo import api, models
from odoo.exceptions import UserError

# Of a page that somebody still reads, who signed or waits for others to do so.
READING = ("waiting", "invited", "opened", "signed")


class CrmContractPortal(models.AbstractModel):
    """What the signing page tells, as plain values."""

    _inherit = "crm.contract.portal"

    @api.model
    def _identify(self, signatory, user):
        """Return how the server knows that a visitor with the key is the signatory.

        :param user: who is logged in
        :return: "login" or "link", as `crm.contract.signatory` takes it
        :raise UserError: one of us who is somebody else
        """
        if signatory._is_user(user):
            return "login"
        if user._is_internal():
            raise UserError(
                self.env._(
                    "This page is for %(name)s, and you are logged in as %(user)s. Nobody"
                    " signs for somebody else.",
                    name=signatory.name,
                    user=user.name,
                )
            )
        return "link"

    @api.model
    def _get_signing_page(self, signatory):
        """Return what the signing page tells a signatory (sudo).

        Of a request that is void, the reason alone: nothing of its text.

        :return: dict
        """
        request, contract = signatory.request_id, signatory.contract_id
        refusal = signatory._get_refusal()
        is_open = request.state in ("open", "done") and self._is_shown(contract)
        page = {
            "id": signatory.id,
            "name": signatory.name,
            "refusal": refusal,
            "state": signatory.state,
            "date_signed": signatory.date_signed,
            "is_done": request.state == "done",
            "contract": contract.number or contract.name,
            "company": contract.company_id,
            "contact": request.user_id.name or "",
            "text": None,
        }
        if is_open and signatory.state in READING:
            page |= self._describe_offer(signatory, refusal)
        return page

    @api.model
    def _describe_offer(self, signatory, refusal):
        """Return what is signed, and what its page hands back: of the version alone."""
        request, contract = signatory.request_id, signatory.contract_id
        content = request.version_id._get_content()
        fields = content["fields"]
        return {
            "title": fields.get("name") or "",
            "currency": contract.currency_id,
            "lang": contract._get_print_lang(),
            "text": self._describe_text(contract, content),
            "plan": self._describe_signed_plan(contract, content),
            "duties": self._describe_duties(contract, content),
            # What is asked for once it is signed stands on the page of the contract.
            "confirmations": [],
            "files": [
                {"id": file.id, "name": file.name, "sha256": file.sha256}
                for file in self._get_signing_files(signatory)
            ],
            "others": self._describe_signatories(request),
            "note": request.note or "",
            "date_expiry": request.date_expiry,
            "form": not refusal and self._describe_form(signatory),
        }

    @api.model
    def _describe_form(self, signatory):
        request = signatory.request_id
        return {
            "name": signatory.name,
            "content_hash": request.content_hash,
            "text_sha256": request.text_sha256,
            "consent": signatory._get_consent_text(),
            "consent_hash": signatory._get_consent_hash(),
            "needs_code": signatory.needs_code,
            "needs_letter": signatory.contract_id.type_id.signature_needs_letter,
        }

    @api.model
    def _describe_signed_plan(self, contract, content):
        """Return the rows of the payment plan of a version: name, due, amount.

        It is read from what is signed, whatever the ledger made of it since.
        """
        milestones = {
            row["key"]: row["fields"].get("name")
            for row in content["children"].get("milestone_ids", ())
        }
        rows = []
        for row in content["children"].get("installment_ids", ()):
            values = row["fields"]
            rows.append(
                {
                    "sequence": values.get("sequence") or 0,
                    "name": values.get("name") or "",
                    "due": self._get_due(values, milestones),
                    "amount": values.get("amount:read") or 0.0,
                    "is_retention": values.get("is_retention"),
                }
            )
        return sorted(rows, key=lambda row: row["sequence"])

    @api.model
    def _get_due(self, values, milestones):
        model = self.env["crm.contract.installment"]
        names = ("trigger", "date", "days")
        row = model.new({name: values.get(name) for name in names})
        name = milestones.get(values.get("milestone_id"))
        if name:
            row.milestone_id = self.env["crm.contract.milestone"].new({"name": name})
        return row._get_due_text()

    @api.model
    def _get_signing_files(self, signatory):
        """Return the files that a signatory gets: signed, text of the version, annexes."""
        request = signatory.request_id
        annexes = request.contract_id.document_ids.filtered(
            lambda row: row.kind == "annex"
        )
        return request.document_id | request.text_id | annexes

    @api.model
    def _describe_signatories(self, request):
        """Return who signs, on which side, and whether he did: no addresses."""
        return [
            {
                "name": row.signed_name or row.name,
                "is_theirs": row.side == "customer",
                "state": row.state,
                "date": row.date_signed,
            }
            for row in request._get_signers()
        ]
