import base64
import io
import json

from PIL import Image, ImageDraw

from ..tools.canonical import file_hash
from .common import ContractCommon

FACTS = {"ip": "192.0.2.7", "user_agent": "Test browser 1.0", "by": "link"}
PDF_LETTER = base64.b64encode(b"%PDF-1.4 letter of authority")


def draw(kind="PNG", size=(200, 60), text=b""):
    """Return the picture of a signature in base64."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).line((5, 5, 50, 40), "black", 3)
    result = io.BytesIO()
    image.save(result, kind)
    return base64.b64encode(result.getvalue() + text)


class SignatureCommon(ContractCommon):
    """A contract that waits to be signed, and one signatory of each side."""

    facts = FACTS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signatory.email = "sam@customer.example"
        cls.manager.email = "manager@supplier.example"

    def _request(self, user=None, contract=None, **vals):
        contract = contract or self._submit(self._create_contract(user))
        requests = contract.env["crm.contract.signature.request"]
        return requests.create({"contract_id": contract.id, **vals})

    def _send(self, *args, **vals):
        return self._request(*args, **vals).action_send()

    def _prepare_signatory(self, **vals):
        name = vals.get("name", "Extra")
        return {
            "side": "customer",
            "name": name,
            "email": f"{name.lower()}@customer.example",
            **vals,
        }

    def _side(self, request, side):
        """Return who signs for a side, as the doors get him."""
        return request.sudo().signatory_ids.filtered(lambda row: row.side == side)

    def _get_events(self, request):
        """Return the contents of the events since the request was sent (list of dict)."""
        events = self.env["crm.contract.event"].search(
            [("contract_id", "=", request.contract_id.id)], order="number"
        )
        contents = [json.loads(event.content) for event in events]
        kinds = [content["kind"] for content in contents]
        return contents[kinds.index("sent") :]

    def _sign_as(self, signatory, facts=None, **vals):
        request = signatory.request_id
        consent = file_hash(signatory._get_consent_text().encode())
        signatory.sudo()._sign(
            **{
                "name": signatory.name,
                "signature": draw(),
                "content_hash": request.content_hash,
                "text_sha256": request.text_sha256,
                "consent": consent,
                "code": None,
                "facts": facts or FACTS,
                **vals,
            }
        )
