import {Component, onMounted, useState} from "@odoo/owl";
import {NameAndSignature} from "@web/core/signature/name_and_signature";
import {_t} from "@web/core/l10n/translation";
import {post} from "@web/core/network/http_service";
import {registry} from "@web/core/registry";

const FAILED = () =>
    _t("Nothing was stored: the server did not answer. Please try again.");

/** Send a form to the server; the answer has `done` or `error`. */
export async function send(path, values = {}) {
    try {
        return await post(path, {...values, csrf_token: odoo.csrf_token});
    } catch {
        return {error: FAILED()};
    }
}

/** Name, signature, consent and code of a signatory. */
export class ContractSigningForm extends Component {
    static template = "crm_contract.SigningForm";
    static components = {NameAndSignature};
    static props = {
        path: String,
        name: String,
        contentHash: String,
        textSha256: String,
        consent: String,
        consentHash: String,
        needsCode: Boolean,
    };

    setup() {
        this.state = useState({
            // The input of the name takes the focus: it has to wait until the text above
            // was read.
            open: false,
            agreed: false,
            code: "",
            codeNote: "",
            error: "",
            busy: false,
        });
        this.signature = useState({
            name: this.props.name,
            getSignatureImage: () => "",
            resetSignature: () => {},
            isSignatureEmpty: true,
        });
    }

    get isReady() {
        return (
            !this.state.busy &&
            this.state.agreed &&
            this.signature.name &&
            !this.signature.isSignatureEmpty &&
            (!this.props.needsCode || this.state.code.trim())
        );
    }

    async sendCode() {
        const answer = await send(`${this.props.path}/code`);
        this.state.codeNote =
            answer.error ||
            _t("The code is on its way to your mailbox. It is valid for ten minutes.");
    }

    async sign() {
        this.state.busy = true;
        this.state.error = "";
        const answer = await send(`${this.props.path}/sign`, {
            name: this.signature.name,
            signature: this.signature.getSignatureImage().split(",")[1] || "",
            content_hash: this.props.contentHash,
            text_sha256: this.props.textSha256,
            consent: this.state.agreed ? this.props.consentHash : "",
            code: this.state.code,
        });
        if (answer.done) {
            window.location.assign(this.props.path);
        } else {
            this.state.error = answer.error || FAILED();
            this.state.busy = false;
        }
    }
}

registry
    .category("public_components")
    .add("crm_contract.signing_form", ContractSigningForm);
