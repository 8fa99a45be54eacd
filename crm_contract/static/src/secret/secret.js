import {Component, onWillStart, onWillUnmount, useState} from "@odoo/owl";

import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

// Long enough to copy a number, too short to be left open.
const SHOWN = 30000;
// Others are refused by the server.
const REVEAL = "crm_contract.crm_contract_group_reveal";

/** A protected value: its mask, an eye that reveals it, and a pencil to replace it. */
export class ContractSecret extends Component {
    static template = "crm_contract.Secret";
    static props = {...standardFieldProps, isLong: {type: Boolean, optional: true}};

    setup() {
        this.orm = useService("orm");
        this.state = useState({text: "", isEditing: false});
        onWillStart(async () => {
            this.mayReveal = await user.hasGroup(REVEAL);
        });
        onWillUnmount(() => this.hide());
        useRecordObserver((record) => {
            // Another record, or another value: nothing of this one is left.
            const seen = `${record.resId} ${record.data[this.props.name]}`;
            if (seen !== this.seen) {
                this.seen = seen;
                this.hide();
            }
        });
    }

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    get isMask() {
        return this.value.startsWith("••••");
    }

    get canReveal() {
        return (
            this.mayReveal && this.isMask && this.props.record.resId && !this.state.text
        );
    }

    get isInput() {
        return !this.props.readonly && (!this.isMask || this.state.isEditing);
    }

    get titles() {
        return {
            reveal: _t("Reveal; it is recorded"),
            hide: _t("Hide"),
            replace: _t("Replace"),
            remove: _t("Remove"),
        };
    }

    async reveal() {
        const {resModel, resId} = this.props.record;
        const text = await this.orm.call(resModel, "reveal", [
            [resId],
            this.props.name,
        ]);
        this.state.text = text;
        this.timer = setTimeout(() => this.hide(), SHOWN);
    }

    hide() {
        clearTimeout(this.timer);
        this.state.text = "";
        this.state.isEditing = false;
    }

    edit() {
        this.hide();
        this.state.isEditing = true;
    }

    async change(value) {
        // Nothing typed over a mask leaves what is there.
        if (value || !this.isMask) {
            await this.props.record.update({[this.props.name]: value || false});
        }
        this.state.isEditing = false;
    }

    async remove() {
        this.hide();
        await this.props.record.update({[this.props.name]: false});
    }
}

export const contractSecret = {
    component: ContractSecret,
    supportedTypes: ["char", "text"],
    extractProps: ({options}) => ({isLong: Boolean(options.long)}),
};

registry.category("fields").add("contract_secret", contractSecret);
