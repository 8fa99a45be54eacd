import {Component, useRef, useState} from "@odoo/owl";

import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

// How long a field may take to be drawn after a page was turned to.
const FRAMES = 10;
// What was known on submission is shown until both sides have signed.
const SUBMITTED = ["review", "to_sign"];

/** What speaks against submitting a draft; each item opens where it is mended. */
export class ContractChecklist extends Component {
    static props = {...standardWidgetProps};
    static template = "crm_contract.Checklist";

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.root = useRef("root");
        this.state = useState({items: [], isDraft: true});
        useRecordObserver((record) => this.load(record));
    }

    /** The items in the order in which they matter. */
    get groups() {
        const {items, isDraft} = this.state;
        const told = isDraft ? "told" : "known";
        return [
            {key: "refused", items: items.filter((item) => item.refuses)},
            {key: told, items: items.filter((item) => !item.refuses)},
        ];
    }

    /** Ask again whenever the record was saved or loaded. */
    async load(record) {
        // What is read here is what the observer waits for.
        const {resId, dirty, data} = record;
        this.state.isDraft = data.state === "draft";
        if (!resId || !(this.state.isDraft || SUBMITTED.includes(data.state))) {
            this.state.items = [];
        } else if (!dirty) {
            this.state.items = await this.orm.silent.call(
                "crm.contract.checklist",
                "get_items",
                [resId],
            );
        }
    }

    async open(item) {
        const {record} = this.props;
        if (item.model === record.resModel && item.id === record.resId) {
            return this.reveal(item.field);
        }
        if (!(await record.save())) {
            return;
        }
        await this.action.doAction(
            {
                type: "ir.actions.act_window",
                name: item.label,
                res_model: item.model,
                res_id: item.id,
                views: [[false, "form"]],
                target: "new",
            },
            {onClose: () => record.load()},
        );
        const form = await this.find(document, ".modal .o_form_view");
        const pages = form?.querySelectorAll(".o_notebook a.nav-link") || [];
        await this.focus(form, item.field, [...pages]);
    }

    /** Turn to the page of a field of this form, and put the cursor there. */
    async reveal(name) {
        const form = this.root.el.closest(".o_form_view");
        const nodes = [...this.env.config.viewArch.querySelectorAll("page[name]")];
        const tabs = nodes
            .filter((page) => page.querySelector(`field[name="${name}"]`))
            .map((page) => page.getAttribute("name"))
            .map((page) => form.querySelector(`.o_notebook a.nav-link[name="${page}"]`))
            .filter(Boolean);
        await this.focus(form, name, tabs);
    }

    async focus(form, name, tabs) {
        let field = form && (await this.find(form, `.o_field_widget[name="${name}"]`));
        for (const tab of tabs) {
            if (field) {
                break;
            }
            tab.click();
            field = await this.find(form, `.o_field_widget[name="${name}"]`);
        }
        field?.scrollIntoView({block: "center"});
        field?.querySelector("input, textarea, select, a, button")?.focus();
    }

    /** Return an element that the page may be drawing right now, if it comes. */
    async find(root, selector) {
        for (let frame = 0; frame < FRAMES; frame++) {
            const element = root.querySelector(selector);
            if (element) {
                return element;
            }
            await new Promise((resolve) => requestAnimationFrame(resolve));
        }
        return null;
    }
}

export const contractChecklist = {
    component: ContractChecklist,
    fieldDependencies: [{name: "state", type: "selection"}],
};

registry.category("view_widgets").add("crm_contract_checklist", contractChecklist);
