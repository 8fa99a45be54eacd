import {Component, useState} from "@odoo/owl";

import {registry} from "@web/core/registry";
import {session} from "@web/session";
import {useBus, useService} from "@web/core/utils/hooks";

/** Number of contracts that wait for the user's decision, in the menu bar. */
export class ApprovalMenu extends Component {
    static props = [];
    static template = "crm_contract_approval.ApprovalMenu";

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({count: session.contract_approval_count || 0});
        useBus(this.env.bus, "ACTION_MANAGER:UI-UPDATED", () => this.refresh());
    }

    /** Count anew where a decision may have changed the number. */
    async refresh() {
        const {action} = this.action.currentController || {};
        if (!(action?.res_model || "").startsWith("crm.contract")) {
            return;
        }
        this.state.count = await this.orm.silent.call(
            "crm.contract.approval.task",
            "get_my_count",
            [],
        );
    }

    open() {
        this.action.doAction(
            "crm_contract_approval.crm_contract_approval_task_action_mine",
            {clearBreadcrumbs: true},
        );
    }
}

registry
    .category("systray")
    .add(
        "crm_contract_approval.ApprovalMenu",
        {Component: ApprovalMenu},
        {sequence: 22},
    );
