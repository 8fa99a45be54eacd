import {registry} from "@web/core/registry";

import {PATIENCE, press, pressClass, turnTo} from "@crm_contract/../tests/tours/steps";

registry.category("web_tour.tours").add("crm_contract_approve", {
    steps: () => [
        // Whose turn it is stands on the first page.
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
