import {useState} from "@odoo/owl";

import {ListSectionAndNoteText} from "@account/components/section_and_note_fields_backend/section_and_note_fields_backend";
import {formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {ListTextField} from "@web/views/fields/text/text_field";
import {ViewButton} from "@web/views/view_button/view_button";

const DETAILS = ["scope", "service_standard"];

/** Description of a line of a contract; below it, scope, standard and days. */
export class ContractLineText extends ListSectionAndNoteText {
    static template = "crm_contract.LineText";
    static components = {ListTextField, ViewButton};

    setup() {
        super.setup();
        this.state = useState({isExpanded: false});
    }

    get details() {
        const {data, fields} = this.props.record;
        if (data.display_type) {
            return [];
        }
        return DETAILS.map((name) => ({
            name,
            label: fields[name].string,
            text: data[name] || "",
        }));
    }

    get shownDetails() {
        return this.details.filter((detail) => detail.text);
    }

    /** Since when and until when the line holds, if an amendment changed it. */
    get days() {
        const {valid_from: from, valid_until: until} = this.props.record.data;
        return from || until
            ? `${from ? formatDate(from) : ""} – ${until ? formatDate(until) : ""}`
            : "";
    }

    get isRecurring() {
        const {display_type: isText, is_recurring: isRecurring} =
            this.props.record.data;
        return isRecurring && !isText;
    }

    /** How the fee recurs, as the contract prints it. */
    get recurrence() {
        return this.props.record.data.recurrence_text || this.recurrenceTitle;
    }

    get recurrenceTitle() {
        return _t("Period, term and price steps");
    }

    get recurrenceParams() {
        return {type: "object", name: "action_open_recurrence"};
    }

    toggle() {
        this.state.isExpanded = !this.state.isExpanded;
    }
}

export const contractLineText = {
    component: ContractLineText,
    additionalClasses: ["o_field_text"],
    supportedTypes: ["text"],
    fieldDependencies: [
        {name: "display_type", type: "selection"},
        {name: "is_recurring", type: "boolean"},
        {name: "recurrence_text", type: "char"},
        {name: "valid_from", type: "date"},
        {name: "valid_until", type: "date"},
        ...DETAILS.map((name) => ({name, type: "text", readonly: false})),
    ],
};

registry.category("fields").add("list.contract_line_text", contractLineText);
