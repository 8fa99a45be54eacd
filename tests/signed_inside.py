"""Signs contracts by request, as its signatories do on their pages."""

import base64
import io

from PIL import Image, ImageDraw

from odoo.addons.crm_contract.tools.canonical import file_hash

FACTS = {"ip": "192.0.2.7", "user_agent": "Black box", "by": "link"}


def main(env, contract_ids):
    """Let both sides sign; return `{contract id: id of the signed document}`."""
    documents = {}
    for contract in env["crm.contract"].browse(contract_ids):
        request = env["crm.contract.signature.request"].create(
            {"contract_id": contract.id}
        )
        for signatory in request.signatory_ids:
            if not signatory.email:
                signatory.email = f"signatory{signatory.id}@nordlicht.example.com"
        request.action_send()
        for signatory in request.signatory_ids.sorted("sequence"):
            _sign(signatory, request)
        documents[contract.id] = request.document_id.id
        env.cr.commit()
    return documents


def _sign(signatory, request):
    signatory._open(FACTS)
    signatory._read(FACTS)
    consent = file_hash(signatory._get_consent_text().encode())
    signatory._sign(
        signatory.name,
        _draw(),
        request.content_hash,
        request.text_sha256,
        consent,
        None,
        FACTS,
    )


def _draw():
    result, image = io.BytesIO(), Image.new("RGB", (200, 60), "white")
    ImageDraw.Draw(image).line((5, 5, 90, 40), "black", 3)
    image.save(result, "PNG")
    return base64.b64encode(result.getvalue())
