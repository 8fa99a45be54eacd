import {Interaction} from "@web/public/interaction";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {send} from "./signing_form";

/** Tells the server that the page is open, and that the end of the text was shown. */
export class ContractSigning extends Interaction {
    static selector = ".o_contract_signing[data-path]";
    dynamicContent = {
        ".o_contract_send_code": {"t-on-click.prevent": this.sendCode},
    };

    setup() {
        this.path = this.el.dataset.path;
        send(`${this.path}/opened`);
        const end = this.el.querySelector(".o_contract_end");
        if (!end) {
            return;
        }
        const observer = new IntersectionObserver((entries) => {
            if (entries.some((entry) => entry.isIntersecting)) {
                observer.disconnect();
                send(`${this.path}/read`);
            }
        });
        observer.observe(end);
        this.registerCleanup(() => observer.disconnect());
    }

    async sendCode() {
        const answer = await this.waitFor(send(`${this.path}/code`));
        for (const note of this.el.querySelectorAll(".o_contract_code_note")) {
            note.textContent =
                answer.error || _t("The code is on its way to your mailbox.");
        }
    }
}

registry.category("public.interactions").add("crm_contract.signing", ContractSigning);
