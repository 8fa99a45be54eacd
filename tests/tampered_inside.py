"""Seals files as somebody does who has the key of the server, or another one."""

import base64
import os

from odoo.addons.crm_contract.tools import seal, seal_key


def main(_env, files):
    """Return `{name: sealed file}`, all in base64.

    :param files: `{name: (file, whether with the key of the server)}`
    """
    secret = os.environ["CONTRACT_SEAL_PASSWORD"]
    ours = seal_key.read_key(os.environ["CONTRACT_SEAL_FILE"], secret)
    data = seal_key.make_key("Hafen GmbH", secret, 30)
    other = seal_key.load_key(data, secret.encode())
    return {
        name: base64.b64encode(
            seal.seal(base64.b64decode(file), ours if is_ours else other, "Signed")[0]
        ).decode()
        for name, (file, is_ours) in files.items()
    }
