import {registry} from "@web/core/registry";

import {PATIENCE, press, pressClass, turnTo} from "@crm_contract/../tests/tours/steps";

registry.category("web_tour.tours").add("crm_contract_approve", {
    steps: () => [
        // Who has to decide finds the page on it first, and open.
        {
            trigger:
                ".o_notebook .nav-item:first-child .nav-link.active[name=approval_mine]",
            ...PATIENCE,
        },
        {trigger: "[name=approval_task_ids] .o_data_row:contains(Legal)", ...PATIENCE},
        turnTo("overview"),
        // Whose turn it is stands on the first page of the others.
        {
            trigger: ".o_contract_duties li:contains(contract_lawyer):contains(Legal)",
            ...PATIENCE,
        },
        pressClass("o_contract_approve"),
        press("action_decide", ".modal"),
        {trigger: "body:not(:has(.modal))", ...PATIENCE},
        turnTo("overview"),
        {
            trigger:
                ".o_contract_duties li:contains(contract_boss):contains(Executive)",
            ...PATIENCE,
        },
        turnTo("approval"),
        {trigger: "[name=approval_task_ids] .o_data_row", ...PATIENCE},
    ],
});
