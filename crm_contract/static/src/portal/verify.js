import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";
import {_t} from "@web/core/l10n/translation";

// What a browser takes the fingerprint of at once, it has in memory.
const MOST_BYTES = 500 * 1024 * 1024;

/** Takes the SHA-256 of a file in the browser: only that goes to the server. */
export class ContractVerify extends Interaction {
    static selector = ".o_contract_verify";
    dynamicContent = {
        "#contract_file": {"t-on-change": this.onChange},
    };

    async start() {
        // Whoever is quicker than the page chose a file already.
        await this.onChange();
    }

    async onChange() {
        const file = this.el.querySelector("#contract_file").files[0];
        if (!file) {
            return;
        }
        const refusal = this.getRefusal(file);
        const note = this.el.querySelector("#contract_file_note");
        note.textContent = refusal;
        note.classList.toggle("d-none", !refusal);
        if (refusal) {
            return;
        }
        const digest = await this.waitFor(this.takeDigest(file));
        const code = this.el.querySelector("#contract_code");
        code.value = digest;
        code.form.submit();
    }

    getRefusal(file) {
        if (!window.crypto || !window.crypto.subtle) {
            return _t(
                "Your browser takes fingerprints on secure pages (https) only. Enter the SHA-256 of the file below instead.",
            );
        }
        if (file.size > MOST_BYTES) {
            return _t(
                "The file is too large for the browser. Enter its SHA-256 below instead.",
            );
        }
        return "";
    }

    async takeDigest(file) {
        const bytes = await file.arrayBuffer();
        const digest = await window.crypto.subtle.digest("SHA-256", bytes);
        return [...new Uint8Array(digest)]
            .map((byte) => byte.toString(16).padStart(2, "0"))
            .join("");
    }
}

registry.category("public.interactions").add("crm_contract.verify", ContractVerify);
