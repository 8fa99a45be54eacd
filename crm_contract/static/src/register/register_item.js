import {Component} from "@odoo/owl";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {download} from "@web/core/network/download";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {STATIC_ACTIONS_GROUP_NUMBER} from "@web/search/action_menus/action_menus";

/** The register of the contracts that a list or kanban shows, or that are selected. */
export class ContractRegisterItem extends Component {
    static template = "crm_contract.RegisterItem";
    static components = {DropdownItem};
    static props = {};

    async onSelected() {
        const selection = this.env.model?.root?.selection || [];
        await download({
            url: "/crm_contract/register",
            data: {
                domain: JSON.stringify(this.env.searchModel.domain),
                ids: JSON.stringify(selection.map((record) => record.resId)),
                company_ids: JSON.stringify(user.activeCompanies.map(({id}) => id)),
            },
        });
    }
}

registry.category("cogMenu").add(
    "contract-register",
    {
        Component: ContractRegisterItem,
        groupNumber: STATIC_ACTIONS_GROUP_NUMBER,
        isDisplayed: async (env) =>
            ["kanban", "list"].includes(env.config.viewType) &&
            env.searchModel?.resModel === "crm.contract" &&
            (await user.hasGroup("base.group_allow_export")),
    },
    {sequence: 11},
);
