import {registry} from "@web/core/registry";

import {
    PATIENCE,
    hasState,
    press,
    pressClass,
    turnTo,
} from "@crm_contract/../tests/tours/steps";

const tours = registry.category("web_tour.tours");

tours.add("crm_contract_amend", {
    steps: () => [
        {trigger: ".o_contract_figure_value", ...PATIENCE},
        press("action_amend"),
        {
            trigger: ".modal [name=reason] textarea, .modal [name=reason] input",
            run: "edit A second site",
        },
        press("action_amend", ".modal"),
        hasState("draft"),
        turnTo("content"),
        {
            trigger: "[name=line_ids] .o_data_row:first td[name=price_unit]",
            run: "click",
        },
        {
            trigger: "[name=line_ids] .o_selected_row [name=price_unit] input",
            run: "edit 120",
        },
        {trigger: ".o_form_button_save:visible", run: "click"},
        turnTo("overview"),
        {trigger: ".o_contract_figure_effect:contains(240)", ...PATIENCE},
        {trigger: "[name=difference]:contains(120)", ...PATIENCE},
    ],
});

tours.add("crm_contract_renew", {
    steps: () => [
        {trigger: ".o_contract_events li", ...PATIENCE},
        pressClass("o_contract_decide_renewal"),
        {
            trigger: ".modal [name=decision] input[data-value=renew]",
            run: "click",
        },
        press("action_decide", ".modal"),
        // The decision leads on to its renewal.
        press("action_renew", ".modal"),
        hasState("draft"),
        {trigger: ".o_contract_overview", ...PATIENCE},
    ],
});
