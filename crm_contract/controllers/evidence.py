import json

from werkzeug.exceptions import NotFound

from odoo.http import Controller, content_disposition, request, route


class ContractEvidence(Controller):
    """What proves a contract, to be taken away and checked elsewhere."""

    @route("/contract/evidence/<int:contract_id>", type="http", auth="user")
    def evidence(self, contract_id):
        """Events, texts and the hashes of the files of a contract, as JSON."""
        contract = self._get_contract(contract_id)
        evidence = request.env["crm.contract.evidence"]._export(contract)
        text = json.dumps(evidence, ensure_ascii=False, indent=1)
        return self._download(
            text, f"{contract._get_print_name()}.json", "application/json"
        )

    @route("/contract/evidence/<int:contract_id>/archive", type="http", auth="user")
    def archive(self, contract_id):
        """The same with all files and the program that verifies them, as ZIP."""
        contract = self._get_contract(contract_id)
        data = request.env["crm.contract.evidence"]._export_archive(contract)
        return self._download(
            data, f"{contract._get_print_name()}.zip", "application/zip"
        )

    @route("/contract/evidence/verify_contract.py", type="http", auth="public")
    def script(self):
        """The program that verifies: everybody may have it, it holds nothing."""
        script = request.env["crm.contract.evidence"]._get_script()
        return self._download(script, "verify_contract.py", "text/x-python")

    def _get_contract(self, contract_id):
        """Return the contract if the user may read it."""
        contract = request.env["crm.contract"].browse(contract_id).exists()
        # Whether there is one is nobody's business who may not read it.
        if not contract or not contract.has_access("read"):
            raise NotFound
        request.env["crm.contract.access"]._note(contract, "downloaded", minutes=1)
        return contract

    def _download(self, data, name, mimetype):
        return request.make_response(
            data,
            [
                ("Content-Type", mimetype),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
